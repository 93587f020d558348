"""Ratios to the dict, group by group, after pytest-benchmark's own tables."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence


class Measured(TypedDict):
    """One benchmark's results, as used here; times in seconds."""

    name: str
    min: float
    q1: float
    median: float
    q3: float


if TYPE_CHECKING:
    Groups = Sequence[tuple[str | None, Sequence[Measured]]]


@pytest.hookimpl(wrapper=True)
def pytest_benchmark_group_stats(config: pytest.Config) -> Generator[None, Groups, Groups]:
    """Keeps the groups as pytest-benchmark shows them."""
    groups = yield
    config.stash[GROUPS] = groups
    return groups


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints machine and ratios."""
    groups = config.stash.get(GROUPS, ())
    if not groups:
        return
    terminalreporter.section("ratios to the dict: of medians (of opposite quartiles), of minima")
    terminalreporter.write_line(machine())
    for name, benchmarks in groups:
        terminalreporter.write_line(f"\n{name}")
        for line in ratios(benchmarks):
            terminalreporter.write_line(f"  {line}")


def ratios(benchmarks: Sequence[Measured]) -> list[str]:
    """A line for each benchmark of a group; the spread is the widest that the quartiles of both allow."""
    base = next(benchmark for benchmark in benchmarks if benchmark["name"].endswith(BASELINE))
    return [
        f"{this['name']:<36}{this['median'] / base['median']:6.2f}"
        f"  ({this['q1'] / base['q3']:.2f} to {this['q3'] / base['q1']:.2f})"
        f"  {this['min'] / base['min']:.2f}"
        for this in benchmarks
    ]


def machine() -> str:
    """What the figures were had on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    processor = next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), "unknown")
    load = os.getloadavg()[0]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{processor}, {os.cpu_count()} cores; {python}; load {load:.2f} at the end"


BASELINE = "_dict"
GROUPS = pytest.StashKey["Groups"]()
