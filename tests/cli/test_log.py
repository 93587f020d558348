"""The log: a line for an event, whatever a peer calls itself."""

from __future__ import annotations

import asyncio
import io
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quitclaim.monitor.log import EventLog, line, quoted
from quitclaim.observer import Connected, Delivered, Event, Left, LoggedIn, Refused

if TYPE_CHECKING:
    from typing import TextIO

PEER = "192.0.2.7:4711"
FAILED = Refused(PEER, "NTLM", "anna", "logon denied")


@given(st.text())
def test_no_name_ends_its_quotes_or_its_line(name: str) -> None:
    text = line(Refused(PEER, "PLAIN", name, "logon denied"))
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
    assert line(event) == ""


class Stream(io.StringIO):
    """Counts what is written at once."""

    writes = 0

    def write(self, text: str) -> int:
        """Counts it."""
        self.writes += 1
        return super().write(text)


async def burst(stream: TextIO) -> None:
    log = EventLog(stream)
    for _ in range(100):
        log(FAILED)
    await asyncio.sleep(0)


def test_a_burst_is_written_once() -> None:
    stream = Stream()
    asyncio.run(burst(stream))
    assert (stream.writes, stream.getvalue().count("\n")) == (1, 100)


def test_a_line_begins_with_the_time_in_utc() -> None:
    stream = Stream()
    asyncio.run(burst(stream))
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ login failed: ", stream.getvalue())


def test_a_broken_stream_ends_no_session() -> None:
    stream = Stream()
    stream.close()
    asyncio.run(burst(stream))


def test_what_is_left_can_be_written_after_the_loop() -> None:
    stream = Stream()
    log = EventLog(stream)

    async def one() -> None:
        log(LoggedIn(PEER, "NTLM", "anna", 0, 0))

    asyncio.run(one())
    log.flush()
    assert stream.getvalue().count("login: ") == 1
