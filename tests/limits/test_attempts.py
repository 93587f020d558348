"""What follows from wrong guesses, against a guesser who chooses addresses and names as he likes."""

from __future__ import annotations

import asyncio
import tracemalloc
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quitclaim.limits import Attempts, Limits, network
from quitclaim.limits.failures import Failures
from quitclaim.limits.known import KnownAddresses

if TYPE_CHECKING:
    from collections.abc import Iterable

DAY = 86_400.0


@dataclass
class World:
    """Attempts, and a clock that a test turns."""

    limits: Limits = field(default_factory=Limits)
    now: float = 1_000_000.0

    def __post_init__(self) -> None:
        self.attempts = Attempts(self.limits, clock=lambda: self.now, sleep=asyncio.sleep)

    def wrong(self, address: str, user: str) -> tuple[float, bool]:
        """Guesses wrong: how long it takes, and whether anybody has looked."""
        guess = self.attempts.guess(address, user)
        return guess.delay, not guess.is_locked_out

    def right(self, address: str, user: str) -> tuple[float, bool]:
        """Knows the password: how long it takes, and whether anybody has looked."""
        guess = self.attempts.guess(address, user)
        if not guess.is_locked_out:
            guess.was_right()
        return guess.delay, not guess.is_locked_out


def addresses(count: int) -> Iterable[str]:
    """So many."""
    return (str(IPv4Address(number)) for number in range(1 << 24, (1 << 24) + count))


def test_who_mistypes_thrice_notices_nothing() -> None:
    world = World()
    assert [world.wrong("192.0.2.7", "anna") for _ in range(3)] == [(0.0, True)] * 3
    world.now += 30.0
    assert world.right("192.0.2.7", "anna") == (1.0, True)
    assert world.right("192.0.2.7", "anna") == (0.0, True)


def test_delays_double_up_to_the_longest() -> None:
    world = World()
    assert [world.wrong("192.0.2.7", "anna")[0] for _ in range(10)] == [0, 0, 0, 1, 2, 4, 8, 15, 15, 15]


def test_at_one_user_there_are_some_hundred_guesses_a_day_from_all_addresses() -> None:
    world = World()
    looked_at = 0
    for address in addresses(9 * 1440):
        looked_at += world.wrong(address, "anna")[1]
        world.now += 60.0
    assert looked_at <= 9 * 96 + 20


def test_from_one_address_there_are_some_thousand_guesses_a_day_at_all_users() -> None:
    world = World()
    looked_at = 0
    for number in range(86_400):
        looked_at += world.wrong("192.0.2.7", f"user {number}")[1]
        world.now += 1.0
    assert 4_000 < looked_at <= 4_320 + 100


def test_a_client_with_an_old_password_does_not_lock_its_address_out() -> None:
    world = World()
    world.right("192.0.2.7", "anna")
    for _ in range(1_000):
        assert world.wrong("192.0.2.7", "anna") == (0.0, True)
        world.now += 60.0
    assert world.right("192.0.2.7", "bert") == (0.0, True)
    assert world.right("198.51.100.1", "anna") == (0.0, True)


@pytest.mark.pop3("login-33", "asked-8")
def test_an_owner_at_a_known_address_does_not_feel_a_guesser() -> None:
    world = World()
    world.right("192.0.2.7", "anna")
    for address in addresses(50):
        world.wrong(address, "anna")
    assert world.right("198.51.100.1", "anna") == (15.0, False)
    assert world.right("192.0.2.7", "anna") == (0.0, True)


@pytest.mark.pop3("login-33")
def test_an_owner_at_a_known_address_does_not_feel_who_guesses_at_others_from_there() -> None:
    world = World()
    world.right("192.0.2.7", "anna")
    for number in range(500):
        world.wrong("192.0.2.7", f"user {number}")
    assert world.right("192.0.2.7", "bert") == (15.0, False)
    assert world.right("192.0.2.7", "anna") == (0.0, True)


def test_guesses_at_a_user_from_where_that_user_is_known_are_bounded() -> None:
    world = World()
    world.right("192.0.2.7", "anna")
    assert sum(world.wrong("192.0.2.7", "anna")[1] for _ in range(500)) == 100


def test_a_guesser_with_an_account_of_his_own_is_not_forgiven_by_using_it() -> None:
    world = World()
    looked_at = 0
    for _ in range(500):
        looked_at += world.wrong("192.0.2.7", "anna")[1]
        world.right("192.0.2.7", "mallory")
    assert looked_at == 20


def test_all_of_a_64_are_one_guesser() -> None:
    world = World()
    looked_at = sum(
        world.wrong(network(f"2001:db8::{number:x}"), f"user {number}")[1] for number in range(500)
    )
    assert looked_at == 100


def test_unknown_users_are_delayed_and_locked_out_as_others() -> None:
    world = World()
    world.right("192.0.2.7", "anna")
    known, unknown = (
        [world.wrong(address, name) for address in addresses(30)] for name in ("anna", "mallory")
    )
    assert known == unknown


def test_a_mechanism_that_knows_no_name_is_counted_by_address() -> None:
    world = World()
    assert [world.wrong(address, "") for address in addresses(50)] == [(0.0, True)] * 50
    assert sum(world.wrong("192.0.2.7", "")[1] for _ in range(200)) == 100
    assert world.right("198.51.100.1", "") == (0.0, True)
    assert len(world.attempts.known) == 0


def test_what_was_none_is_not_counted() -> None:
    world = World()
    for _ in range(500):
        world.attempts.guess("192.0.2.7", "anna").was_none()
    assert world.right("192.0.2.7", "anna") == (0.0, True)


def test_a_guess_waits_once() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    attempts = Attempts(Limits(free_guesses=1), clock=lambda: 0.0, sleep=sleep)
    attempts.guess("192.0.2.7", "anna")
    guess = attempts.guess("192.0.2.7", "anna")
    asyncio.run(guess.wait())  # type: ignore[arg-type]  # it is a coroutine
    assert (slept, guess.delay) == ([1.0], 0.0)


# --- whoever wants to be forgotten, or wants others to be


def test_with_made_up_names_a_guess_costs_as_many_wrong_ones_as_others_are_remembered() -> None:
    world = World(Limits(remembered=100))
    for address in addresses(20):
        world.wrong(address, "anna")
    looked_at = []
    for number, address in enumerate(addresses(5_000)):
        world.now += 0.001
        world.wrong(address, f"made up {number}")
        if world.wrong(address, "anna")[1]:
            looked_at.append(number)
    assert looked_at[0] > 100 * 17
    assert all(later - earlier >= 99 for earlier, later in pairwise(looked_at))


def test_made_up_names_lock_nobody_out() -> None:
    world = World(Limits(remembered=100))
    for number, address in enumerate(addresses(10_000)):
        world.wrong(address, f"made up {number}")
    assert world.right("192.0.2.7", "anna") == (15.0, True)
    assert world.right("192.0.2.7", "anna") == (0.0, True)


def test_a_flood_of_addresses_locks_no_other_address_out() -> None:
    world = World(Limits(remembered=100))
    for address in addresses(20_000):
        world.wrong(address, "")
    assert world.right("192.0.2.7", "anna") == (0.0, True)


def test_who_logs_in_from_everywhere_makes_nobody_else_unknown() -> None:
    world = World(Limits(remembered=3))
    world.right("192.0.2.7", "anna")
    for address in addresses(1_000):
        world.right(address, "mallory")
    for address in addresses(50):
        world.wrong(address, "anna")
    assert world.right("192.0.2.7", "anna") == (0.0, True)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("123456789AB")), max_size=60))
def test_known_are_the_last_eight_addresses_of_the_last_users(logins: list[tuple[str, str]]) -> None:
    known = KnownAddresses(most=2)
    model: dict[str, list[str]] = {}
    for user, address in logins:
        known.add(user.encode(), address, now=0.0)
        model[user] = [*(one for one in model.pop(user, []) if one != address), address][-8:]
        model = dict(list(model.items())[-2:])
        assert len(known) == len(model)
        for one in "abcd":
            for place in "123456789AB":
                assert known.has(one.encode(), place, now=1.0) == (place in model.get(one, []))


def test_an_address_is_known_for_thirty_days_after_the_last_login_from_there() -> None:
    known = KnownAddresses(most=1)
    known.add(b"anna", "192.0.2.7", now=0.0)
    known.add(b"anna", "192.0.2.7", now=10 * DAY)
    assert known.has(b"anna", "192.0.2.7", now=39 * DAY)
    assert not known.has(b"anna", "192.0.2.7", now=41 * DAY)


def test_a_million_names_take_bounded_memory() -> None:
    failures: Failures[str] = Failures(forgotten_after=900.0, most=4_096, inherited=19)
    tracemalloc.start()
    try:
        for number in range(1_000_000):
            failures.add(f"{number}", now=number / 5_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(failures) == 4_096
    assert peak < 4_096 * 400


def test_a_name_of_any_length_takes_as_much_memory_as_a_short_one() -> None:
    world = World()
    world.attempts.guess("192.0.2.7", "x" * 1_000)
    tracemalloc.start()
    try:
        for number in range(1_000):
            world.attempts.guess("192.0.2.7", f"{number}" * 100_000)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000 * 400
