"""What the server says, ready for the wire. One text for a cause, and nothing of the peer's in any."""

from __future__ import annotations

from typing import Final

from quitclaim.pop3 import replies

__all__ = (
    "BEGIN_TLS",
    "CANCELLED",
    "DELETED",
    "DENIED",
    "DRAINING",
    "ENDLESS_LINE",
    "GOODBYE",
    "GREETING",
    "IN_USE",
    "MESSAGE_LIST",
    "NOTHING",
    "NOT_DELETED",
    "NO_MECHANISM",
    "NO_MESSAGE",
    "NO_PLAINTEXT",
    "NO_USER",
    "TOO_LONG",
    "TOO_MANY",
    "UIDL_LIST",
    "UNAVAILABLE",
    "UNREADABLE",
    "UNSUPPORTED",
    "WHICH_PASSWORD",
)

GREETING: Final = replies.ok(b"quitclaim ready")
TOO_MANY: Final = replies.error(b"too many connections, try again later", b"SYS/TEMP")
DRAINING: Final = replies.error(b"the server is stopping, try again later", b"SYS/TEMP")
GOODBYE: Final = replies.ok(b"goodbye")

BEGIN_TLS: Final = replies.ok(b"begin TLS")

# A login's refusals. Whatever was wrong with it, the peer reads the same (RFC 3206 §4).
DENIED: Final = replies.error(b"authentication failed", b"AUTH")
CANCELLED: Final = replies.error(b"authentication cancelled")
IN_USE: Final = replies.error(b"the maildrop is locked by another session", b"IN-USE")
UNAVAILABLE: Final = replies.error(b"no login is possible now, try again later", b"SYS/TEMP")
NO_MECHANISM: Final = replies.error(b"no such mechanism here, see CAPA")
NO_PLAINTEXT: Final = replies.error(b"no password in plaintext is taken here, see CAPA")
NO_USER: Final = replies.error(b"say USER first")
WHICH_PASSWORD: Final = replies.ok(b"and the password")

TOO_LONG: Final = replies.error(b"line too long")
ENDLESS_LINE: Final = replies.error(b"line too long, goodbye")
UNSUPPORTED: Final = replies.error(b"not available, see CAPA")

NOTHING: Final = replies.ok()
MESSAGE_LIST: Final = replies.ok(b"sizes follow")
UIDL_LIST: Final = replies.ok(b"names follow")
DELETED: Final = replies.ok(b"deleted by QUIT")
NO_MESSAGE: Final = replies.error(b"no such message")
UNREADABLE: Final = replies.error(b"the message cannot be read now, try again later", b"SYS/TEMP")
NOT_DELETED: Final = replies.error(b"nothing was deleted, try again later", b"SYS/TEMP")
