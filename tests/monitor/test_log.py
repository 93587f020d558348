"""The log: a line for an event, whatever a peer calls itself, in order, and all of them at the end."""

from __future__ import annotations

import asyncio
import io
import logging
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quitclaim.monitor.log import EventLog
from quitclaim.monitor.text import TextLines, quoted
from quitclaim.observer import Connected, Delivered, Event, Left, LoggedIn, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PEER = "192.0.2.7:4711"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
FAILED = Refused(PEER, "NTLM", "anna", "logon denied")


@given(st.text())
def test_no_name_ends_its_quotes_or_its_line(name: str) -> None:
    text = TextLines().event(Refused(PEER, "PLAIN", name, "logon denied"))
    found = re.fullmatch(
        r'login failed: peer=\S+ mechanism=PLAIN user="((?:[^"\\]|\\.)*…?)" cause="[^"]*"', text
    )
    assert found
    assert text.isprintable()


@given(st.text(min_size=65))
def test_a_long_name_is_cut(name: str) -> None:
    assert len(quoted(name)) <= 2 + 64 * len(r"\U0010ffff") + 1
    assert quoted(name).endswith('…"')


@pytest.mark.parametrize(
    "event", [Connected(PEER), Delivered(PEER, "anna", 1, 100), Left(PEER, "", "lost", 0, 0, 0)]
)
def test_what_nobody_asked_about_is_not_written(event: Event) -> None:
    assert TextLines().event(event) == ""


class Stream(io.StringIO):
    """Counts what is written at once."""

    writes = 0

    def write(self, text: str) -> int:
        """Counts it."""
        self.writes += 1
        return super().write(text)


async def note(log: EventLog, events: Iterable[Event]) -> None:
    for event in events:
        log(event)


def test_a_burst_is_written_once() -> None:
    with EventLog(stream := Stream()) as log:
        asyncio.run(note(log, [FAILED] * 100))
    assert (stream.writes, stream.getvalue().count("\n")) == (1, 100)


def test_a_line_begins_with_the_time_in_utc() -> None:
    with EventLog(stream := Stream()) as log:
        asyncio.run(note(log, [FAILED]))
    assert re.match(rf"{TIME} login failed: ", stream.getvalue())


async def note_in_turns(log: EventLog, names: Iterable[str]) -> None:
    for name in names:
        log(Refused(PEER, "PLAIN", name, "logon denied"))
        await asyncio.sleep(0)


def test_lines_keep_their_order_and_none_is_left_at_the_end(tmp_path: Path) -> None:
    names = [str(number) for number in range(10_000)]
    with (tmp_path / "log").open("w") as stream, EventLog(stream) as log:
        asyncio.run(note_in_turns(log, names))
    assert re.findall(r'user="(\d+)"', (tmp_path / "log").read_text()) == names


def test_what_a_loop_left_behind_is_written_too() -> None:
    log = EventLog(stream := Stream())
    loop = asyncio.new_event_loop()
    loop.call_soon(log, LoggedIn(PEER, "NTLM", "anna", 0, 0))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    log.close()
    assert stream.getvalue().count("login: ") == 1


def test_it_may_be_closed_twice_and_says_nothing_afterwards() -> None:
    log = EventLog(stream := Stream())
    log.close()
    log.write("late\n")
    log.close()
    assert stream.getvalue() == ""


def test_who_forgets_to_close_it_has_the_last_lines_nevertheless() -> None:
    script = "from quitclaim.monitor.log import EventLog; EventLog().write('the last line\\n')"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)  # noqa: S603 - ours
    assert ended.stderr.endswith(b"Z the last line\n")


def test_logging_may_write_there() -> None:
    with EventLog(stream := Stream()) as log:
        record = logging.LogRecord("test", logging.ERROR, "", 0, "of %s", (PEER,), None)
        logging.StreamHandler(log).handle(record)
    assert re.fullmatch(rf"{TIME} of {PEER}\n", stream.getvalue())


def test_somebody_elses_lines_begin_with_the_time_once() -> None:
    with EventLog(stream := Stream()) as log:
        log.write("warning: two\nlines\n")
    assert re.fullmatch(rf"{TIME} warning: two\nlines\n", stream.getvalue())


# --- what a stream cannot encode is escaped, and no other line is lost by it

NAMES = ("root", "J\u00fcrgen", "\u4e2d")


def test_a_stream_of_octets_gets_what_its_encoding_lacks_escaped() -> None:
    octets = io.BytesIO()
    stream = io.TextIOWrapper(octets, encoding="latin-1")
    with EventLog(stream) as log:
        asyncio.run(note_in_turns(log, NAMES))
    assert re.findall(rb'user="(.+?)"', octets.getvalue()) == [b"root", b"J\xfcrgen", b"\\u4e2d"]


def test_a_file_gets_what_its_encoding_lacks_escaped(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w", encoding="latin-1") as stream, EventLog(stream) as log:
        asyncio.run(note_in_turns(log, NAMES))
    written = (tmp_path / "log").read_bytes()
    assert re.findall(rb'user="(.+?)"', written) == [b"root", b"J\xfcrgen", b"\\u4e2d"]
