"""POP3 without I/O: octets in, events out, replies encoded. RFC 1939, 2449, 3206, 5034, 6856.

It knows no sockets, no clock, no mechanism and no store. `Connection` cuts lines and knows the state, the
other classes are what a peer can say, and `quitclaim.pop3.replies` is what a server can answer.
"""

from __future__ import annotations

from quitclaim.pop3 import replies
from quitclaim.pop3.commands import (
    Auth,
    Capa,
    Dele,
    Lang,
    List,
    Noop,
    Pass,
    Quit,
    Retr,
    Rset,
    Stat,
    Stls,
    Top,
    Uidl,
    User,
    Utf8,
)
from quitclaim.pop3.connection import LONGEST_COMMAND, LONGEST_RESPONSE, LONGEST_SKIP, Connection
from quitclaim.pop3.events import (
    CONNECTION_CLOSED,
    NEED_DATA,
    BadCommand,
    BadResponse,
    Cancelled,
    ConnectionClosed,
    EndlessLine,
    Event,
    NeedData,
    Response,
    TooLong,
)
from quitclaim.pop3.state import AUTHORIZATION, CLOSED, EXCHANGE, TRANSACTION, UPDATE, State

__all__ = (  # noqa: RUF022 - sorted as Python sorts
    "AUTHORIZATION",
    "Auth",
    "BadCommand",
    "BadResponse",
    "CLOSED",
    "CONNECTION_CLOSED",
    "Cancelled",
    "Capa",
    "Connection",
    "ConnectionClosed",
    "Dele",
    "EXCHANGE",
    "EndlessLine",
    "Event",
    "LONGEST_COMMAND",
    "LONGEST_RESPONSE",
    "LONGEST_SKIP",
    "Lang",
    "List",
    "NEED_DATA",
    "NeedData",
    "Noop",
    "Pass",
    "Quit",
    "Response",
    "Retr",
    "Rset",
    "Stat",
    "State",
    "Stls",
    "TRANSACTION",
    "TooLong",
    "Top",
    "UPDATE",
    "Uidl",
    "User",
    "Utf8",
    "replies",
)
