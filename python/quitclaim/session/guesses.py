"""Guesses of passwords: whether somebody looks at them, and how long the answer takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quitclaim.errors import LogonDenied
from quitclaim.identity import fold
from quitclaim.limits import Guess

if TYPE_CHECKING:
    from collections.abc import Callable

    from quitclaim.session.dialogue import Dialogue

__all__ = ("delayed", "note")


def note(dialogue: Dialogue, username: str) -> LogonDenied | None:
    """Takes note of a guess; gives what refuses it if nobody is to look at it."""
    attempts = dialogue.service.attempts
    if attempts is None or dialogue.address is None or dialogue.guess is not None:
        return None
    dialogue.guess = guess = attempts.guess(dialogue.address, fold(username))
    if not guess.is_locked_out:
        return None
    dialogue.service.counters.locked_out += 1
    error = _LockedOut()
    error.username = username
    return error


def delayed(dialogue: Dialogue, say: Callable[[], bytes]) -> bytes:
    """Says it, late if need be.

    What is late is whatever the guess is answered first: a refusal, a challenge that goes on, or a maildrop
    being opened. If only refusals were, nobody would have to wait for one to know.
    """
    guess = dialogue.guess
    if guess is None or not guess.delay:
        return say()
    dialogue.service.counters.delayed += 1
    dialogue.is_late = True
    return dialogue.ask(Guess.wait, guess, lambda dialogue, _answer, _error: _at_last(dialogue, say))


def _at_last(dialogue: Dialogue, say: Callable[[], bytes]) -> bytes:
    """Says it; also if the wait was cancelled, for it was decided before."""
    dialogue.is_late = False
    return say()


class _LockedOut(LogonDenied):
    """What ends a step whose guess nobody is to look at."""

    kind = "locked out"
