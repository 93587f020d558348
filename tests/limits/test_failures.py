"""Failures that are forgotten one by one: as a model without bounds would count them."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quitclaim.limits.failures import Failures

KEYS = st.sampled_from(["a", "b", "c", "d", "e"])
STEPS = st.lists(st.tuples(KEYS, st.integers(0, 25)), max_size=60)
FORGOTTEN_AFTER = 10.0


class Model:
    """The same without bounds: of each key, when each of its failures is forgotten."""

    def __init__(self) -> None:
        self.forgotten: dict[str, list[float]] = {}

    def add(self, key: str, now: float) -> None:
        """One more: it is forgotten after those before it."""
        times = self.forgotten.setdefault(key, [])
        times.append(max([now, *times[-1:]]) + FORGOTTEN_AFTER)

    def count(self, key: str, now: float) -> int:
        """Those that are not."""
        return sum(time > now for time in self.forgotten.get(key, ()))


@given(STEPS)
def test_it_counts_as_a_model_without_bounds_does(steps: list[tuple[str, int]]) -> None:
    failures: Failures[str] = Failures(forgotten_after=FORGOTTEN_AFTER, most=100)
    model = Model()
    now = 1_000_000.0
    for key, passed in steps:
        now += passed
        failures.add(key, now=now)
        model.add(key, now)
        for one in "abcde":
            assert failures.count(one, now=now) == model.count(one, now)


@given(STEPS)
def test_the_one_that_goes_is_the_one_that_would_be_forgotten_first(steps: list[tuple[str, int]]) -> None:
    failures: Failures[str] = Failures(forgotten_after=FORGOTTEN_AFTER, most=2)
    kept: dict[str, float] = {}
    now = 0.0
    for key, passed in steps:
        now += passed
        if key not in kept:
            # Those that are forgotten are gone, or may be: nobody sees the difference.
            kept = {one: time for one, time in kept.items() if time > now}
            if len(kept) == 2:
                del kept[min(kept, key=lambda one: (kept[one], one))]
        failures.add(key, now=now)
        kept[key] = max(kept.get(key, now), now) + FORGOTTEN_AFTER
        assert len(failures) <= 2
        for one in "abcde":
            expected = max(0, ceil((kept.get(one, now) - now) / FORGOTTEN_AFTER))
            assert failures.count(one, now=now) == expected


@given(STEPS, st.integers(1, 4))
def test_who_inherits_has_never_less_than_a_model_without_bounds_up_to_what_is_inherited(
    steps: list[tuple[str, int]], most: int
) -> None:
    failures: Failures[str] = Failures(forgotten_after=FORGOTTEN_AFTER, most=most, inherited=5)
    model = Model()
    now = 0.0
    for key, passed in steps:
        now += passed
        assert failures.count(key, now=now) >= min(5, model.count(key, now))
        failures.add(key, now=now)
        model.add(key, now)
        assert len(failures) <= most
        # Too many it may have, but no more than all of them shared out.
        assert failures.count(key, now=now) <= model.count(key, now) + ceil(len(steps) / most)


def test_a_failure_that_was_none_is_forgotten_at_once() -> None:
    failures: Failures[str] = Failures(forgotten_after=FORGOTTEN_AFTER, most=2)
    for _ in range(3):
        failures.add("a", now=0.0)
    failures.take_back("a")
    assert failures.count("a", now=0.0) == 2
    failures.take_back("nobody")
    assert len(failures) == 1


def test_what_is_taken_back_and_forgotten_leaves_nothing_behind() -> None:
    failures: Failures[str] = Failures(forgotten_after=FORGOTTEN_AFTER, most=1_000)
    for number in range(100):
        failures.add(f"{number}", now=0.0)
        failures.take_back(f"{number}")
    for number in range(100):
        failures.add(f"another {number}", now=100.0 + 20 * number)
    assert len(failures) < 3


@pytest.mark.parametrize("inherited", [0, 19])
def test_a_key_with_many_failures_is_not_pushed_out_by_keys_with_few(inherited: int) -> None:
    failures: Failures[str] = Failures(forgotten_after=FORGOTTEN_AFTER, most=100, inherited=inherited)
    for _ in range(20):
        failures.add("the one", now=0.0)
    for number in range(1_000 if not inherited else 100 * 18):
        failures.add(f"{number}", now=0.0)
    assert failures.count("the one", now=0.0) == 20


def test_when_all_is_to_be_mended_nobody_waits_for_it_and_there_are_little_too_many() -> None:
    failures: Failures[str] = Failures(forgotten_after=FORGOTTEN_AFTER, most=1_000)
    for number in [*range(1_000)] * 2:
        failures.add(f"{number}", now=0.0)
    most = 0
    for number in range(1_000, 3_000):
        failures.add(f"{number}", now=0.0)
        most = max(most, len(failures))
    assert 1_000 < most <= 1_000 + 1_000 / 7
    assert len(failures) == 1_000
