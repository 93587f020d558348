"""TRANSACTION and UPDATE: what can be done with a maildrop (RFC 1939 §5 to §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quitclaim.errors import Unavailable
from quitclaim.pop3 import replies
from quitclaim.session import texts
from quitclaim.session.retrieval import retrieve, top_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quitclaim.maildrop.port import Maildrop
    from quitclaim.pop3 import Dele, List, Noop, Quit, Retr, Rset, Stat, Top, Uidl
    from quitclaim.session.dialogue import Dialogue, LongReply

__all__ = ("delete", "list_sizes", "list_uidls", "noop", "quit_", "reset", "retr", "stat", "top")

_LINES = 2_000  # of a list, in one portion


def stat(dialogue: Dialogue, _command: Stat) -> bytes:
    """STAT: how many messages and octets are not deleted."""
    messages = len(_maildrop(dialogue).octets) - len(dialogue.deleted)
    return b"+OK %d %d\r\n" % (messages, dialogue.octets)


def noop(_dialogue: Dialogue, _command: Noop) -> bytes:
    """NOOP."""
    return texts.NOTHING


def list_sizes(dialogue: Dialogue, command: List) -> bytes:
    """LIST: the octets of one message or of all."""
    number = command.number
    if number is None:
        return dialogue.say(_sizes(dialogue))
    if not _is_there(dialogue, number):
        return dialogue.refuse_command(texts.NO_MESSAGE)
    return b"+OK %d %d\r\n" % (number, _maildrop(dialogue).octets[number - 1])


def list_uidls(dialogue: Dialogue, command: Uidl) -> bytes:
    """UIDL: the stable name of one message or of all."""
    number = command.number
    if number is None:
        return dialogue.say(_uidls(dialogue))
    if not _is_there(dialogue, number):
        return dialogue.refuse_command(texts.NO_MESSAGE)
    return b"+OK " + replies.uidl_lines([(number, _maildrop(dialogue).uidl(number))])


def retr(dialogue: Dialogue, command: Retr) -> bytes:
    """RETR: a message, in portions."""
    if not _is_there(dialogue, command.number):
        return dialogue.refuse_command(texts.NO_MESSAGE)
    return dialogue.say(retrieve(dialogue, _maildrop(dialogue), command.number))


def top(dialogue: Dialogue, command: Top) -> bytes:
    """TOP: the header and some lines of the body."""
    if not _is_there(dialogue, command.number):
        return dialogue.refuse_command(texts.NO_MESSAGE)
    return dialogue.say(top_of(dialogue, _maildrop(dialogue), command.number, command.lines))


def delete(dialogue: Dialogue, command: Dele) -> bytes:
    """DELE: marks a message."""
    number = command.number
    if not _is_there(dialogue, number):
        return dialogue.refuse_command(texts.NO_MESSAGE)
    dialogue.deleted.add(number)
    dialogue.octets -= _maildrop(dialogue).octets[number - 1]
    return texts.DELETED


def reset(dialogue: Dialogue, _command: Rset) -> bytes:
    """RSET: takes all marks back."""
    dialogue.deleted.clear()
    dialogue.octets = sum(_maildrop(dialogue).octets)
    return texts.NOTHING


def quit_(dialogue: Dialogue, _command: Quit) -> bytes:
    """QUIT: deletes what is marked, all or none, and says goodbye when that is durable (RFC 1939 §6)."""
    maildrop = dialogue.maildrop
    if maildrop is None:
        dialogue.leave("quit")
        return texts.GOODBYE
    if not dialogue.deleted:
        return _committed(dialogue, None, None)
    # Late: what was asked for in time is done, and the lock is held until it is.
    return dialogue.ask(maildrop.commit, dialogue.deleted, _committed, late=lambda _: maildrop.close())


def _committed(dialogue: Dialogue, _answer: None, error: BaseException | None) -> bytes:
    # Closed before the peer hears of it: it may be back at once.
    _maildrop(dialogue).close()
    dialogue.maildrop = None  # closed once, and not again with the session
    dialogue.leave("quit")
    if error is None:
        dialogue.service.counters.deleted += len(dialogue.deleted)
        return texts.GOODBYE
    dialogue.deleted.clear()
    if isinstance(error, Unavailable):
        return texts.NOT_DELETED
    raise error


def _sizes(dialogue: Dialogue) -> LongReply:
    octets = _maildrop(dialogue).octets
    yield texts.MESSAGE_LIST
    for numbers in _portions(dialogue):
        yield replies.list_lines([(number, octets[number - 1]) for number in numbers])
    yield replies.END


def _uidls(dialogue: Dialogue) -> LongReply:
    maildrop = _maildrop(dialogue)
    yield texts.UIDL_LIST
    for numbers in _portions(dialogue):
        yield replies.uidl_lines([(number, maildrop.uidl(number)) for number in numbers])
    yield replies.END


def _portions(dialogue: Dialogue) -> Iterator[list[int]]:
    """The numbers of the messages that are not deleted, some at a time."""
    last = len(_maildrop(dialogue).octets)
    deleted = dialogue.deleted
    for first in range(1, last + 1, _LINES):
        yield [number for number in range(first, min(first + _LINES, last + 1)) if number not in deleted]


def _is_there(dialogue: Dialogue, number: int) -> bool:
    return 1 <= number <= len(_maildrop(dialogue).octets) and number not in dialogue.deleted


def _maildrop(dialogue: Dialogue) -> Maildrop:
    maildrop = dialogue.maildrop
    assert maildrop is not None, "TRANSACTION has a maildrop"  # noqa: S101 - our own mistake
    return maildrop
