"""Memory of a crowd that has gone: when it is given back, and where that cannot be done."""

from __future__ import annotations

import asyncio
import ctypes
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from tests.server.wire import Wire

from quitclaim.cli.memory import CROWD, INTERVAL, find_trim, giving_back

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.processes import Start

SERVE = """\
import sys
from quitclaim.cli import daemon, memory
from quitclaim.cli.main import main
memory.CROWD, memory.INTERVAL = 3, 0.001
daemon.find_trim = lambda: lambda: print("given back", flush=True)
sys.exit(main())
"""


class Loop(asyncio.SelectorEventLoop):
    """A loop whose clock is turned by hand."""

    now = 0.0

    def time(self) -> float:
        """What its clock shows."""
        return self.now

    def pass_(self, seconds: float) -> None:
        """Lets so much time pass, and what is due then happen."""
        self.now += seconds
        self.call_soon(self.stop)
        self.run_forever()


class Connections:
    """How many have gone, and how many had when memory was given back."""

    def __init__(self) -> None:
        self.gone = 0
        self.given_back: list[int] = []

    def trim(self) -> None:
        """Stands in for the C library."""
        self.given_back.append(self.gone)


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def connections() -> Connections:
    return Connections()


def test_when_a_crowd_has_gone_its_memory_is_given_back_once(loop: Loop, connections: Connections) -> None:
    with giving_back(lambda: connections.gone, connections.trim, loop):
        connections.gone = CROWD
        loop.pass_(INTERVAL)
        loop.pass_(INTERVAL)
    assert connections.given_back == [CROWD]


def test_before_the_look_nothing_is_given_back(loop: Loop, connections: Connections) -> None:
    with giving_back(lambda: connections.gone, connections.trim, loop):
        connections.gone = CROWD
        loop.pass_(INTERVAL - 1)
    assert connections.given_back == []


def test_a_few_are_no_crowd_until_more_have_gone(loop: Loop, connections: Connections) -> None:
    with giving_back(lambda: connections.gone, connections.trim, loop):
        connections.gone = CROWD - 1
        loop.pass_(INTERVAL)
        assert connections.given_back == []
        connections.gone = CROWD
        loop.pass_(INTERVAL)
    assert connections.given_back == [CROWD]


def test_each_crowd_counts_from_the_one_before(loop: Loop, connections: Connections) -> None:
    with giving_back(lambda: connections.gone, connections.trim, loop):
        for gone in (CROWD, 2 * CROWD - 1, 2 * CROWD):
            connections.gone = gone
            loop.pass_(INTERVAL)
    assert connections.given_back == [CROWD, 2 * CROWD]


def test_after_the_end_nobody_looks(loop: Loop, connections: Connections) -> None:
    with giving_back(lambda: connections.gone, connections.trim, loop):
        loop.pass_(INTERVAL)
    connections.gone = CROWD
    loop.pass_(INTERVAL)
    assert connections.given_back == []


def test_a_look_that_fails_is_not_the_last(loop: Loop, connections: Connections) -> None:
    def fail() -> None:
        connections.trim()
        raise MemoryError

    failures: list[object] = []
    loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
    with giving_back(lambda: connections.gone, fail, loop):
        for gone in (CROWD, 2 * CROWD):
            connections.gone = gone
            loop.pass_(INTERVAL)
    assert connections.given_back == [CROWD, 2 * CROWD]
    assert [type(one) for one in failures] == [MemoryError, MemoryError]


def test_nobody_looks_where_nothing_can_be_given_back(loop: Loop, connections: Connections) -> None:
    def gone() -> int:
        raise AssertionError

    with giving_back(gone, None, loop):
        loop.pass_(INTERVAL)
    assert connections.given_back == []


def test_the_c_library_gives_back_all_of_it_whenever_it_is_asked() -> None:
    kept: list[int] = []
    glibc = SimpleNamespace(malloc_trim=lambda octets: kept.append(octets.value))
    trim = find_trim(lambda _: cast("ctypes.CDLL", glibc))
    assert trim is not None
    trim()
    trim()
    assert kept == [0, 0]


def test_a_c_library_without_the_function_is_let_be() -> None:
    assert find_trim(lambda _: cast("ctypes.CDLL", SimpleNamespace())) is None


def test_libraries_that_cannot_be_loaded_are_let_be() -> None:
    def load(_: None) -> ctypes.CDLL:
        message = "dynamic loading is not supported"
        raise OSError(message)

    assert find_trim(load) is None


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="the C library is not glibc")
def test_glibc_has_it() -> None:
    trim = find_trim()
    assert trim is not None
    assert trim() in {0, 1}  # whether there was any to give


def test_serve_gives_back_what_its_connections_leave(start: Start, folder: Path) -> None:
    server = start("-c", SERVE, "serve", "--data", folder, "--listen", "127.0.0.1:0")
    for _ in range(3):
        with Wire(server.address) as wire:
            assert wire.say(b"QUIT") == b"+OK goodbye\r\n"
    assert server.process.stdout is not None
    assert server.process.stdout.readline() == "given back\n"
