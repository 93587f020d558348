"""A stream that is written by a thread, so that nobody waits for whoever reads it."""

from __future__ import annotations

import io
import select
import sys
import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

__all__ = ("LogWriter",)


class LogWriter:
    r"""A thread that writes to a stream, and what waits for it: so much at most, and the rest is lost.

    A `logging.handlers.QueueListener` takes record by record, and its `stop` waits as long as it takes.

    >>> writer = LogWriter(stream := io.StringIO(), lambda lines: f"{lines} lines were lost\n")
    >>> writer.write("one line\n")
    >>> writer.close()
    >>> stream.getvalue()
    'one line\n'

    Args:
        stream: where to; None for stderr, as it is when a line is written.
        loss: the line, with its end, for so many that were lost.
    """

    def __init__(self, stream: TextIO | None, loss: Callable[[int], str], /) -> None:
        self._stream = stream
        self._loss = loss
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        self._size = 0  # of what waits, in characters
        self._lost = 0  # lines that came after those that wait
        self._closed = False
        self._wake: SimpleQueue[None] = SimpleQueue()
        # A daemon: it may be in the middle of a write that never returns.
        self._thread = threading.Thread(target=self._serve, name="the log", daemon=True)
        self._thread.start()

    def write(self, text: str, /) -> None:
        """Has it written later, in any thread."""
        with self._lock:
            if self._closed:
                return
            idle = not self._waiting and not self._lost
            # Once a line is lost all are, until the thread has taken what waits: so the gap is in one place.
            if self._lost or self._size + len(text) > _MOST_WAITING:
                self._lost += text.count("\n")
            else:
                self._waiting.append(text)
                self._size += len(text)
        if idle:
            self._wake.put(None)

    def close(self) -> None:
        """Ends the thread when it has written what waits, and is patient for a second. Idempotent."""
        with self._lock:
            self._closed = True
        self._wake.put(None)
        self._thread.join(_PATIENCE)

    def _serve(self) -> None:
        failed = 0  # lines that could not be written
        closed = False
        while not closed:
            self._wake.get()
            # A failed login takes 136 us of the server's CPU this way, 157 if each turn of the loop wakes the
            # thread, and took 145 when the loop itself wrote (20,000 attempts, 64 connections, 5 runs).
            time.sleep(_GATHERING)
            with self._lock:
                texts, self._waiting, self._size = self._waiting, [], 0
                lost, self._lost = self._lost, 0
                closed = self._closed
            before, after = (self._loss(lines) if lines else "" for lines in (failed, lost))
            text = "".join([before, *texts, after])
            if not text:
                continue
            try:
                _write(sys.stderr if self._stream is None else self._stream, text)
            except Exception:  # noqa: BLE001 - broken, closed, or an embedder's: told when it works again
                failed += lost + sum(part.count("\n") for part in texts)
            else:
                failed = 0


_MOST_WAITING: Final = 4_194_304  # characters, and as many again on their way: 40,000 failed logins
_GATHERING: Final = 0.005  # seconds
_PATIENCE: Final = 1.0  # seconds


def _write(stream: TextIO, text: str) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"  # a StringIO's is None
    octets = text.encode(encoding, "backslashreplace")
    buffer = getattr(stream, "buffer", None)
    raw = buffer.raw if isinstance(buffer, io.BufferedWriter) else buffer
    if isinstance(raw, io.FileIO):
        # Past the buffer: its lock would be held while the write waits, and Python, which takes it to flush
        # at exit, aborts then.
        _write_octets(raw, octets)
    else:
        stream.write(octets.decode(encoding))
        stream.flush()


def _write_octets(file: io.FileIO, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        written: int | None = file.write(rest)
        if written is None:  # full, and whoever else has it open made it non-blocking
            poll = select.poll()
            poll.register(file, select.POLLOUT)
            poll.poll()
        else:
            rest = rest[written:]
