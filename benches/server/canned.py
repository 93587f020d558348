"""The floor: a uvloop Protocol that says the same lines as a server, from memory, whatever it is told.

No parsing, no cryptography, no table, no store: what is left is the price of uvloop and of the kernel.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from typing import Final, cast

import uvloop

from quitclaim.ntlm import Acceptor
from quitclaim.pop3 import replies

__all__: tuple[str, ...] = ()

GREETING: Final = b"+OK quitclaim ready\r\n"
_NEGOTIATE: Final = b"NTLMSSP\0\x01\0\0\0" + (0xA208_8207).to_bytes(4, "little") + bytes(24)
CHALLENGE: Final = replies.challenge(Acceptor("MAIL").challenge(_NEGOTIATE, b"12345678", time.time())[1])
FAILED: Final = (b"+ \r\n", CHALLENGE, b"-ERR [AUTH] authentication failed\r\n")
GOOD: Final = (
    b"+ \r\n",
    CHALLENGE,
    b"+OK 5 messages (1000 octets)\r\n",
    b"+OK 5 1000\r\n",
    b"+OK goodbye\r\n",
)


class Canned(asyncio.Protocol):
    """One reply for each time that something comes."""

    __slots__ = ("_replies", "_said", "_transport")

    def __init__(self, replies: tuple[bytes, ...]) -> None:
        self._replies = replies
        self._said = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        if data[:4] == b"AUTH":
            self._said = 0
        said = self._said
        self._said = said + 1
        self._transport.write(self._replies[said])
        if said == len(GOOD) - 1:
            self._transport.close()


async def serve(mode: str) -> None:
    """Serves until it is ended, and says where."""
    replies = {"fail": FAILED, "ok": GOOD}[mode]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Canned(replies), "127.0.0.1", 0, family=socket.AF_INET, backlog=1024
    )
    print("listening on {}:{} pop3".format(*server.sockets[0].getsockname()), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(sys.argv[1]))
