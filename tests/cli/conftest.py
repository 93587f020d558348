"""What the tests of the command line share: commands in this process, servers in their own."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.cli.processes import MESSAGE, PASSWORD, Command, Ended, Running, Start

from quitclaim.accounts import administration
from quitclaim.cli.main import main
from quitclaim.database import Database
from quitclaim.maildrop.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_folder_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test forgets to say: no data folder but its own is touched."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "default"))


@pytest.fixture
def quitclaim(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command in this process: its arguments, and what it reads from standard input."""

    def run(*arguments: str | Path, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            code = main([str(one) for one in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with the accounts of Anna, who has a message, and Bert, who has none."""
    data = tmp_path / "data"
    with Database(data) as database:
        for name in ("anna", "bert"):
            administration.add(database, name, PASSWORD)
        SqliteStore(database).deliver(["anna"], MESSAGE)
    return data


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server process, and waits until it listens as often as it should."""
    processes: list[subprocess.Popen[str]] = []

    def run(*arguments: str | Path, listeners: int = 1) -> Running:
        log = tmp_path / f"{len(processes)}.log"
        command = [sys.executable, *map(str, arguments)]
        with log.open("w") as stderr:
            process = subprocess.Popen(  # noqa: S603 - ours
                command, stdout=subprocess.PIPE, stderr=stderr, text=True
            )
        processes.append(process)
        assert process.stdout is not None
        lines = [process.stdout.readline().split() for _ in range(listeners)]
        assert all(words[:2] == ["listening", "on"] and words[3] in {"pop3", "pop3s"} for words in lines), (
            log.read_text()
        )
        pairs = [words[2].rpartition(":") for words in lines]
        return Running(process, [(host, int(port)) for host, _, port in pairs], log)

    yield run
    for process in processes:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def serve(start: Start, folder: Path) -> Start:
    """Starts `quitclaim serve` on the folder, at a free port unless told otherwise."""

    def run(*arguments: str | Path, listeners: int = 1) -> Running:
        where = () if arguments else ("--listen", "127.0.0.1:0")
        return start("-m", "quitclaim", "serve", "--data", folder, *where, *arguments, listeners=listeners)

    return run
