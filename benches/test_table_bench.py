"""Churn and storm through the Python table, beside what one writes without it, on 1 thread and on 4.

On one thread each measured call does 1,000 operations, so what the tables give in µs is nanoseconds an
operation; on four it does 160,000, which is long enough for the threads to meet.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import pytest
from benches import table_contenders as tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from benches.table_contenders import Contender

OPERATIONS = 1_000
THREADS = 4
EACH = 40_000  # a thread: longer than the interpreter lets one run before the next

CHURN = pytest.mark.benchmark(group="churn: acquire, look up, look up, free")
CHURN_BY_STEPS = pytest.mark.benchmark(
    group="churn by steps: acquire, call with value, call with value, free"
)
STORM = pytest.mark.benchmark(group="storm: acquire, call with value, a call that raises, freed")
CHURN_ON_FOUR = pytest.mark.benchmark(group="churn on 4 threads (alone: as many operations on 1)")
STORM_ON_FOUR = pytest.mark.benchmark(group="storm on 4 threads (alone: as many operations on 1)")


@CHURN
def test_churn_quitclaim(benchmark: Benchmark) -> None:
    measure(benchmark, tables.churn_in_quitclaim())


@CHURN
def test_churn_dict(benchmark: Benchmark) -> None:
    measure(benchmark, tables.churn_in_dict())


@CHURN
def test_churn_weak_values(benchmark: Benchmark) -> None:
    measure(benchmark, tables.churn_in_weak_dict())


@CHURN
def test_churn_locked_class(benchmark: Benchmark) -> None:
    measure(benchmark, tables.churn_in_locked_class())


@CHURN
def test_churn_leased_class(benchmark: Benchmark) -> None:
    measure(benchmark, tables.churn_in_leased_class())


@CHURN_BY_STEPS
def test_churn_by_steps_quitclaim(benchmark: Benchmark) -> None:
    measure(benchmark, tables.churn_by_steps_in_quitclaim())


@CHURN_BY_STEPS
def test_churn_by_steps_dict(benchmark: Benchmark) -> None:
    measure(benchmark, tables.churn_by_steps_in_dict())


@CHURN_BY_STEPS
def test_churn_by_steps_locked_class(benchmark: Benchmark) -> None:
    measure(benchmark, tables.churn_by_steps_in_locked_class())


@STORM
def test_storm_quitclaim(benchmark: Benchmark) -> None:
    measure(benchmark, tables.storm_in_quitclaim())


@STORM
def test_storm_dict(benchmark: Benchmark) -> None:
    measure(benchmark, tables.storm_in_dict())


@STORM
def test_storm_weak_values(benchmark: Benchmark) -> None:
    measure(benchmark, tables.storm_in_weak_dict())


@STORM
def test_storm_locked_class(benchmark: Benchmark) -> None:
    measure(benchmark, tables.storm_in_locked_class())


@STORM
def test_storm_leased_class(benchmark: Benchmark) -> None:
    measure(benchmark, tables.storm_in_leased_class())


@CHURN_ON_FOUR
def test_churn_on_four_quitclaim(benchmark: Benchmark) -> None:
    measure_on_four(benchmark, tables.churn_in_quitclaim())


@CHURN_ON_FOUR
def test_churn_on_four_quitclaim_alone(benchmark: Benchmark) -> None:
    measure_alone(benchmark, tables.churn_in_quitclaim())


@CHURN_ON_FOUR
def test_churn_on_four_dict(benchmark: Benchmark) -> None:
    measure_on_four(benchmark, tables.churn_in_dict())


@CHURN_ON_FOUR
def test_churn_on_four_weak_values(benchmark: Benchmark) -> None:
    measure_on_four(benchmark, tables.churn_in_weak_dict())


@CHURN_ON_FOUR
def test_churn_on_four_locked_class(benchmark: Benchmark) -> None:
    measure_on_four(benchmark, tables.churn_in_locked_class())


@CHURN_ON_FOUR
def test_churn_on_four_leased_class(benchmark: Benchmark) -> None:
    measure_on_four(benchmark, tables.churn_in_leased_class())


@STORM_ON_FOUR
def test_storm_on_four_quitclaim(benchmark: Benchmark) -> None:
    measure_on_four(benchmark, tables.storm_in_quitclaim())


@STORM_ON_FOUR
def test_storm_on_four_quitclaim_alone(benchmark: Benchmark) -> None:
    measure_alone(benchmark, tables.storm_in_quitclaim())


@STORM_ON_FOUR
def test_storm_on_four_dict(benchmark: Benchmark) -> None:
    measure_on_four(benchmark, tables.storm_in_dict())


@STORM_ON_FOUR
def test_storm_on_four_locked_class(benchmark: Benchmark) -> None:
    measure_on_four(benchmark, tables.storm_in_locked_class())


@STORM_ON_FOUR
def test_storm_on_four_leased_class(benchmark: Benchmark) -> None:
    measure_on_four(benchmark, tables.storm_in_leased_class())


class Benchmark(Protocol):
    """pytest-benchmark's fixture, as used here."""

    enabled: bool

    def __call__(self, run: Callable[[int], None], operations: int, /) -> None:
        """Measures it."""


def measure(benchmark: Benchmark, contender: Contender) -> None:
    """Measures a contender that must leave nothing behind."""
    benchmark(contender.seat(), OPERATIONS)
    assert contender.live() == 0


def measure_alone(benchmark: Benchmark, contender: Contender) -> None:
    """Measures what four threads do, done by one of its own."""

    def run(operations: int) -> None:
        thread = threading.Thread(target=lambda: contender.seat()(operations))
        thread.start()
        thread.join()

    benchmark(run, THREADS * each(benchmark))
    assert contender.live() == 0


def measure_on_four(benchmark: Benchmark, contender: Contender) -> None:
    """Measures four threads that share a table, each with a way in of its own."""

    def run(operations: int) -> None:
        threads = [threading.Thread(target=lambda: contender.seat()(operations)) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    benchmark(run, each(benchmark))
    assert contender.live() == 0


def each(benchmark: Benchmark) -> int:
    """Operations of a thread: a few, if only to see that it works."""
    return EACH if benchmark.enabled else OPERATIONS
