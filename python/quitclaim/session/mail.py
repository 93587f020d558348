"""TRANSACTION and UPDATE: what can be done with a maildrop (RFC 1939 §5 to §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quitclaim.errors import Unavailable
from quitclaim.pop3 import replies
from quitclaim.session import texts
from quitclaim.session.retrieval import retrieve, top_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quitclaim.pop3 import Dele, List, Noop, Quit, Retr, Rset, Stat, Top, Uidl
    from quitclaim.session.dialogue import Dialogue, LongReply
    from quitclaim.session.open_maildrop import OpenMaildrop

__all__ = ("delete", "list_sizes", "list_uidls", "noop", "quit_", "reset", "retr", "stat", "top")

_LINES = 2_000  # of a list, in one portion


def stat(dialogue: Dialogue, _command: Stat) -> bytes:
    """STAT: how many messages and octets are not deleted."""
    mail = _mail(dialogue)
    return b"+OK %d %d\r\n" % (len(mail), mail.octets)


def noop(_dialogue: Dialogue, _command: Noop) -> bytes:
    """NOOP."""
    return texts.NOTHING


def list_sizes(dialogue: Dialogue, command: List) -> bytes:
    """LIST: the octets of one message or of all."""
    number = command.number
    if number is None:
        return dialogue.say(_sizes(_mail(dialogue)))
    mail = _mail(dialogue)
    if number not in mail:
        return dialogue.refuse_command(texts.NO_MESSAGE)
    return b"+OK %d %d\r\n" % (number, mail.maildrop.octets[number - 1])


def list_uidls(dialogue: Dialogue, command: Uidl) -> bytes:
    """UIDL: the stable name of one message or of all."""
    number = command.number
    if number is None:
        return dialogue.say(_uidls(_mail(dialogue)))
    mail = _mail(dialogue)
    if number not in mail:
        return dialogue.refuse_command(texts.NO_MESSAGE)
    return b"+OK " + replies.uidl_lines([(number, mail.maildrop.uidl(number))])


def retr(dialogue: Dialogue, command: Retr) -> bytes:
    """RETR: a message, in portions."""
    mail = _mail(dialogue)
    if command.number not in mail:
        return dialogue.refuse_command(texts.NO_MESSAGE)
    return dialogue.say(retrieve(dialogue, mail, command.number))


def top(dialogue: Dialogue, command: Top) -> bytes:
    """TOP: the header and some lines of the body."""
    mail = _mail(dialogue)
    if command.number not in mail:
        return dialogue.refuse_command(texts.NO_MESSAGE)
    return dialogue.say(top_of(dialogue, mail, command.number, command.lines))


def delete(dialogue: Dialogue, command: Dele) -> bytes:
    """DELE: marks a message."""
    mail = _mail(dialogue)
    if command.number not in mail:
        return dialogue.refuse_command(texts.NO_MESSAGE)
    mail.delete(command.number)
    return texts.DELETED


def reset(dialogue: Dialogue, _command: Rset) -> bytes:
    """RSET: takes all marks back."""
    _mail(dialogue).undelete()
    return texts.NOTHING


def quit_(dialogue: Dialogue, _command: Quit) -> bytes:
    """QUIT: deletes what is marked, all or none, and says goodbye when that is durable (RFC 1939 §6)."""
    mail = dialogue.mail
    if mail is None:
        dialogue.leave("quit")
        return texts.GOODBYE
    if not mail.deleted:
        return _committed(dialogue, None, None)
    # Late: what was asked for in time is done, and the lock is held until it is.
    return dialogue.ask(
        mail.maildrop.commit,
        mail.deleted,
        _committed,
        late=lambda _answer, error: _committed_late(dialogue, mail, error),
    )


def _committed_late(dialogue: Dialogue, mail: OpenMaildrop, error: BaseException | None) -> None:
    """The same for a peer who is gone and hears of nothing."""
    mail.close()
    if error is None:
        dialogue.service.counters.deleted += len(mail.deleted)


def _committed(dialogue: Dialogue, _answer: None, error: BaseException | None) -> bytes:
    # Closed before the peer hears of it: it may be back at once.
    mail = _mail(dialogue)
    mail.close()
    dialogue.leave("quit")
    if error is None:
        dialogue.service.counters.deleted += len(mail.deleted)
        return texts.GOODBYE
    mail.deleted.clear()
    if isinstance(error, Unavailable):
        return texts.BROKEN if error.is_permanent else texts.NOT_DELETED
    raise error


def _sizes(mail: OpenMaildrop) -> LongReply:
    octets = mail.maildrop.octets
    yield texts.MESSAGE_LIST
    for numbers in _portions(mail):
        yield replies.list_lines([(number, octets[number - 1]) for number in numbers])
    yield replies.END


def _uidls(mail: OpenMaildrop) -> LongReply:
    uidl = mail.maildrop.uidl
    yield texts.UIDL_LIST
    for numbers in _portions(mail):
        yield replies.uidl_lines([(number, uidl(number)) for number in numbers])
    yield replies.END


def _portions(mail: OpenMaildrop) -> Iterator[list[int]]:
    """The numbers of the messages that are not deleted, some at a time."""
    end = len(mail.maildrop.octets) + 1
    for first in range(1, end, _LINES):
        yield [number for number in range(first, min(first + _LINES, end)) if number not in mail.deleted]


def _mail(dialogue: Dialogue) -> OpenMaildrop:
    mail = dialogue.mail
    assert mail is not None, "TRANSACTION has a maildrop"  # noqa: S101 - our own mistake
    return mail
