"""Storms from Python: what is counted, what is refused, and how they are stopped."""

from __future__ import annotations

import os
import pickle
import resource
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from quitclaim.storm import storm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RIGHT = "secret"
GUESSED = "guess"


def test_wrong_passwords_are_denied(address: str) -> None:
    report = storm(address, username="user", password=RIGHT, attempts=20, connections=4)
    assert (report.attempts, report.expected, report.unexpected) == (20, 20, 0)
    assert report.outcomes["wrong password"]["denied"] == 20


def test_right_passwords_log_in_and_out(address: str) -> None:
    report = storm(address, username="user{}", password=RIGHT, mode="ok", attempts=20, connections=4)
    assert (report.expected, report.outcomes["right password"]["logged in"]) == (20, 20)


def test_a_mixed_storm_is_half_and_half(address: str) -> None:
    report = storm(address, username="user{}", password=RIGHT, mode="mixed", attempts=20, connections=4)
    counted = report.outcomes["wrong password"]["denied"], report.outcomes["right password"]["logged in"]
    assert counted == (10, 10)


def test_a_good_login_with_a_password_that_is_not_right_is_not_as_expected(address: str) -> None:
    report = storm(address, username="user", password=GUESSED, mode="ok", attempts=3)
    assert (report.unexpected, report.outcomes["right password"]["denied"]) == (3, 3)


def test_several_attempts_can_share_a_connection(address: str) -> None:
    report = storm(address, username="user", attempts=20, connections=2, per_connection=5)
    assert report.expected == 20


def test_latencies_rise_from_the_median_to_the_longest(address: str) -> None:
    latency = storm(address, username="user", attempts=20).latency
    assert list(latency) == ["p50", "p90", "p99", "p99.9", "max"]
    assert list(latency.values()) == sorted(latency.values())


def test_what_is_not_answered_has_no_latency(deaf_address: str) -> None:
    report = storm(deaf_address, username="user", attempts=5)
    assert (report.outcomes["wrong password"]["not connected"], report.latency) == (5, {})


def test_a_silent_server_times_out(silent_address: str) -> None:
    report = storm(silent_address, username="user", attempts=2, timeout=0.02)
    assert report.outcomes["wrong password"]["timed out"] == 2


def test_a_storm_ends_when_its_time_is_over(silent_address: str) -> None:
    report = storm(silent_address, username="user", attempts=2, timeout=0.04, total_timeout=0.01)
    assert (report.ending, report.attempts) == ("out of time", 0)


@pytest.mark.parametrize(
    "address", ["192.0.2.1:110", "mail.example.org:110", "0.0.0.0:110", "[2001:db8::1]:110"]
)
def test_another_machine_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        storm(address, username="user")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"mode": "good"}, "mode"),
        ({"connections": 0}, "connections"),
        ({"connections": 4097}, "connections"),
        ({"attempts": -1}, "attempts"),
        ({"attempts": 2**70}, "attempts"),
        ({"per_connection": 2, "mode": "ok"}, "connection"),
        ({"per_connection": 2**32 + 1}, "connection"),
        ({"timeout": 0}, "time-out"),
        ({"timeout": float("nan")}, "timeout"),
        ({"total_timeout": -1.0}, "total_timeout"),
        ({"username": ""}, "user name"),
        ({"domain": "A\nB"}, "domain"),
    ],
)
def test_what_is_out_of_range_is_named(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        storm("localhost:110", **{"username": "user", **arguments})


def test_an_endless_time_out_is_none(address: str) -> None:
    assert storm(address, username="user", attempts=2, total_timeout=float("inf")).ending == "done"


def test_progress_ends_with_all_that_was_done(address: str) -> None:
    told: list[tuple[int, int, int]] = []

    def progress(done: int, expected: int, unexpected: int) -> None:
        told.append((done, expected, unexpected))

    storm(address, username="user", attempts=20, progress=progress)
    assert told[-1] == (20, 20, 0)


def test_what_progress_raises_ends_the_storm(silent_address: str) -> None:
    def progress(*_: int) -> None:
        message = "enough"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="enough"):
        storm(silent_address, username="user", progress=progress)


def test_more_connections_than_the_process_may_have_are_refused(
    in_child: Callable[[Callable[[], str]], str],
) -> None:
    def storm_in_a_small_process() -> str:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        try:
            return str(storm("localhost:110", username="user", connections=64))
        except OSError as error:
            return str(error)

    assert "may open 64 files" in in_child(storm_in_a_small_process)


@pytest.fixture
def interrupting() -> Iterator[Callable[..., None]]:
    """A progress that has another thread interrupt this process, once."""
    thread = threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT))

    def progress(*_: int) -> None:
        if thread.ident is None:
            thread.start()

    yield progress
    thread.join()


def test_control_c_ends_the_storm(silent_address: str, interrupting: Callable[..., None]) -> None:
    with pytest.raises(KeyboardInterrupt):
        storm(silent_address, username="user", progress=interrupting)


def test_the_password_is_in_no_report(address: str) -> None:
    report = storm(address, username="user", password=RIGHT, attempts=2)
    assert RIGHT not in repr(report) + str(report.outcomes)


def test_a_report_is_not_pickled(deaf_address: str) -> None:
    report = storm(deaf_address, username="user", attempts=1)
    with pytest.raises(TypeError, match="as_dict"):
        pickle.dumps(report)
