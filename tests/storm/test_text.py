"""The report as a reader gets it, and as JSON."""

from __future__ import annotations

import json

from quitclaim.storm import as_dict, storm, text

GUESSED = "guess"


def test_a_report_says_what_was_expected_and_what_came(address: str) -> None:
    first, expected, unexpected, rate, latency = text(
        storm(address, username="user", attempts=6, connections=2, per_connection=3)
    ).splitlines()
    assert first == (
        f"6 attempts at {address} with a wrong password, up to 2 connections at once and 3 on each: done"
    )
    assert expected == "  6 as expected (denied)"
    assert unexpected == "  0 not as expected"
    assert "attempts/s" in rate
    assert all(name in latency for name in ("p50", "p90", "p99", "p99.9", "max"))


def test_a_surprise_is_named(address: str) -> None:
    report = storm(address, username="user", password=GUESSED, mode="mixed", attempts=4)
    assert "2 not as expected: 2 denied with the right password" in text(report)


def test_a_storm_without_an_attempt_has_a_text_too(silent_address: str) -> None:
    report = storm(silent_address, username="user", timeout=0.04, total_timeout=0.01)
    assert text(report).splitlines()[0].startswith("0 attempts")


def test_where_nobody_listens_it_says_so_and_times_nothing(deaf_address: str) -> None:
    assert text(storm(deaf_address, username="user", attempts=3)).splitlines()[1:] == [
        "  0 as expected (denied)",
        "  3 not as expected: 3 not connected",
        f"  nobody listens at {deaf_address}",
    ]


def test_a_report_can_be_json(address: str) -> None:
    report = json.loads(json.dumps(as_dict(storm(address, username="user", attempts=3))))
    assert (report["attempts"], report["outcomes"]["wrong password"]["denied"]) == (3, 3)
    assert report["latency"].keys() == {"p50", "p90", "p99", "p99.9", "max"}
