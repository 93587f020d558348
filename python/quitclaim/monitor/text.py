"""The log as text: a line for an event, to be read by people and by fail2ban."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quitclaim.observer import Connected, Left, LoggedIn, Refused

if TYPE_CHECKING:
    from quitclaim.observer import Event

__all__ = ("TextLines", "quoted", "shortened")


class TextLines:
    r"""How the log looks unless it is told otherwise.

    A name is as the peer said it, so it is quoted, and whatever could end the quotes or the line is escaped.

    >>> lines = TextLines()
    >>> lines.event(Refused("192.0.2.7:4711", "PLAIN", 'a"\nlogin failed: peer=198.51.100.1', "logon denied"))
    'login failed: peer=192.0.2.7:4711 mechanism=PLAIN user="a\\"\\nlogin failed: peer=198.51.100.1" cause="logon denied"'
    >>> lines.event(LoggedIn("[::1]:4711", "NTLM", "anna", 3, 4_500, "NTLMv2"))
    'login: peer=[::1]:4711 mechanism=NTLM detail=NTLMv2 user="anna" messages=3 octets=4500'
    >>> lines.event(Left("[::1]:4711", "anna", "quit", 1, 1_500, 1))
    'session ended: peer=[::1]:4711 user="anna" cause="quit" retrieved=1 octets=1500 deleted=1'
    >>> lines.event(Left("[::1]:4711", "anna", "lost", 1, 1_500, 0))
    'session ended without QUIT: peer=[::1]:4711 user="anna" cause="lost" retrieved=1 octets=1500 deleted=0'
    """  # noqa: E501 - a line of the log is as long as it is

    __slots__ = ()

    def opening(self, time: str, /) -> str:
        """How each line of that second begins."""
        return f"{time} "

    def event(self, event: Event, /) -> str:
        """The rest of the line for an event; empty for what is not worth one."""
        # First of all, as what follows: in a storm there is one of each for every refusal.
        if isinstance(event, Refused):
            return (
                f"login failed: peer={event.peer} mechanism={event.mechanism}"
                f" user={quoted(event.username)} cause={quoted(event.cause)}"
            )
        if isinstance(event, Connected):
            return ""
        if isinstance(event, Left):
            if not event.username:
                return ""
            how = "" if event.cause == "quit" else " without QUIT"
            return (
                f"session ended{how}: peer={event.peer} user={quoted(event.username)}"
                f" cause={quoted(event.cause)}"
                f" retrieved={event.retrieved} octets={event.octets} deleted={event.deleted}"
            )
        if isinstance(event, LoggedIn):
            detail = f" detail={event.detail}" if event.detail else ""  # a mechanism's own word
            return (
                f"login: peer={event.peer} mechanism={event.mechanism}{detail} user={quoted(event.username)}"
                f" messages={event.messages} octets={event.octets}"
            )
        return ""

    def loss(self, lines: int, /) -> str:
        """The rest of the line that stands for so many others.

        >>> TextLines().loss(4711)
        'log: 4711 lines were lost'
        """
        return f"log: {lines} lines were lost"

    def message(self, text: str, time: str, /) -> str:
        r"""Somebody else's lines, with the time before the first.

        >>> TextLines().message("warning: two\nlines\n", "2026-11-22T22:00:00Z")
        '2026-11-22T22:00:00Z warning: two\nlines\n'
        """
        return f"{self.opening(time)}{text}"


def quoted(text: str, /) -> str:
    r"""A text of somebody else's, in quotes, on one line, without what a terminal would obey.

    >>> quoted("Jürgen"), quoted("a\x1b[2J\u202eb"), quoted("a" * 300) == '"' + "a" * 64 + '…"'
    ('"Jürgen"', '"a\\x1b[2J\\u202eb"', True)
    """
    if len(text) > _LONGEST:
        return f'"{_escaped(text[:_LONGEST])}…"'
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{_escaped(text)}"'


def shortened(text: str, /) -> str:
    """A text of somebody else's, as much of it as the log has.

    >>> shortened("anna"), shortened("a" * 300) == "a" * 64 + "…"
    ('anna', True)
    """
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_LONGEST: Final = 64  # characters of a name or a cause in the log; accounts have no longer names


def _escaped(text: str) -> str:
    return "".join(
        letter if letter.isprintable() and letter not in '"\\' else _escape(letter) for letter in text
    )


def _escape(letter: str) -> str:
    return f"\\{letter}" if letter in '"\\' else letter.encode("unicode_escape", "surrogatepass").decode()
