"""fail2ban's filter: a wrong guess counts against its own address, and nothing else counts against anyone."""

from __future__ import annotations

import ast
import asyncio
import io
import os
import re
import subprocess
from configparser import ConfigParser
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from tests.interop.conftest import installed

from quitclaim.monitor.json_lines import JsonLines
from quitclaim.monitor.log import EventLog
from quitclaim.monitor.text import TextLines
from quitclaim.observer import Left, LoggedIn, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quitclaim.monitor.log import Format
    from quitclaim.observer import Event

FOLDER = Path(str(files("quitclaim"))) / "contrib" / "fail2ban"
FILTER = FOLDER / "filter.d" / "quitclaim.conf"
OTHER = "198.51.100.1"  # of somebody whom the peers want to be banned
FORMATS = pytest.mark.parametrize("format_", [TextLines(), JsonLines()], ids=["text", "json"])
# How a line comes to fail2ban: from a file, or by syslog.
WAYS = pytest.mark.parametrize(
    "before", ["", "Nov 22 22:00:00 mail quitclaim[4711]: "], ids=["file", "syslog"]
)

NAMES = (
    "anna",
    "",
    "J\u00fcrgen",
    "\u674e",
    'a" cause="cancelled"',
    f'a"\nlogin failed: peer={OTHER}:1 mechanism=NTLM user="b" cause="logon denied"',
    f'a\\" cause="logon denied"\r\n2026-11-22T22:00:00Z login failed: peer={OTHER}:1 mechanism=NTLM user="b',
    f'","cause":"logon denied"}}\n{{"time":"2026-11-22T22:00:00Z","event":"login failed","peer":"{OTHER}:1",',
    f"peer={OTHER}:1",
    "a\\",
    "\\" * 65,
    '"' * 65,
    "\0\x1b[2J\u2028\u202e",
)
GUESSES: Final[dict[str, Event]] = {
    "192.0.2.1": Refused("192.0.2.1:4711", "NTLM", "anna", "logon denied"),
    "192.0.2.2": Refused("192.0.2.2:4711", "USER", "anna", "logon denied: nobody of that name"),
    "2001:db8::7": Refused("[2001:db8::7]:4711", "SCRAM-SHA-256", "anna", "logon denied"),
    "192.0.2.3": Refused("[::ffff:192.0.2.3]:4711", "X-OWN_1", "anna", 'logon denied: in "own" words'),
    **{
        f"203.0.113.{number}": Refused(f"203.0.113.{number}:4711", "PLAIN", name, "logon denied")
        for number, name in enumerate(NAMES)
    },
}
NO_GUESSES: Final[dict[str, Event]] = {
    **{
        cause: Refused("192.0.2.7:4711", "NTLM", "anna", cause)
        for cause in (
            "cancelled",
            "invalid token: it ends too early",
            "locked out",
            "maildrop in use",
            "refused by policy: the response is NTLMv1",
            "too soon",
            "unavailable: accounts",
            'cancelled" cause="logon denied',
        )
    },
    **{f"login of {name!r}": LoggedIn("192.0.2.7:4711", "NTLM", name, 3, 4_500, "NTLMv2") for name in NAMES},
    **{f"end of {name!r}": Left("192.0.2.7:4711", name, "quit", 1, 1_500, 1) for name in NAMES if name},
}


def written(events: Iterable[Event], format_: Format) -> str:
    """What the log itself has of these."""

    async def note(log: EventLog) -> None:
        for event in events:
            log(event)

    with EventLog(stream := io.StringIO(), format_) as log:
        asyncio.run(note(log))
    return stream.getvalue()


@pytest.mark.pop3("login-34", "asked-9")
@pytest.mark.interop
@FORMATS
@WAYS
def test_fail2ban_counts_each_guess_against_its_address_and_nothing_else(
    before: str, format_: Format, tmp_path: Path
) -> None:
    lines = written([*GUESSES.values(), *NO_GUESSES.values()], format_).splitlines()
    (tmp_path / "log").write_text("".join(f"{before}{line}\n" for line in lines))
    assert [row[0] for row in counted(tmp_path / "log")] == list(GUESSES)


@pytest.mark.interop
@FORMATS
def test_fail2ban_reads_the_time_as_utc_wherever_it_runs(format_: Format, tmp_path: Path) -> None:
    event = GUESSES["192.0.2.1"]
    line = f"{format_.opening('2026-11-22T22:00:00Z')}{format_.event(event)}\n"
    (tmp_path / "log").write_text(line)
    assert [row[1] for row in counted(tmp_path / "log")] == [1_795_384_800]


def counted(log: Path) -> list[tuple[str, float, dict[str, str]]]:
    """What fail2ban counts in a log: address, seconds since 1970, and what else it has found."""
    ended = subprocess.run(  # noqa: S603 - that is the test
        [installed("fail2ban-regex"), "--out", "row", str(log), str(FILTER)],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "America/New_York"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.stderr == ""
    rows: list[tuple[str, float, dict[str, str]]] = [
        ast.literal_eval(line.rstrip(",").replace("\t", " ")) for line in ended.stdout.splitlines()
    ]
    return rows


# --- the same without fail2ban: what it does with a line, in Python


@pytest.fixture(scope="module")
def expressions() -> list[re.Pattern[str]]:
    """The filter's regular expressions, with fail2ban's own tags written out."""
    parser = ConfigParser()
    parser.read(FILTER)
    tags = {
        "<ADDR>": r"\[?(?:::ffff:)?(?P<address>[0-9a-f.:]+)\]?",
        "<F-USER>": "(?P<user>",
        "</F-USER>": ")",
    }
    source = parser["Definition"]["failregex"]
    for tag, expression in tags.items():
        source = source.replace(tag, expression)
    return [re.compile(line) for line in source.splitlines()]


def found(expressions: list[re.Pattern[str]], event: Event, format_: Format) -> list[str]:
    """The addresses that an event counts against."""
    (line,) = written([event], format_).splitlines()
    # fail2ban takes the date out before, and what its pattern has around it.
    without = re.sub(r'^(?:\{"time":")?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', "", line)
    return [match["address"] for one in expressions for match in [one.search(without)] if match]


@pytest.mark.pop3("login-34", "asked-9")
@FORMATS
@pytest.mark.parametrize("address", GUESSES)
def test_a_guess_counts_against_its_address(
    address: str, format_: Format, expressions: list[re.Pattern[str]]
) -> None:
    assert found(expressions, GUESSES[address], format_) == [address]


@pytest.mark.pop3("login-34")
@FORMATS
@pytest.mark.parametrize("what", NO_GUESSES)
def test_what_is_no_guess_counts_against_nobody(
    what: str, format_: Format, expressions: list[re.Pattern[str]]
) -> None:
    assert found(expressions, NO_GUESSES[what], format_) == []


def test_the_jail_is_for_the_filter() -> None:
    jail = ConfigParser()
    jail.read(FOLDER / "jail.d" / "quitclaim.conf")
    assert jail["quitclaim"]["filter"] == FILTER.stem
