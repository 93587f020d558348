"""A server process with very much mail: it holds little of it, and others are served meanwhile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.server.wire import PLAIN, Wire

from quitclaim.database import Database, write
from quitclaim.maildrop.sqlite import SqliteStore

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from tests.cli.processes import Start

MIB = 1_048_576
MANY = 100_000
LINE = b"x" * 1_022 + b"\r\n"


def pieces(octets: int) -> Iterator[bytes]:
    """A message of that size."""
    for _ in range(octets // MIB):
        yield LINE * (MIB // len(LINE))


def most_held(process: int) -> int:
    """Octets of memory that a process has had at most."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1_024


@pytest.mark.pop3("maildrop-21")
def test_a_message_of_100_mib_takes_little_memory(serve: Start, folder: Path) -> None:
    with Database(folder) as database:
        SqliteStore(database).deliver(["anna"], pieces(100 * MIB))
    server = serve()
    with Wire(server.address) as wire:
        wire.login().send(b"RETR 1", b"QUIT")
        before = most_held(server.process.pid)
        wire.rest()
    with Wire(server.address) as wire:
        wire.login().send(b"TOP 2 100000000", b"RETR 2", b"QUIT")
        octets = 0
        while said := wire.socket.recv(MIB):
            octets += len(said)
    assert octets > 200 * MIB
    assert most_held(server.process.pid) < before + 16 * MIB


def insert_many(connection: sqlite3.Connection, message: bytes) -> None:
    """Gives anna so many messages, which are not read."""
    with write(connection):
        connection.execute(
            "WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number LIMIT ?) "
            "INSERT INTO message (mailbox, octets) SELECT 1, ? FROM number",
            (MANY, len(message)),
        )


@pytest.mark.pop3("maildrop-20", "asked-6")
def test_100_000_messages_are_listed_while_others_are_served(serve: Start, folder: Path) -> None:
    with Database(folder) as database:
        database.run(insert_many, b"x" * 7, writes=True)
    server = serve()
    with Wire(server.address, receive_buffer=4_096) as slow:
        slow.login().send(b"STAT", *[b"LIST", b"UIDL"] * 4, b"QUIT")
        assert slow.line() == b"+OK %d %d\r\n" % (MANY + 1, MANY * 7 + 29)
        # What is said to it is more than all buffers between us hold, so it is not yet all said.
        with Wire(server.address) as other:
            assert other.ntlm("bert", "open sesame") == b"+OK 0 messages (0 octets)\r\n"
            assert other.say(b"QUIT") == b"+OK goodbye\r\n"
        with Wire(server.address) as other:
            assert other.say(PLAIN).startswith(b"-ERR [IN-USE]")
        said = slow.rest()
    assert said.count(b"\r\n%d 7\r\n" % (MANY + 1)) == 4
    assert said.count(b"\r\n.\r\n") == 8
    names = re.findall(rb"^(\d+) (\S+)\r\n", said.partition(b"+OK names follow\r\n")[2], re.MULTILINE)
    assert len(dict(names)) == MANY + 1
    assert said.endswith(b".\r\n+OK goodbye\r\n")
