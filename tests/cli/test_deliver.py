"""`quitclaim deliver`: to all or to none, and 0 only when it is on disk."""

from __future__ import annotations

import os
import pty
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from quitclaim import database as databases
from quitclaim.database import Database

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.cli.processes import Command


def messages(folder: Path) -> list[bytes]:
    """The messages of Bert."""
    query = """
        SELECT chunk.octets FROM message JOIN mailbox ON mailbox.id = message.mailbox
        JOIN chunk ON chunk.id >> 20 = coalesce(message.body, message.id) WHERE key = 'bert'
    """
    with Database(folder) as database:
        return [row[0] for row in database.run(lambda connection: connection.execute(query).fetchall())]


def test_a_message_is_delivered_to_all_with_lf_as_crlf(folder: Path, quitclaim: Command) -> None:
    said = quitclaim("deliver", "--data", folder, "anna", "Bert", stdin=b"a: b\n\n\xffc\r\n.\nd")
    assert said == (0, "", "")
    assert messages(folder) == [b"a: b\r\n\r\n\xffc\r\n.\r\nd\r\n"]


def test_with_an_unknown_user_nothing_is_delivered(folder: Path, quitclaim: Command) -> None:
    said = quitclaim("deliver", "--data", folder, "bert", "carl", stdin=b"hello\n")
    assert (said.code, said.err) == (67, "quitclaim: there is no account 'carl': nothing was delivered\n")
    assert messages(folder) == []


def test_an_unknown_user_is_found_before_anything_is_read(
    folder: Path, quitclaim: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quitclaim.cli.deliver.sys", None)  # there is no standard input
    said = quitclaim("deliver", "--data", folder, "carl", "anna", "Dora")
    assert (said.code, said.err) == (
        67,
        "quitclaim: there is no account 'carl', 'Dora': nothing was delivered\n",
    )


def test_a_user_who_is_removed_while_it_is_read_gets_nothing(
    folder: Path, quitclaim: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quitclaim.cli.deliver.must_be_known", lambda _database, _names: None)
    said = quitclaim("deliver", "--data", folder, "bert", "carl", stdin=b"hello\n")
    assert (said.code, said.err) == (67, "quitclaim: there is no account 'carl': nothing was delivered\n")
    assert messages(folder) == []


def test_an_empty_standard_input_is_no_message(folder: Path, quitclaim: Command) -> None:
    said = quitclaim("deliver", "--data", folder, "bert")
    assert said == (65, "", "quitclaim: there is no message on standard input: nothing was delivered\n")
    assert messages(folder) == []


def test_a_message_is_typed_and_ended_by_one_ctrl_d(folder: Path) -> None:
    ours, terminal = pty.openpty()
    os.write(ours, b"hello\n\x04")
    command = [sys.executable, "-m", "quitclaim", "deliver", "--data", str(folder), "bert"]
    ended = subprocess.run(command, stdin=terminal, capture_output=True, check=True, text=True)  # noqa: S603 - ours
    os.close(ours)
    os.close(terminal)
    assert (ended.stdout, ended.stderr) == ("", "type the message, end it by Ctrl-D\n")
    assert messages(folder) == [b"hello\r\n"]


def test_without_a_data_folder_it_is_to_be_tried_again(tmp_path: Path, quitclaim: Command) -> None:
    said = quitclaim("deliver", "--data", tmp_path / "typo", "bert", stdin=b"hello\n")
    assert (said.code, said.err.count("\n"), list(tmp_path.iterdir())) == (75, 1, [])


def test_a_store_that_is_busy_is_to_be_tried_again(
    folder: Path, quitclaim: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "BUSY_TIMEOUT", 0.0)
    with closing(sqlite3.connect(folder / "quitclaim.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = quitclaim("deliver", "--data", folder, "bert", stdin=b"hello\n")
    assert (said.code, said.err.count("\n"), "locked" in said.err) == (75, 1, True)
    assert messages(folder) == []


def test_a_newer_schema_is_to_be_tried_again_and_left_alone(folder: Path, quitclaim: Command) -> None:
    with closing(sqlite3.connect(folder / "quitclaim.db", isolation_level=None)) as other:
        other.execute("PRAGMA user_version = 1000")
    said = quitclaim("deliver", "--data", folder, "bert", stdin=b"hello\n")
    assert (said.code, said.err.count("\n"), "newer version" in said.err) == (75, 1, True)


def test_a_closed_standard_input_is_tried_again(folder: Path) -> None:
    command = f'exec "$0" -m quitclaim deliver --data "{folder}" anna <&-'
    ended = subprocess.run(["/bin/sh", "-c", command, sys.executable], capture_output=True, check=False)  # noqa: S603 - ours
    assert (ended.returncode, ended.stderr) == (
        75,
        b"quitclaim: standard input is closed: nothing was delivered\n",
    )


def test_a_mistake_of_our_own_is_tried_again(
    folder: Path, quitclaim: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quitclaim.cli.deliver.must_be_known", None)
    said = quitclaim("deliver", "--data", folder, "anna", stdin=b"hello\n")
    assert said.code == 75
    assert said.err.endswith("that is a mistake of quitclaim's: nothing was delivered\n")
