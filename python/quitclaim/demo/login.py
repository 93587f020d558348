"""A POP3 client that logs in by NTLMv2 and reads a message: what a mail program does, in its fewest steps.

Written with the standard library alone, so that the demo needs nothing else (MS-POP3, MS-NLMP §3.1.5).
"""

from __future__ import annotations

import base64
import hmac
import os
import socket
import struct
from typing import TYPE_CHECKING, Final

from quitclaim.ntlm import Credential

if TYPE_CHECKING:
    from io import BufferedRWPair

__all__ = ("authenticate", "read_message")


def read_message(address: tuple[str, int], username: str, password: str, /) -> bytes:
    """Logs in, and gives the first message of the maildrop, as it was delivered.

    Raises:
        OSError: there is no such server, it says nothing for ten seconds, or it refuses: in its own words.
    """
    with socket.create_connection(address, timeout=10.0) as peer, peer.makefile("rwb") as stream:
        _reply(stream)
        _say(stream, b"AUTH NTLM")
        _reply(stream)
        _say(stream, base64.b64encode(_NEGOTIATE))
        challenge = base64.b64decode(_reply(stream))
        _say(stream, base64.b64encode(authenticate(challenge, username, password)))
        _reply(stream)
        _say(stream, b"RETR 1")
        _reply(stream)
        lines = []
        while (line := stream.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        _say(stream, b"QUIT")
        _reply(stream)
    return b"".join(lines)


def authenticate(challenge: bytes, username: str, password: str, /) -> bytes:
    """The AUTHENTICATE that answers a CHALLENGE, with an NTLMv2 response and without a MIC (§3.3.2).

    >>> from quitclaim.ntlm import Acceptor, Credential
    >>> challenged, challenge = Acceptor("MAIL").challenge(_NEGOTIATE, bytes(8), 0.0)
    >>> claim = challenged.authenticate(authenticate(challenge, "anna", "open sesame"), None, 0.0)
    >>> claim.verify(Credential.from_password("open sesame")).username
    'anna'
    """
    length, offset = struct.unpack_from("<H2xI", challenge, 40)
    target_info = challenge[offset : offset + length]
    # The time is the server's (AV pair 7), so that no clock of ours can be wrong.
    time = _av_pair(target_info, 7) or bytes(8)
    about = bytes([1, 1, 0, 0, 0, 0, 0, 0]) + time + os.urandom(8) + bytes(4) + target_info + bytes(4)
    key = hmac.digest(Credential.from_password(password).nt_hash, username.upper().encode("utf-16-le"), "md5")
    response = hmac.digest(key, challenge[24:32] + about, "md5") + about
    name = username.encode("utf-16-le")
    fields = (b"", response, b"", name, b"", b"")  # LM, NT, domain, user, workstation, session key
    header, payload = b"NTLMSSP\0" + struct.pack("<I", 3), b""
    for field in fields:
        header += struct.pack("<HHI", len(field), len(field), _PAYLOAD + len(payload))
        payload += field
    return header + struct.pack("<I", _FLAGS) + payload


def _av_pair(target_info: bytes, wanted: int) -> bytes | None:
    while len(target_info) >= _AV_HEADER:
        kind, length = struct.unpack_from("<HH", target_info)
        if kind == wanted:
            return target_info[_AV_HEADER : _AV_HEADER + length]
        target_info = target_info[_AV_HEADER + length :]
    return None


def _say(stream: BufferedRWPair, line: bytes) -> None:
    stream.write(line + b"\r\n")
    stream.flush()


def _reply(stream: BufferedRWPair) -> bytes:
    """What stands behind `+ ` or `+OK `."""
    line = stream.readline().rstrip(b"\r\n")
    if not line.startswith(b"+"):
        message = f"the server says {line.decode(errors='backslashreplace')!r}"
        raise ConnectionError(message)
    return line.partition(b" ")[2]


# Unicode, request target, NTLM, always sign, extended session security (NTLMv2 session), 128 bits.
_FLAGS: Final = 0x2008_8205
_NEGOTIATE: Final = b"NTLMSSP\0" + struct.pack("<II", 1, _FLAGS) + bytes(16)
_PAYLOAD: Final = 64  # octets before it
_AV_HEADER: Final = 4
