"""The commands that a peer may send, as events with parsed arguments; `grammar` has what it must write."""

from __future__ import annotations

from quitclaim.pop3.events import Event

__all__ = (
    "Auth",
    "Capa",
    "Dele",
    "Lang",
    "List",
    "Noop",
    "Pass",
    "Quit",
    "Retr",
    "Rset",
    "Stat",
    "Stls",
    "Top",
    "Uidl",
    "User",
    "Utf8",
)


class User(Event):
    """`USER name`: who wants to log in; says nothing of whether it exists. RFC 1939 §7.

    >>> User(b"anna").name
    b'anna'
    """

    __slots__ = ("name",)

    def __init__(self, name: bytes, /) -> None:
        self.name = name


class Pass(Event):
    """`PASS password`: the rest of the line, blanks and non-ASCII octets too, perhaps empty. RFC 1939 §7.

    >>> Pass(b"open sesame")
    Pass(password=<secret>)
    """

    __slots__ = ("password",)

    def __init__(self, password: bytes, /) -> None:
        self.password = password


class Auth(Event):
    """`AUTH [mechanism [initial-response]]`: the name in upper case, the octets decoded. RFC 5034 §4.

    The mechanism is None for a bare `AUTH`, which asks for the list; the initial response is None where
    there is none, and empty for `=`.

    >>> Auth(b"NTLM", None)
    Auth(mechanism=b'NTLM', initial_response=None)
    """

    __slots__ = ("mechanism", "initial_response")  # noqa: RUF023 - as on the wire

    def __init__(self, mechanism: bytes | None, initial_response: bytes | None, /) -> None:
        self.mechanism = mechanism
        self.initial_response = initial_response


class Quit(Event):
    """`QUIT`: after it comes only the end. RFC 1939 §5, §6.

    >>> Quit()
    Quit()
    """

    __slots__ = ()


class Stat(Event):
    """`STAT`: how many messages, how many octets. RFC 1939 §5.

    >>> Stat()
    Stat()
    """

    __slots__ = ()


class List(Event):
    """`LIST [number]`: the octets of one message, or of all (None). RFC 1939 §5.

    >>> List(None)
    List(number=None)
    """

    __slots__ = ("number",)

    def __init__(self, number: int | None, /) -> None:
        self.number = number


class Retr(Event):
    """`RETR number`: the whole message. RFC 1939 §5.

    >>> Retr(1).number
    1
    """

    __slots__ = ("number",)

    def __init__(self, number: int, /) -> None:
        self.number = number


class Dele(Event):
    """`DELE number`: marks a message, which dies with QUIT. RFC 1939 §5.

    >>> Dele(2).number
    2
    """

    __slots__ = ("number",)

    def __init__(self, number: int, /) -> None:
        self.number = number


class Noop(Event):
    """`NOOP`: nothing, said politely. RFC 1939 §5.

    >>> Noop()
    Noop()
    """

    __slots__ = ()


class Rset(Event):
    """`RSET`: takes all marks back. RFC 1939 §5.

    >>> Rset()
    Rset()
    """

    __slots__ = ()


class Top(Event):
    """`TOP number lines`: the header and so many lines of the body, perhaps none. RFC 1939 §7.

    >>> Top(1, 0)
    Top(number=1, lines=0)
    """

    __slots__ = ("number", "lines")  # noqa: RUF023 - as on the wire

    def __init__(self, number: int, lines: int, /) -> None:
        self.number = number
        self.lines = lines


class Uidl(Event):
    """`UIDL [number]`: the stable name of one message, or of all (None). RFC 1939 §7.

    >>> Uidl(3)
    Uidl(number=3)
    """

    __slots__ = ("number",)

    def __init__(self, number: int | None, /) -> None:
        self.number = number


class Capa(Event):
    """`CAPA`: what the server can do in this state. RFC 2449 §5.

    >>> Capa()
    Capa()
    """

    __slots__ = ()


class Stls(Event):
    """`STLS`: TLS, please. Call `Connection.discard_input` before the handshake. RFC 2595 §4.

    >>> Stls()
    Stls()
    """

    __slots__ = ()


class Utf8(Event):
    """`UTF8`: the client takes UTF-8 headers. RFC 6856 §2.1.

    >>> Utf8()
    Utf8()
    """

    __slots__ = ()


class Lang(Event):
    """`LANG [tag]`: chooses the language of the replies, or asks for the list (None). RFC 6856 §3.

    >>> Lang(b"*")
    Lang(tag=b'*')
    """

    __slots__ = ("tag",)

    def __init__(self, tag: bytes | None, /) -> None:
        self.tag = tag
