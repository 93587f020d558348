"""Replies as octets: status lines, lists, SASL challenges, dot-stuffing.

No argument ever splits a line: a text with a CR, an LF or a NUL is refused with ValueError, and so is a line
that would exceed 512 octets with its CRLF (RFC 1939 §3). Texts are the server's own, nothing of a peer's.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = (  # noqa: RUF022 - sorted as Python sorts
    "CODES",
    "DotStuffing",
    "END",
    "LONGEST_LINE",
    "challenge",
    "error",
    "list_lines",
    "multiline",
    "ok",
    "uidl_lines",
)

LONGEST_LINE: Final = 512  # octets, with CRLF; a SASL challenge may be longer (RFC 5034 §4)
END: Final = b".\r\n"
CODES: Final = frozenset({b"AUTH", b"IN-USE", b"LOGIN-DELAY", b"SYS/PERM", b"SYS/TEMP"})


def ok(text: bytes = b"", /) -> bytes:
    r"""A positive status line (RFC 1939 §3).

    Raises:
        ValueError: the text has a CR, LF or NUL, is too long, or looks like a response code.

    >>> ok(b"2 320")
    b'+OK 2 320\r\n'
    """
    return _line(b"+OK", text)


def error(text: bytes, code: bytes | None = None, /) -> bytes:
    r"""A negative status line, with a response code if one applies (RFC 2449 §8, RFC 3206).

    Raises:
        ValueError: as for `ok`, or the code is none of `CODES`.

    >>> error(b"authentication failed", b"AUTH")
    b'-ERR [AUTH] authentication failed\r\n'
    """
    if code is None:
        return _line(b"-ERR", text)
    if code not in CODES:
        message = "no such response code"
        raise ValueError(message)
    return _line(b"-ERR [%b]" % code, text)


def challenge(token: bytes, /) -> bytes:
    r"""A SASL challenge: a plus, a blank (also before nothing) and base64 (RFC 5034 §4).

    >>> challenge(b""), challenge(b"NTLMSSP")
    (b'+ \r\n', b'+ TlRMTVNTUA==\r\n')
    """
    return b"+ %b\r\n" % b2a_base64(token, newline=False)


def multiline(text: bytes, lines: Iterable[bytes], /) -> bytes:
    r"""A whole reply of several lines, dot-stuffed and ended, as for CAPA (RFC 1939 §3, RFC 2449 §5).

    Raises:
        ValueError: as for `ok`, of the text or of any line.

    >>> multiline(b"capabilities", [b"TOP", b"UIDL"])
    b'+OK capabilities\r\nTOP\r\nUIDL\r\n.\r\n'
    """
    stuffed = [_checked(b".%b\r\n" % line if line[:1] == b"." else b"%b\r\n" % line) for line in lines]
    return b"".join([ok(text), *stuffed, END])


def list_lines(entries: Iterable[tuple[int, int]], /) -> bytes:
    r"""Lines of LIST, message number and octets, without status line and `END` (RFC 1939 §5).

    So that a hundred thousand of them can be sent in portions.

    >>> list_lines([(1, 120), (3, 200)])
    b'1 120\r\n3 200\r\n'
    """
    return b"".join([b"%d %d\r\n" % entry for entry in entries])


def uidl_lines(entries: Iterable[tuple[int, str]], /) -> bytes:
    r"""Lines of UIDL, message number and stable name, without status line and `END` (RFC 1939 §7).

    Raises:
        ValueError: a name is not 1 to 70 octets of 0x21 to 0x7E.

    >>> uidl_lines([(1, "e1-7-40"), (3, "e1-7-42")])
    b'1 e1-7-40\r\n3 e1-7-42\r\n'
    """
    lines = []
    for number, name in entries:
        if not _UIDL(name):
            message = "a UIDL is 1 to 70 visible ASCII octets"
            raise ValueError(message)
        lines.append(f"{number} {name}\r\n")
    return "".join(lines).encode("ascii")


class DotStuffing:
    r"""A message's way to the wire, chunk by chunk: a dot before each dot that begins a line (RFC 1939 §3).

    The lines of the message end in CRLF; the chunks may end anywhere.

    >>> body = DotStuffing()
    >>> body.chunk(b".first\r"), body.chunk(b"\n"), body.chunk(b".second"), body.end()
    (b'..first\r', b'\n', b'..second', b'\r\n.\r\n')
    """

    __slots__ = ("_at_line_start",)

    def __init__(self) -> None:
        self._at_line_start = True

    def chunk(self, chunk: bytes, /) -> bytes:
        r"""The chunk, stuffed.

        >>> DotStuffing().chunk(b"a\r\n.\r\n")
        b'a\r\n..\r\n'
        """
        if not chunk:
            return chunk
        stuffed = chunk.replace(b"\n.", b"\n..")
        if self._at_line_start and chunk[:1] == b".":
            stuffed = b"." + stuffed
        self._at_line_start = chunk[-1:] == b"\n"
        return stuffed

    def end(self) -> bytes:
        r"""What ends the reply, and the last line before it if it has no end of its own.

        >>> DotStuffing().end()
        b'.\r\n'
        """
        return END if self._at_line_start else b"\r\n" + END


def _line(status: bytes, text: bytes) -> bytes:
    # RFC 2449 §8: what begins with a bracket is a response code, and codes have their own argument.
    if text[:1] == b"[":
        message = "a text that looks like a response code"
        raise ValueError(message)
    return _checked(b"%b %b\r\n" % (status, text) if text else b"%b\r\n" % status)


def _checked(line: bytes) -> bytes:
    if len(line) > LONGEST_LINE or not _ONE_LINE(line):
        message = "a reply's line has no CR, LF or NUL inside and at most 512 octets"
        raise ValueError(message)
    return line


_ONE_LINE = re.compile(rb"[^\r\n\0]*\r\n").fullmatch
_UIDL = re.compile(r"[\x21-\x7e]{1,70}").fullmatch
