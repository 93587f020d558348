"""A log that nobody reads, or nobody can: the server goes on, and what is lost is counted."""

from __future__ import annotations

import asyncio
import io
import os
import poplib
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from quitclaim.monitor.log import EventLog
from quitclaim.observer import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO, Self

FAILED = Refused("192.0.2.7:4711", "NTLM", "anna", "logon denied")
FILLING = b"filling\n"


class Pipe:
    """A pipe that is full, and whoever has it as a stream waits for a reader; `lines` reads it."""

    def __init__(self) -> None:
        reader, writer = os.pipe()
        self.reader = os.fdopen(reader)
        self.stream = os.fdopen(writer, "w")
        os.set_blocking(writer, False)
        with suppress(BlockingIOError):
            while True:
                os.write(writer, FILLING)
        os.set_blocking(writer, True)

    def lines(self) -> Iterator[str]:
        """What comes out of it after the filling."""
        return (line for line in self.reader if line.encode() != FILLING)

    def __enter__(self) -> Self:
        """Gives itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes both ends, the reader's first: who waits is told."""
        self.reader.close()
        self.stream.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A pipe that is full."""
    with Pipe() as made:
        yield made


async def note(log: EventLog, events: int) -> None:
    for _ in range(events):
        log(FAILED)
        await asyncio.sleep(0)


@pytest.mark.parametrize("blocking", [True, False])
def test_the_loop_goes_on_and_the_lines_come_when_it_is_read(pipe: Pipe, *, blocking: bool) -> None:
    os.set_blocking(pipe.stream.fileno(), blocking)
    with EventLog(pipe.stream) as log:
        asyncio.run(note(log, 1_000))
        came = list(islice(pipe.lines(), 1_000))
    assert all('login failed: peer=192.0.2.7:4711 mechanism=NTLM user="anna"' in line for line in came)


def test_what_is_too_much_is_lost_and_the_log_says_so_in_its_place(pipe: Pipe) -> None:
    lines, batch = 200_000, 100
    numbers = [f"{number:099}\n" for number in range(lines)]
    with EventLog(pipe.stream) as log:
        for begin in range(0, lines, batch):
            log.write("".join(numbers[begin : begin + batch]))
        came = list(until(lines, pipe.lines()))
    kept = [number for number in came if number >= 0]
    assert kept == sorted(kept)
    # Two of 4 MiB at most: what waits, and what is on its way.
    assert 0 < len(kept) < 90_000
    assert came == expected(came)


def until(end: int, lines: Iterator[str]) -> Iterator[int]:
    """The numbers of lines until so many have come or are lost; a loss of N lines is -N."""
    accounted = 0
    while accounted < end:
        text = next(lines)
        lost = re.fullmatch(r"\S+Z log: (\d+) lines were lost\n", text)
        accounted += int(lost[1]) if lost else 1
        yield -int(lost[1]) if lost else int(text.rpartition(" ")[2])


def expected(came: list[int]) -> list[int]:
    """The same, as each follows from those before: a number is one more, or more by what was lost."""
    following = 0
    found = []
    for one in came:
        found.append(one if one < 0 else following)
        following += -one if one < 0 else 1
    return found


def test_whoever_has_gone_ends_no_session(pipe: Pipe) -> None:
    pipe.reader.close()
    with EventLog(pipe.stream) as log:
        asyncio.run(note(log, 1_000))


def test_a_stream_that_is_closed_ends_no_session() -> None:
    stream = io.StringIO()
    stream.close()
    with EventLog(stream) as log:
        asyncio.run(note(log, 1_000))


class FailsOnce(io.StringIO):
    """A disk that was full for a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.failed = threading.Event()

    def write(self, text: str) -> int:
        """Fails, and later does not."""
        if not self.failed.is_set():
            self.failed.set()
            raise OSError
        return super().write(text)


def test_what_could_not_be_written_is_counted_too() -> None:
    stream = FailsOnce()
    with EventLog(stream) as log:
        log.write("one\ntwo\n")
        stream.failed.wait()
        log.write("three\n")
    assert re.fullmatch(r"\S+Z log: 2 lines were lost\n\S+Z three\n", stream.getvalue())


def test_a_process_ends_whose_last_lines_nobody_reads(pipe: Pipe) -> None:
    script = "from quitclaim.monitor.log import EventLog; EventLog().write('nobody reads this\\n')"
    process = subprocess.Popen([sys.executable, "-c", script], stderr=pipe.stream)  # noqa: S603 - ours
    assert process.wait(20) == 0


@pytest.fixture
def server(pipe: Pipe, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A server process whose stderr takes nothing, and which says so there as soon as it listens."""
    command = [sys.executable, "-m", "quitclaim", "serve", "--data", str(tmp_path / "data")]
    process = subprocess.Popen(  # noqa: S603 - ours
        [*command, "--listen", "0.0.0.0:0"], stdout=subprocess.PIPE, stderr=pipe.stream, text=True
    )
    yield process
    process.kill()
    process.wait()
    stdout(process).close()


def stdout(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


def failed_login(port: int) -> None:
    client = poplib.POP3("127.0.0.1", port, timeout=10)
    client.user("anna")
    with pytest.raises(poplib.error_proto, match=r"\[AUTH\]"):
        client.pass_("guess")
    client.quit()


def test_a_server_answers_and_heeds_sigterm_whoever_reads_its_log(server: subprocess.Popen[str]) -> None:
    port = int(stdout(server).readline().split()[2].rpartition(":")[2])
    failed_login(port)
    failed_login(port)
    server.send_signal(signal.SIGTERM)
    assert server.wait(20) == 0
