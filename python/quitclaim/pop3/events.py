"""What a connection tells its session, as events: plain slotted values, made for each line and thrown away.

An event is made for every line of a storm, so these are no frozen dataclasses; treat them as if they were.
They compare by value, and their repr shows no password and no token.
"""

from __future__ import annotations

from typing import Final

__all__ = (  # noqa: RUF022 - sorted as Python sorts
    "BadCommand",
    "BadResponse",
    "CONNECTION_CLOSED",
    "Cancelled",
    "ConnectionClosed",
    "EndlessLine",
    "Event",
    "NEED_DATA",
    "NeedData",
    "Response",
    "TooLong",
)


class Event:
    """Anything that `Connection.next_event` returns.

    >>> Response(b"a") == Response(b"a"), Cancelled() == BadResponse()
    (True, False)
    """

    __slots__: tuple[str, ...] = ()

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and type(self) is type(other) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        shown = (
            f"{name}={'<secret>' if value and name in _SECRETS else repr(value)}"
            for name, value in zip(self.__slots__, self._values(), strict=True)
        )
        return f"{type(self).__name__}({', '.join(shown)})"


_SECRETS = frozenset({"password", "token", "initial_response"})


class BadCommand(Event):
    """A command that is unknown, out of state or malformed: refuse it and go on. RFC 1939 §3.

    The keyword is one of ours, in upper case, or empty; the text is fixed, with nothing that the peer sent.

    >>> BadCommand(b"DELE", b"bad message number").text
    b'bad message number'
    """

    __slots__ = ("keyword", "text")

    def __init__(self, keyword: bytes, text: bytes, /) -> None:
        self.keyword = keyword
        self.text = text


class Response(Event):
    """One line of a SASL exchange, decoded. RFC 5034 §4.

    >>> Response(b"secret")
    Response(token=<secret>)
    """

    __slots__ = ("token",)

    def __init__(self, token: bytes, /) -> None:
        self.token = token


class Cancelled(Event):
    """`*` in a SASL exchange, which is over: free its handle, answer `-ERR`. RFC 5034 §4.

    >>> Cancelled()
    Cancelled()
    """

    __slots__ = ()


class BadResponse(Event):
    """A line of a SASL exchange that is no base64; the exchange is over, answer `-ERR`. RFC 5034 §4.

    >>> BadResponse()
    BadResponse()
    """

    __slots__ = ()


class TooLong(Event):
    """A line over its limit, once for each; the rest of it is being skipped. RFC 2449 §4.

    In a SASL exchange, that is over. Answer `-ERR` and go on.

    >>> TooLong(in_exchange=False)
    TooLong(in_exchange=False)
    """

    __slots__ = ("in_exchange",)

    def __init__(self, *, in_exchange: bool) -> None:
        self.in_exchange = in_exchange


class EndlessLine(Event):
    """A line that did not end within what is skipped; the connection takes no more. Answer `-ERR` and close.

    >>> EndlessLine()
    EndlessLine()
    """

    __slots__ = ()


class NeedData(Event):
    """Nothing whole is buffered: read more. The one instance is `NEED_DATA`.

    >>> NEED_DATA
    NeedData()
    """

    __slots__ = ()


class ConnectionClosed(Event):
    """No event will come any more. The one instance is `CONNECTION_CLOSED`.

    >>> CONNECTION_CLOSED
    ConnectionClosed()
    """

    __slots__ = ()


NEED_DATA: Final = NeedData()
CONNECTION_CLOSED: Final = ConnectionClosed()
