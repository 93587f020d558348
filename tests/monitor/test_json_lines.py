"""The log as JSON: whatever a peer calls itself, an event is one line, which reads as what it was."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quitclaim.monitor.json_lines import JsonLines
from quitclaim.monitor.log import EventLog
from quitclaim.monitor.text import shortened
from quitclaim.observer import Connected, Delivered, Event, Left, LoggedIn, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

PEER = "192.0.2.7:4711"
NUMBERS = st.integers(min_value=0, max_value=2**63)
TIME = "2026-11-22T22:00:00Z"
# What JSON, a terminal, a log's reader or a codec may stumble over.
HOSTILE = st.text(st.sampled_from('a"\\\0\n\r\x1b\x7f\u2028\u202e\U0001f600{}')) | st.text(
    st.characters(codec="utf-8")
)


async def note(log: EventLog, events: Iterable[Event]) -> None:
    for event in events:
        log(event)


def written(*events: Event) -> str:
    """What the log has of these."""
    with EventLog(stream := io.StringIO(), JsonLines()) as log:
        asyncio.run(note(log, events))
    return stream.getvalue()


def parsed(event: Event) -> dict[str, Any]:
    """The one object that there is for an event, with the time taken out."""
    lines = JsonLines()
    text = lines.opening(TIME) + lines.event(event)
    assert text.isascii()
    assert text.isprintable()
    found: dict[str, Any] = json.loads(text)
    assert found.pop("time") == TIME
    return found


@pytest.mark.pop3("login-34")
@given(HOSTILE, HOSTILE, st.sampled_from(["NTLM", "PLAIN"]))
def test_a_refusal_reads_as_what_it_was(username: str, cause: str, mechanism: str) -> None:
    assert parsed(Refused(PEER, mechanism, username, cause)) == {
        "event": "login failed",
        "peer": PEER,
        "mechanism": mechanism,
        "user": shortened(username),
        "cause": shortened(cause),
    }


@given(HOSTILE, NUMBERS, NUMBERS)
def test_a_login_reads_as_what_it_was(username: str, messages: int, octets: int) -> None:
    assert parsed(LoggedIn(PEER, "NTLM", username, messages, octets, "NTLMv2")) == {
        "event": "login",
        "peer": PEER,
        "mechanism": "NTLM",
        "user": shortened(username),
        "detail": "NTLMv2",
        "messages": messages,
        "octets": octets,
    }


@given(HOSTILE.filter(bool), NUMBERS, NUMBERS, NUMBERS)
def test_the_end_of_a_session_reads_as_what_it_was(
    username: str, retrieved: int, octets: int, deleted: int
) -> None:
    assert parsed(Left(PEER, username, "quit", retrieved, octets, deleted)) == {
        "event": "session ended",
        "peer": PEER,
        "user": shortened(username),
        "cause": "quit",
        "retrieved": retrieved,
        "octets": octets,
        "deleted": deleted,
    }


@pytest.mark.parametrize(
    "event", [Connected(PEER), Delivered(PEER, "anna", 1, 100), Left(PEER, "", "lost", 0, 0, 0)]
)
def test_what_nobody_asked_about_is_not_written(event: Event) -> None:
    assert written(event) == ""


@given(st.lists(HOSTILE, max_size=5))
def test_there_is_one_line_an_event(names: list[str]) -> None:
    lines = written(*(Refused(PEER, "PLAIN", name, "logon denied") for name in names)).splitlines()
    assert [json.loads(line)["user"] for line in lines] == [shortened(name) for name in names]


@pytest.mark.parametrize("name", ["\ud800", "\ud800\udfff"])
def test_what_is_no_character_is_no_part_of_a_line(name: str) -> None:
    assert parsed(Refused(PEER, "PLAIN", name, "logon denied"))["user"] == "?" * len(name)


def test_a_line_has_its_time_as_rfc_3339_has_it() -> None:
    line = json.loads(written(LoggedIn(PEER, "NTLM", "anna", 0, 0)))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["time"])


def test_an_exception_in_logging_is_one_line_too() -> None:
    with EventLog(stream := io.StringIO(), JsonLines()) as log:
        cause = ValueError, ValueError("two\nlines"), None
        record = logging.LogRecord("test", logging.ERROR, "", 0, "of %s", (PEER,), cause)
        logging.StreamHandler(log).handle(record)
    (line,) = stream.getvalue().splitlines()
    said = json.loads(line)
    assert (said["event"], said["text"]) == ("message", f"of {PEER}\nValueError: two\nlines")


class FailsOnce(io.StringIO):
    """A disk that was full for a moment."""

    has_failed = False

    def write(self, text: str) -> int:
        """Fails, and later does not."""
        if not self.has_failed:
            self.has_failed = True
            raise OSError
        return super().write(text)


def test_what_is_lost_is_said_as_json_too() -> None:
    stream = FailsOnce()
    with EventLog(stream, JsonLines()) as log:
        log.write("one\n")
        while not stream.has_failed:
            pass
        log.write("two\n")
    lost, two = map(json.loads, stream.getvalue().splitlines())
    assert ((lost["event"], lost["lines"]), two["text"]) == (("lines lost", 1), "two")
