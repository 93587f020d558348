"""The least time between two logins of a user."""

from __future__ import annotations

from dataclasses import dataclass

from quitclaim.limits import Limits, RecentLogins


@dataclass
class Clock:
    """What time it is, as a test says."""

    now: float = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def test_a_user_is_remembered_as_long_as_it_matters() -> None:
    clock = Clock()
    logins = RecentLogins(Limits(login_delay=60.0), clock=clock)
    logins.add("anna")
    clock.now = 59.9
    assert "anna" in logins
    assert "bert" not in logins
    clock.now = 60.0
    assert "anna" not in logins
    logins.add("bert")
    assert len(logins) == 1


def test_there_is_nothing_to_remember_where_there_is_no_delay() -> None:
    logins = RecentLogins(Limits(), clock=Clock())
    logins.add("anna")
    assert "anna" not in logins
    assert len(logins) == 0


def test_who_logs_in_again_is_remembered_anew() -> None:
    clock = Clock()
    logins = RecentLogins(Limits(login_delay=60.0), clock=clock)
    for clock.now, user in ((0.0, "anna"), (30.0, "bert"), (60.0, "anna"), (95.0, "carl")):
        logins.add(user)
    assert "anna" in logins
    assert len(logins) == 2


def test_of_too_many_the_first_is_forgotten() -> None:
    logins = RecentLogins(Limits(login_delay=60.0, remembered=3), clock=Clock())
    for number in range(1_000):
        logins.add(f"user {number}")
    assert len(logins) == 3
    assert "user 999" in logins
