"""`quitclaim who`: what servers hold, to read."""

from __future__ import annotations

import os
import poplib
import re
import signal
import socket
from typing import TYPE_CHECKING

import pytest
from tests.cli.processes import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.processes import Command, Running, Start


@pytest.fixture
def server(serve: Start) -> Iterator[Running]:
    """A server with a session of Anna's, and with somebody in the middle of a login."""
    server = serve()
    client = poplib.POP3(*server.address, timeout=10)
    client.user("anna")
    client.pass_(PASSWORD)
    with socket.create_connection(server.address, timeout=10) as other, other.makefile("rwb") as stream:
        stream.readline()
        stream.write(b"AUTH NTLM\r\n")
        stream.flush()
        assert stream.readline() == b"+ \r\n"
        yield server
    client.close()


@pytest.mark.pop3("maildrop-4")
def test_it_shows_sessions_locks_and_handles(server: Running, folder: Path, quitclaim: Command) -> None:
    code, out, err = quitclaim("who", "--data", folder)
    lines = [re.sub(r"127\.0\.0\.1:\d+ +\d s|(?<=room for )\S+", "…", line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert lines[:2] + sorted(lines[2:4]) + lines[4:] == [
        f"quitclaim, process {server.process.pid}, for 0 s, on {server.written}",
        "  sessions  2",
        '    …  "anna"',
        "    …  not logged in",
        "  locks     1",
        f'    "anna" by process {server.process.pid}',
        "  handles   1 live, peak 1, room for …",
        "    …  idle",
    ]


def test_all_servers_of_the_folder_are_shown(
    server: Running, serve: Start, folder: Path, quitclaim: Command
) -> None:
    other = serve()
    _, out, _ = quitclaim("who", "--data", folder)
    assert all(f"process {one.process.pid}, for" in out for one in (server, other))


def test_without_a_server_it_says_so(folder: Path, quitclaim: Command) -> None:
    assert quitclaim("who", "--data", folder) == (1, "", f"quitclaim: no server runs on {folder}\n")


def test_of_a_server_that_drains_it_shows_who_is_left(
    server: Running, folder: Path, quitclaim: Command
) -> None:
    server.process.send_signal(signal.SIGTERM)
    while ", stopping, 2 sessions left\n" not in (out := quitclaim("who", "--data", folder).out):
        assert out.startswith(f"quitclaim, process {server.process.pid}, for ")


def test_only_its_user_can_reach_the_status_socket(server: Running, folder: Path) -> None:
    path = folder / "run" / f"{server.process.pid}.sock"
    assert (path.parent.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    assert path.stat().st_uid == os.getuid()
