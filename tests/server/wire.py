"""A peer on a socket: blocking, with a time-out, and as rude as a test wants it."""

from __future__ import annotations

import socket
import struct
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Final, Self

import spnego

if TYPE_CHECKING:
    import ssl

    from spnego.channel_bindings import GssChannelBindings

__all__ = ("PASSWORD", "PLAIN", "Wire")

PASSWORD: Final = "open sesame"  # noqa: S105 - a test's
PLAIN: Final = b"AUTH PLAIN " + b64encode(b"\0anna\0open sesame")
GREETING: Final = b"+OK quitclaim ready\r\n"
_PATIENCE = 20.0  # seconds, after which a test has failed


class Wire:
    """A connection to a server; the greeting is read, unless there may be none."""

    def __init__(
        self, address: tuple[str, int], /, *, greeted: bool = True, receive_buffer: int | None = None
    ) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(_PATIENCE)
        self.socket.connect(address)
        self._received = b""
        if greeted:
            assert self.line() == GREETING

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, *lines: bytes) -> None:
        """Says lines, in one packet if it is not too large for that."""
        self.socket.sendall(b"".join([line + b"\r\n" for line in lines]))

    def line(self) -> bytes:
        """The next line that is said, or what there is of it at the end."""
        while b"\n" not in self._received:
            octets = self.socket.recv(65_536)
            if not octets:
                break
            self._received += octets
        line, end, self._received = self._received.partition(b"\n")
        return line + end

    def say(self, *lines: bytes) -> bytes:
        """Says lines and gives the first line that is said to them."""
        self.send(*lines)
        return self.line()

    def rest(self) -> bytes:
        """All that is said until the server closes."""
        said = [self._received]
        self._received = b""
        while octets := self.socket.recv(1 << 20):
            said.append(octets)
        return b"".join(said)

    def rest_after(self, octets: int) -> bytes:
        """All that is said from now on until the server closes, and QUIT said after so many octets."""
        said = [self._received]
        self._received = b""
        size = len(said[0])
        while size < octets:
            said.append(self.socket.recv(1 << 20))
            size += len(said[-1])
        self.send(b"QUIT")
        return b"".join(said) + self.rest()

    def is_closed(self) -> bool:
        """Whether the server has closed without another word; waits for it."""
        try:
            return self.rest() == b""
        except ConnectionResetError:
            return True

    def login(self) -> Self:
        """Logs in as anna."""
        assert self.say(PLAIN).startswith(b"+OK ")
        return self

    def secure(self, context: ssl.SSLContext, name: str = "127.0.0.1") -> Self:
        """Shakes hands."""
        self.socket = context.wrap_socket(self.socket, server_hostname=name)
        return self

    def ntlm(self, username: str, password: str, binding: GssChannelBindings | None = None) -> bytes:
        """Logs in by pyspnego, and gives the reply."""
        client = spnego.client(username, password, protocol="ntlm", channel_bindings=binding)
        assert self.say(b"AUTH NTLM") == b"+ \r\n"
        challenge = self.say(b64encode(client.step() or b""))
        return self.say(b64encode(client.step(b64decode(challenge[2:])) or b""))

    def say_no_more(self) -> None:
        """Closes one half."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Goes without a word: RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self) -> None:
        """Goes: FIN."""
        self.socket.close()
