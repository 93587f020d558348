"""Wrong guesses of passwords: by whom, at whom, and what follows."""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import TYPE_CHECKING

from quitclaim.limits.failures import Failures
from quitclaim.limits.known import KnownAddresses

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from quitclaim.limits.numbers import Limits

__all__ = ("Attempts", "Guess")


class Attempts:
    """Who has guessed wrong how often, by address and by user; a guess is wrong until it is said to be right.

    What follows from wrong guesses, of the address or at the user, whichever is more:

    * after three, the answer to the next is delayed by a second, then by two, four and so on up to fifteen:
      to a right one as well, or one would not have to wait to know;
    * after a hundred of an address, or twenty at a user, the next is not looked at and is refused as a wrong
      one is. An address is forgiven one wrong guess in twenty seconds, and a user one in fifteen minutes.

    So a user who mistypes thrice notices nothing. A guesser has some 4,400 guesses a day from one address,
    and at one user some 115 from all addresses together.

    At an address from which that user has logged in before neither count holds: only guesses at that user
    from there do, with the numbers of an address. So nobody can lock the owner out there but who shares the
    address and guesses at that very name. What the owner mistypes there counts for the address, too.

    Memory is bounded, whatever is said: see `Failures`, `KnownAddresses` and `Limits.remembered`. Names are
    kept as a keyed hash of sixteen octets. Nothing is kept on disk.

    Args:
        limits: the numbers.
        clock: seconds, which never go backwards.
        sleep: what to wait for, given seconds: `asyncio.sleep`.
        key: of the hash; a random one by default.

    >>> import asyncio
    >>> from quitclaim.limits import Limits
    >>> now = 0.0
    >>> attempts = Attempts(Limits(), clock=lambda: now, sleep=asyncio.sleep)
    >>> [attempts.guess("192.0.2.7", "anna").delay for _ in range(6)]
    [0.0, 0.0, 0.0, 1.0, 2.0, 4.0]
    >>> now = 3_600.0
    >>> guess = attempts.guess("192.0.2.7", "anna")
    >>> guess.delay, guess.is_locked_out
    (0.0, False)
    >>> guess.was_right()
    """

    __slots__ = ("_clock", "_key", "_limits", "addresses", "known", "pairs", "sleep", "users")

    def __init__(
        self,
        limits: Limits,
        /,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
        key: bytes | None = None,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._key = os.urandom(16) if key is None else key
        self.sleep = sleep
        most = limits.remembered
        # Who has enough addresses to push others out has as many to guess from: nothing is to be won by it.
        self.addresses: Failures[str] = Failures(forgotten_after=limits.address_guess_forgotten, most=most)
        # Names cost nothing, so there it must not help to make some up: who is new to a full table has one
        # guess, which costs as many wrong ones as there is room for. With none, a flood locks strangers out.
        self.users: Failures[bytes] = Failures(
            forgotten_after=limits.user_guess_forgotten, most=most, inherited=limits.user_guesses - 1
        )
        self.known = KnownAddresses(most=most)
        self.pairs: Failures[bytes] = Failures(forgotten_after=limits.address_guess_forgotten, most=most)

    def guess(self, address: str, username: str, /) -> Guess:
        """Takes note of a guess, which is wrong until it is said to be right.

        Args:
            address: where it comes from: a `network`.
            username: folded, whether there is such a user or not; empty if the mechanism knows none.
        """
        now, limits = self._clock(), self._limits
        user = self._hashed(username.encode("utf-8", "surrogatepass")) if username else b""
        pair = b""
        if user and self.known.has(user, address, now=now):
            pair = self._hashed(user + address.encode())
            wrong = self.pairs.count(pair, now=now)
            is_locked_out = wrong >= limits.address_guesses
        else:
            by_address = self.addresses.count(address, now=now)
            at_user = self.users.count(user, now=now) if user else 0
            wrong = max(by_address, at_user)
            is_locked_out = by_address >= limits.address_guesses or at_user >= limits.user_guesses
        guess = Guess(self, address, user, pair, delay=self._delay(wrong), is_locked_out=is_locked_out)
        if not is_locked_out:
            # Before the answer is known: of a thousand that come at once, only so many are looked at.
            self.addresses.add(address, now=now)
            if pair:
                self.pairs.add(pair, now=now)
            elif user:
                self.users.add(user, now=now)
        return guess

    def _hashed(self, octets: bytes) -> bytes:
        return blake2b(octets, key=self._key, digest_size=16).digest()

    def _delay(self, wrong: int) -> float:
        beyond = wrong - self._limits.free_guesses
        if beyond < 0:
            return 0.0
        return min(self._limits.longest_guess_delay, 2.0 ** min(beyond, _LARGEST_EXPONENT))

    def take_back(self, guess: Guess, /) -> None:
        """Forgets a guess: it was none."""
        self.addresses.take_back(guess.address)
        if guess.pair:
            self.pairs.take_back(guess.pair)
        elif guess.user:
            self.users.take_back(guess.user)

    def note(self, guess: Guess, /) -> None:
        """Remembers the address of a guess that was right."""
        if guess.user:
            self.known.add(guess.user, guess.address, now=self._clock())


class Guess:
    """One attempt to log in, from the question whether it is right."""

    __slots__ = ("_attempts", "address", "delay", "is_locked_out", "pair", "user")

    def __init__(  # noqa: PLR0913 - what `Attempts.guess` has found out
        self,
        attempts: Attempts,
        address: str,
        user: bytes,
        pair: bytes,
        /,
        *,
        delay: float,
        is_locked_out: bool,
    ) -> None:
        self._attempts = attempts
        self.address = address
        self.user = user  # its hash; empty if the mechanism knows none
        self.pair = pair  # of a user and a known address; empty at any other
        self.delay = delay
        self.is_locked_out = is_locked_out

    def was_right(self) -> None:
        """The credentials were the user's, whose address is known from now on; it was no wrong guess."""
        self.was_none()
        self._attempts.note(self)

    def was_none(self) -> None:
        """Nobody will know: the accounts are down, or the peer has thought better of it."""
        self._attempts.take_back(self)

    def wait(self) -> Awaitable[object]:
        """What is over when the answer may be said; then all has been waited for that was to be."""
        seconds, self.delay = self.delay, 0.0
        return self._attempts.sleep(seconds)


_LARGEST_EXPONENT = 30
