"""Q214573: however many logins fail, and wherever they are cut off, handles and memory stay the same."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import spnego
from tests.server.wire import Wire

from quitclaim.ntlm import Acceptor

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONCURRENT = 100
_ATTEMPTS = 50  # on one connection, until the server ends it
DENIED: Final = b"-ERR [AUTH] authentication failed\r\n"


class Storm:
    """A server in a process of its own, and those who storm it."""

    def __init__(self, process: subprocess.Popen[str], /) -> None:
        self._process = process
        self.address: tuple[str, int] = tuple(self._answer())

    def _answer(self) -> Any:  # noqa: ANN401 - JSON
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def holds(self) -> dict[str, Any]:
        """What the server holds when nobody is connected any more."""
        assert self._process.stdin is not None
        while True:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
            held: dict[str, Any] = self._answer()
            if not held["connected"]:
                return held

    def fail(self, attempt: bytes) -> None:
        """So many connections at once, and on each so many attempts that fail."""
        wires = [Wire(self.address) for _ in range(_CONCURRENT)]
        for wire in wires:
            wire.socket.sendall(attempt * _ATTEMPTS)
        for wire in wires:
            assert wire.rest().count(DENIED) == _ATTEMPTS
            wire.close()

    def cut_off(self, attempt: bytes) -> None:
        """So many connections at once, each cut off elsewhere in an attempt."""
        wires = [Wire(self.address) for _ in range(_CONCURRENT)]
        for number, wire in enumerate(wires):
            wire.socket.sendall(attempt[: len(attempt) * number // _CONCURRENT])
        for number, wire in enumerate(wires):
            wire.reset() if number % 2 else wire.close()


@pytest.fixture
def storm() -> Iterator[Storm]:
    """A server in a process of its own, which must end well."""
    command = [sys.executable, str(Path(__file__).with_name("storm_server.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        yield Storm(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


@pytest.fixture(scope="module")
def attempt() -> bytes:
    """The lines of an attempt by NTLM that answers another's challenge, as pyspnego makes them."""
    client = spnego.client("anna", "open sesame", protocol="ntlm")
    negotiate = client.step() or b""
    _, challenge = Acceptor("MAIL").challenge(negotiate, b"8 octets", time.time())
    return b"AUTH NTLM\r\n%b\r\n%b\r\n" % (b64encode(negotiate), b64encode(client.step(challenge) or b""))


def test_twenty_thousand_failed_logins_leave_nothing(storm: Storm, attempt: bytes) -> None:
    for _ in range(2):
        storm.fail(attempt)
        storm.cut_off(attempt)
    before = storm.holds()
    for _ in range(4):
        storm.fail(attempt)
        storm.cut_off(attempt)
    after = storm.holds()
    assert after["counters"]["denied"] - before["counters"]["denied"] >= 4 * _CONCURRENT * _ATTEMPTS
    assert after["counters"]["logins"] == after["counters"]["errors"] == 0
    assert after["live"] == 0
    assert after["acquired"] == after["freed"]
    assert after["octets"] - before["octets"] < 2_000_000


def test_failed_logins_by_another_implementation_leave_nothing(storm: Storm) -> None:
    for _ in range(60):
        with Wire(storm.address) as wire:
            for password in ("guess", "", "open", "Open sesame"):
                assert wire.ntlm("anna", password) == DENIED
            assert wire.ntlm("mallory", "open sesame") == DENIED
            assert wire.ntlm("anna", "open sesame") == b"+OK 0 messages (0 octets)\r\n"
            assert wire.say(b"QUIT") == b"+OK goodbye\r\n"
            assert wire.is_closed()
    held = storm.holds()
    assert (held["live"], held["acquired"], held["freed"]) == (0, 360, 360)
    assert (held["counters"]["denied"], held["counters"]["logins"]) == (300, 60)


def test_a_storm_of_all_other_kinds_leaves_nothing(storm: Storm, attempt: bytes) -> None:
    kinds = [
        b"AUTH NTLM\r\nno base64\r\n",
        b"AUTH NTLM\r\n*\r\n",
        b"AUTH PLAIN\r\n\r\n",
        b"AUTH PLAIN AGFubmEAZ3Vlc3M=\r\n",
        b"USER anna\r\nPASS guess\r\n",
        b"\r\n".join([*attempt.split(b"\r\n")[:2], b"TlRMTVNTUAADAAAA", b""]),
        b"AUTH NTLM\r\n" + b"A" * 12_300 + b"\r\n",
    ]
    for kind in kinds:
        for _ in range(20):
            with Wire(storm.address) as wire:
                wire.socket.sendall(kind * _ATTEMPTS)
                assert wire.rest().count(b"-ERR") == _ATTEMPTS
        storm.cut_off(kind)
    held = storm.holds()
    assert held["live"] == 0
    assert held["acquired"] == held["freed"] >= len(kinds) * 20 * _ATTEMPTS
    assert held["counters"]["errors"] == 0
