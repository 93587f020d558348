"""The goals are read off the figures as they are meant."""

from __future__ import annotations

from benches.table_goals import Goal, Python, Ratio, Rust, ratios_of_peers

CHURN = ("churn", 1)


def cell(contender: str, rounds: list[float]) -> dict[str, object]:
    return {"workload": "churn", "threads": 1, "contender": contender, "rounds": rounds}


def measured(name: str, q1: float, median: float, q3: float) -> dict[str, object]:
    return {"name": name, "stats": {"q1": q1, "median": median, "q3": q3}}


def test_a_ratio_is_taken_within_a_round() -> None:
    rust = Rust([cell("quitclaim", [2.0, 20.0]), cell("a peer", [3.0, 30.0])])
    assert rust.ratio("a peer", CHURN) == Ratio(1.5, 1.5, 1.5)


def test_the_best_peer_is_neither_ours_nor_a_floor_nor_the_one_left_out() -> None:
    names = ("quitclaim", "floor: 2 CAS", "nearest", "other", "slow")
    rust = Rust([cell(name, [rank]) for rank, name in enumerate(names, start=1)])
    assert rust.best_peer(CHURN) == "nearest"
    assert rust.best_peer(CHURN, but="nearest") == "other"


def test_a_goal_from_below_is_met_at_its_bound() -> None:
    assert Ratio(1.25, 1.1, 1.3).at_least("churn", 1.25) == Goal(
        "churn", "1.25 (1.10 to 1.30)", "≥ 1.25", met=True
    )
    assert not Ratio(1.24, 1.1, 1.3).at_least("churn", 1.25).met


def test_a_goal_from_above_is_met_at_its_bound() -> None:
    assert Ratio(2.0, 1.9, 2.2).at_most("churn", 2.0).met
    assert not Ratio(2.1, 1.9, 2.2).at_most("churn", 2.0).met


def test_pythons_spread_is_that_of_opposite_quartiles() -> None:
    python = Python([measured("ours", 3.0, 4.0, 5.0), measured("dict", 2.0, 2.0, 2.5)])
    assert python.ratio("ours", "dict") == Ratio(2.0, 1.2, 2.5)


def test_the_readmes_table_has_no_cell_for_what_was_not_measured() -> None:
    columns = [("churn", 1), ("churn", 2), ("churn", 4), ("storm of owners", 1), ("storm of owners", 4)]
    columns += [("handover", 2), ("look-ups", 4), ("one call: p99.9", 4), ("a million live: acquire", 1)]
    columns += [("a million live: walk of handle and value", 1), ("a million live: memory", 1)]
    cells = [cell("quitclaim", [2.0]) | {"workload": name, "threads": threads} for name, threads in columns]
    table = ratios_of_peers(Rust([*cells, cell("a peer", [3.0])]))
    assert table.splitlines()[-1] == "| `a peer` | 1.50 |" + "  |" * 10
