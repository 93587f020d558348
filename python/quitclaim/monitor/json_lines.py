"""The log as JSON: an object a line, for whatever collects logs."""

from __future__ import annotations

from json import JSONEncoder
from typing import TYPE_CHECKING, Final

from quitclaim.monitor.text import shortened
from quitclaim.observer import Left, LoggedIn, Refused

if TYPE_CHECKING:
    from quitclaim.observer import Event

__all__ = ("JsonLines",)


class JsonLines:
    r"""How the log looks to programs: ASCII, one line an object, the same keys for all events of a kind.

    Each object has `time` (RFC 3339, UTC, whole seconds) and `event`, which says what else it has:

        event           texts                          whole numbers
        login failed    peer, mechanism, user, cause
        login           peer, mechanism, user, detail  messages, octets
        session ended   peer, user, cause              retrieved, octets, deleted
        lines lost                                     lines
        message         text

    `user` is whatever a peer called itself, cut after 64 characters as in the text, with a question mark for
    what is no character. `detail` is empty where the mechanism's name says it all.

    >>> lines = JsonLines()
    >>> said = lines.event(Refused("192.0.2.7:4711", "NTLM", 'anna"\n', "logon denied"))
    >>> print(lines.opening("2026-11-22T22:00:00Z") + said)
    {"time":"2026-11-22T22:00:00Z","event":"login failed","peer":"192.0.2.7:4711","mechanism":"NTLM","user":"anna\"\n","cause":"logon denied"}
    """  # noqa: E501 - a line of the log is as long as it is

    __slots__ = ()

    def opening(self, time: str, /) -> str:
        """How each line of that second begins."""
        return f'{{"time":"{time}",'

    def event(self, event: Event, /) -> str:
        """The rest of the line for an event; empty for what is not worth one."""
        if isinstance(event, Refused):
            return _rest(
                event="login failed",
                peer=event.peer,
                mechanism=event.mechanism,
                user=_said(event.username),
                cause=_said(event.cause),
            )
        if isinstance(event, LoggedIn):
            return _rest(
                event="login",
                peer=event.peer,
                mechanism=event.mechanism,
                user=_said(event.username),
                detail=event.detail,
                messages=event.messages,
                octets=event.octets,
            )
        if isinstance(event, Left) and event.username:
            return _rest(
                event="session ended",
                peer=event.peer,
                user=_said(event.username),
                cause=event.cause,
                retrieved=event.retrieved,
                octets=event.octets,
                deleted=event.deleted,
            )
        return ""

    def loss(self, lines: int, /) -> str:
        """The rest of the line that stands for so many others.

        >>> JsonLines().loss(4711)
        '"event":"lines lost","lines":4711}'
        """
        return _rest(event="lines lost", lines=lines)

    def message(self, text: str, time: str, /) -> str:
        r"""Somebody else's lines, all in one object.

        >>> JsonLines().message("warning: two\nlines\n", "2026-11-22T22:00:00Z")
        '{"time":"2026-11-22T22:00:00Z","event":"message","text":"warning: two\\nlines"}\n'
        """
        said = _rest(event="message", text=text.removesuffix("\n"))
        return f"{self.opening(time)}{said}\n"


def _said(text: str) -> str:
    # Half of a surrogate pair is no character: Python reads it back, other readers of JSON refuse the line.
    return shortened(text).encode("utf-8", "replace").decode()


def _rest(**values: str | int) -> str:
    """An object of these, without its opening brace."""
    return _ENCODER.encode(values)[1:]


_ENCODER: Final = JSONEncoder(separators=(",", ":"))
