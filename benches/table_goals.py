"""The table's figures beside the design's goals: reads what the benches wrote, prints one Markdown table.

`make bench-table` runs it after the benches. A ratio is that of the same round, in Rust: the median of all
rounds, and p10 to p90. Python's are of medians, and of opposite quartiles.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

__all__ = ("Goal", "Python", "Ratio", "Rust", "goals_in_python", "goals_in_rust", "main", "ratios_of_peers")


def main() -> None:
    """Prints the table, and writes it with `--json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rust", type=Path, help="what `cargo bench … -- --json` wrote")
    parser.add_argument("python", type=Path, nargs="?", help="what `pytest --benchmark-json` wrote")
    parser.add_argument("--json", type=Path, help="where to write the goals and all figures")
    parser.add_argument("--ratios", action="store_true", help="print the table of the crate's README instead")
    arguments = parser.parse_args()
    rust_report = json.loads(arguments.rust.read_text("utf-8"))
    rust = Rust(rust_report["cells"])
    if arguments.ratios:
        sys.stdout.write(ratios_of_peers(rust))
        return
    goals = goals_in_rust(rust)
    python_report = None
    if arguments.python:
        python_report = json.loads(arguments.python.read_text("utf-8"))
        goals += goals_in_python(Python(python_report["benchmarks"]))
    machine = rust_report["machine"]
    sys.stdout.write(
        f"{machine['processor']}, {machine['cores']} cores, load {machine['load']} at the start; "
    )
    sys.stdout.write(f"Linux {machine['kernel']}, {machine['rustc']}\n\n")
    overlap = rust.between((("churn", 2), OURS), (("churn", 1), OURS))
    sys.stdout.write(
        f"Our churn on 2 threads over 1: {overlap}. 0.5 is two free cores; towards 1 somebody else had\n"
    )
    sys.stdout.write("the other core, threads did not meet, and the run says nothing about contention.\n\n")
    sys.stdout.write("| | figure (p10 to p90) | goal | |\n|---|---|---|---|\n")
    for goal in goals:
        verdict = "met" if goal.met else "**not met**"
        sys.stdout.write(f"| {goal.what} | {goal.figure} | {goal.goal} | {verdict} |\n")
    if arguments.json:
        figures = {"goals": [asdict(goal) for goal in goals], "rust": rust_report, "python": python_report}
        arguments.json.write_text(json.dumps(figures, indent=1), "utf-8")


@dataclass(frozen=True, slots=True)
class Goal:
    """A line of the table."""

    what: str
    figure: str
    goal: str
    met: bool


class Ratio(NamedTuple):
    """The middle of some ratios, and where all but the outer tenths of them lie."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"

    def at_least(self, what: str, bound: float) -> Goal:
        """A goal whose ratio is a peer's time over ours.

        Example:
            >>> Ratio(1.8, 1.7, 1.9).at_least("churn", 1.7).met
            True
        """
        return Goal(what, str(self), f"≥ {bound}", met=self.median >= bound)

    def at_most(self, what: str, bound: float) -> Goal:
        """A goal whose ratio is our time over another.

        Example:
            >>> Ratio(1.8, 1.7, 1.9).at_most("churn", 1.7).met
            False
        """
        return Goal(what, str(self), f"≤ {bound}", met=self.median <= bound)


Workload: TypeAlias = tuple[str, int]


class Rust:
    """Figures of every round, by workload and threads, and contender."""

    def __init__(self, cells: list[dict[str, object]]) -> None:
        """Sorts the report's cells."""
        self._rounds: dict[Workload, dict[str, list[float]]] = {}
        for cell in cells:
            workload, threads, contender, rounds = (
                cell[key] for key in ("workload", "threads", "contender", "rounds")
            )
            if not (isinstance(workload, str) and isinstance(threads, int) and isinstance(contender, str)):
                raise TypeError(cell)
            if not isinstance(rounds, list):
                raise TypeError(cell)
            self._rounds.setdefault((workload, threads), {})[contender] = rounds

    def ratio(self, other: str, workload: Workload) -> Ratio:
        """Another's figure over ours, round by round."""
        return self.between((workload, other), (workload, OURS))

    def between(self, above: tuple[Workload, str], below: tuple[Workload, str]) -> Ratio:
        """One cell's figures over another's, round by round."""
        rounds = zip(self._of(*above), self._of(*below), strict=True)
        return summary([one / other for one, other in rounds])

    def best_peer(self, workload: Workload, *, but: str = "") -> str:
        """Whoever of the peers has the least median; floors are none."""
        group = self._rounds[workload]
        peers = [
            name for name in group if name not in (OURS, but) and not name.startswith("floor") and group[name]
        ]
        return min(peers, key=lambda name: statistics.median(group[name]))

    def contenders(self, workload: Workload) -> list[str]:
        """All who took part, as the report has them."""
        return list(self._rounds[workload])

    def _of(self, workload: Workload, contender: str) -> list[float]:
        return self._rounds[workload][contender]


class Python:
    """Figures of pytest-benchmark, by the test's name."""

    def __init__(self, benchmarks: list[dict[str, object]]) -> None:
        """Sorts the report's benchmarks."""
        self._stats: dict[str, dict[str, float]] = {}
        for benchmark in benchmarks:
            name, stats = benchmark["name"], benchmark["stats"]
            if not (isinstance(name, str) and isinstance(stats, dict)):
                raise TypeError(benchmark)
            self._stats[name] = stats

    def ratio(self, above: str, below: str) -> Ratio:
        """One test's time over another's; the spread is the widest that the quartiles of both allow."""
        one, other = self._stats[above], self._stats[below]
        return Ratio(one["median"] / other["median"], one["q1"] / other["q3"], one["q3"] / other["q1"])


def goals_in_rust(rust: Rust) -> list[Goal]:
    """The design's rows for the crate, in its order."""
    goals: list[Goal] = []
    for threads in (1, 2, 4):
        churn = ("churn", threads)
        nearest, others = (1.7, 1.25) if threads == 1 else (1.8, 4.0)
        goals.append(rust.ratio(SLAB, churn).at_least(f"{called(churn)}: `{SLAB}`", nearest))
        if threads == 1:
            best = rust.best_peer(churn)
            goals.append(
                rust.ratio(best, churn).at_least(f"{called(churn)}: the best peer, `{best}`", others)
            )
            floor = rust.between((churn, OURS), (churn, FLOOR))
            goals.append(floor.at_most(f"{called(churn)}: ours over the two-CAS floor (stretch)", 1.6))
        else:
            goals.append(rust.ratio(SLAB, churn).at_least(f"{called(churn)}: `{SLAB}` (stretch)", 2.2))
            best = rust.best_peer(churn, but=SLAB)
            goals.append(
                rust.ratio(best, churn).at_least(f"{called(churn)}: the best other peer, `{best}`", others)
            )
    call = ("one call: p99.9", 4)
    tail = rust.between((call, OURS), (call, FLOOR))
    goals.append(tail.at_most(f"{called(call)}: ours over the two-CAS floor", 2.0))
    for threads in (1, 2, 4):
        owners, lasting = ("storm of owners", threads), ("storm", threads)
        own = rust.between((owners, OURS), (lasting, OURS))
        goals.append(own.at_most(f"{called(owners)}: ours over the storm on a lasting owner", 2.0))
        goals.append(beside_best(rust, owners, 1.2))
    goals.append(beside_best(rust, ("handover", 2), 1.8))
    goals.append(beside_best(rust, ("look-ups", 4), 1.2))
    goals.append(beside_best(rust, ("a million live: acquire", 1), 1.0))
    goals.append(beside_best(rust, ("a million live: walk of handle and value", 1), 1.0))
    memory = ("a million live: memory", 1)
    best = rust.best_peer(memory)
    octets = rust.between((memory, OURS), (memory, best))
    goals.append(octets.at_most(f"{called(memory)}: ours over the best peer's, `{best}`", 1.08))
    return goals


def goals_in_python(python: Python) -> list[Goal]:
    """The design's row for the binding."""
    churn, storm = "test_churn_quitclaim", "test_storm_quitclaim"
    goals = [
        python.ratio(churn, "test_churn_dict").at_most(
            "Python churn: ours over a bare dict + itertools.count", 2.0
        ),
        python.ratio("test_churn_leased_class", churn).at_least(
            "Python churn: a class with lock, capacity and leases", 4.0
        ),
        python.ratio(storm, "test_storm_dict").at_most(
            "Python storm by `step`: ours over dict and try/except by hand", 1.8
        ),
    ]
    for workload in ("churn", "storm"):
        four = f"test_{workload}_on_four_quitclaim"
        goals.append(
            python.ratio(four, f"{four}_alone").at_most(f"Python {workload}: 4 threads over 1", 1.15)
        )
    return goals


def ratios_of_peers(rust: Rust) -> str:
    """A Markdown table: how many times what we take each contender takes."""
    columns = {
        "churn: 1": ("churn", 1),
        "2 threads": ("churn", 2),
        "4 threads": ("churn", 4),
        "storm: 1": ("storm of owners", 1),
        "on 4 threads": ("storm of owners", 4),
        "handover": ("handover", 2),
        "look-ups: 4": ("look-ups", 4),
        "p99.9: 4": ("one call: p99.9", 4),
        "1 M: acquire": ("a million live: acquire", 1),
        "walk": ("a million live: walk of handle and value", 1),
        "octets": ("a million live: memory", 1),
    }
    lines = [f"| | {' | '.join(columns)} |", "|---|" + "--:|" * len(columns)]
    for contender in rust.contenders(("churn", 1)):
        if contender == OURS:
            continue
        cells = [
            f"{rust.ratio(contender, workload).median:.2f}" if contender in rust.contenders(workload) else ""
            for workload in columns.values()
        ]
        lines.append(f"| `{contender}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def beside_best(rust: Rust, workload: Workload, bound: float) -> Goal:
    """A goal that is about the best peer's time over ours."""
    best = rust.best_peer(workload)
    return rust.ratio(best, workload).at_least(f"{called(workload)}: the best peer, `{best}`", bound)


def called(workload: Workload) -> str:
    """How the table names a workload."""
    name, threads = workload
    return f"{name}, {threads} thread{'' if threads == 1 else 's'}"


def summary(ratios: list[float]) -> Ratio:
    """The middle and the spread of at least one ratio."""
    if len(ratios) == 1:
        return Ratio(ratios[0], ratios[0], ratios[0])
    tenths = statistics.quantiles(ratios, n=10, method="inclusive")
    return Ratio(statistics.median(ratios), tenths[0], tenths[-1])


OURS = "quitclaim"
SLAB = "sharded-slab 0.1.7"
FLOOR = "floor: 2 CAS"

if __name__ == "__main__":
    main()
