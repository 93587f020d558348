"""What the server says, ready for the wire. One text for a cause, and nothing of the peer's in any."""

from __future__ import annotations

from typing import Final

from quitclaim.pop3 import replies

__all__ = (
    "BEGIN_TLS",
    "BROKEN",
    "CANCELLED",
    "DELETED",
    "DENIED",
    "DRAINING",
    "ENDLESS_LINE",
    "GOODBYE",
    "GREETING",
    "IN_USE",
    "LANGUAGES",
    "LANGUAGE_DEFAULT",
    "LANGUAGE_ENGLISH",
    "MESSAGE_LIST",
    "NOTHING",
    "NOT_DELETED",
    "NO_LANGUAGE",
    "NO_MECHANISM",
    "NO_MESSAGE",
    "NO_PLAINTEXT",
    "NO_USER",
    "TOO_LONG",
    "TOO_MANY",
    "TOO_SOON",
    "UIDL_LIST",
    "UNAVAILABLE",
    "UNREADABLE",
    "UNSUPPORTED",
    "UTF8",
    "WHICH_PASSWORD",
)

GREETING: Final = replies.ok(b"quitclaim ready")
TOO_MANY: Final = replies.error(b"too many connections, try again later", b"SYS/TEMP")
DRAINING: Final = replies.error(b"the server is stopping, try again later", b"SYS/TEMP")
GOODBYE: Final = replies.ok(b"goodbye")

BEGIN_TLS: Final = replies.ok(b"begin TLS")
UTF8: Final = replies.ok(b"messages are sent as they are")

# RFC 6856 §3.2: the tag, then what it is; i-default is what RFC 2277 §4.5 calls texts in English for all.
LANGUAGES: Final = replies.multiline(b"languages", [b"en English", b"i-default English"])
LANGUAGE_ENGLISH: Final = replies.ok(b"en English it is")
LANGUAGE_DEFAULT: Final = replies.ok(b"i-default English it is")
NO_LANGUAGE: Final = replies.error(b"no such language here, see LANG")

# Of a login, a message or an update: to come again is of no use (RFC 3206 §4).
BROKEN: Final = replies.error(b"not possible until the server is mended, ask its operator", b"SYS/PERM")

# A login's refusals. Whatever was wrong with it, the peer reads the same (RFC 3206 §4).
DENIED: Final = replies.error(b"authentication failed", b"AUTH")
CANCELLED: Final = replies.error(b"authentication cancelled")
IN_USE: Final = replies.error(b"the maildrop is locked by another session", b"IN-USE")
TOO_SOON: Final = replies.error(b"the last login was a moment ago, try again later", b"LOGIN-DELAY")
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
