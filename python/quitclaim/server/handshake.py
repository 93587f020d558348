"""A TLS handshake on a connection that there is: at its beginning, or after STLS (RFC 2595 §4)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

__all__ = ("Handshake",)

_log = logging.getLogger(__name__)


class Handshake(asyncio.Protocol):
    """Stands in for a connection until TLS is up; begins by a call of `begin`, or with what the peer says.

    `done` is called in the end, later and once, with the transport over TLS or with None. Whoever has had
    enough aborts the transport; then it is called too.

    Args:
        loop: the event loop.
        transport: the connection's, in plaintext. To begin with what the peer says, make this its protocol.
        context: the server's side of TLS.
        done: whom to tell.
        seconds: for the handshake.
        last_seconds: for the peer to take what is said last, once TLS is up.
    """

    __slots__ = (
        "_context",
        "_done",
        "_is_lost",
        "_loop",
        "_seconds",
        "_task",
        "_transport",
        "early",
        "is_at_end",
    )

    def __init__(  # noqa: PLR0913 - each another one's
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        context: ssl.SSLContext,
        done: Callable[[asyncio.Transport | None], None],
        /,
        *,
        seconds: float,
        last_seconds: float,
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._context = context
        self._done = done
        self._seconds = (seconds, last_seconds)
        self._task: asyncio.Task[asyncio.Transport | None] | None = None
        self._is_lost = False
        self.early = b""  # what the peer said over TLS before anybody was told that it is up
        self.is_at_end = False  # and that it says no more

    @property
    def is_begun(self) -> bool:
        """Whether there is more than a connection."""
        return self._task is not None

    def begin(self, hello: bytes = b"", /) -> None:
        """Begins, with what was read already. Of what comes now nobody hears but TLS."""
        self._transport.pause_reading()
        self._task = self._loop.create_task(self._shake(hello))
        self._task.add_done_callback(self._shaken)

    async def _shake(self, hello: bytes) -> asyncio.Transport | None:
        if self._transport.is_closing():  # start_tls would wait for a word that nobody says any more
            return None
        if hello:
            self._loop.call_soon(self._pass_on, hello)
        seconds, last_seconds = self._seconds
        transport = await self._loop.start_tls(
            self._transport,
            self,
            self._context,
            server_side=True,
            ssl_handshake_timeout=seconds,
            ssl_shutdown_timeout=last_seconds,
        )
        # If the other one was aborted, asyncio has none to give and uvloop a closed one: no error to either.
        return None if transport is None or transport.is_closing() else transport

    def _pass_on(self, hello: bytes) -> None:
        """Gives TLS what was read before it was there.

        It comes between start_tls, which has made TLS the protocol, and the handshake's begin, which it has
        left to the loop: until then TLS only keeps what it is given.
        """
        protocol = cast("asyncio.BufferedProtocol", self._transport.get_protocol())
        while hello:
            buffer = memoryview(protocol.get_buffer(len(hello)))
            part, hello = hello[: len(buffer)], hello[len(buffer) :]
            buffer[: len(part)] = part
            protocol.buffer_updated(len(part))

    def _shaken(self, task: asyncio.Task[asyncio.Transport | None]) -> None:
        transport = None
        if not task.cancelled():
            error = task.exception()
            if error is None:
                transport = task.result()
            elif not isinstance(error, OSError):  # which an ssl.SSLError is, and the peer's doing
                _log.error("a TLS handshake is given up", exc_info=error)
        self._done(None if self._is_lost else transport)

    # --- what the transports call: first the one in plaintext, then the one over TLS

    def data_received(self, data: bytes) -> None:
        """Begins, or keeps what came: a client may speak with the last message of its handshake."""
        if self._task is None:
            self.begin(data)
        else:
            self.early += data

    def eof_received(self) -> None:
        """Takes note."""
        self.is_at_end = True

    def connection_lost(self, _exception: Exception | None) -> None:
        """Takes note, and passes it on if nobody else will."""
        self._is_lost = True
        if self._task is None:
            self._done(None)
