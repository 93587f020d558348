"""`quitclaim user`."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from quitclaim.accounts.administration import listing
from quitclaim.database import Database
from quitclaim.maildrop.lock import Locks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.processes import Command


def names(folder: Path) -> list[tuple[str, bool]]:
    with Database(folder) as database:
        return [(account.username, account.ntlm) for account in listing(database)]


def test_an_account_is_made_with_a_data_folder_of_its_users_own(tmp_path: Path, quitclaim: Command) -> None:
    data = tmp_path / "data"
    said = quitclaim("user", "add", "anna", "--data", data, "--password-stdin", stdin=b"open sesame\nmore\n")
    assert said == (0, "anna can log in\n", "")
    assert names(data) == [("anna", True)]
    assert data.stat().st_mode & 0o777 == 0o700


def test_the_default_folder_is_the_platforms(
    tmp_path: Path, quitclaim: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    quitclaim("user", "add", "anna", "--password-stdin", stdin=b"open sesame")
    assert names(tmp_path / "quitclaim") == [("anna", True)]


def test_no_ntlm_keeps_no_nt_hash(folder: Path, quitclaim: Command) -> None:
    quitclaim("user", "add", "carl", "--data", folder, "--no-ntlm", "--password-stdin", stdin=b"open sesame")
    assert names(folder)[-1] == ("carl", False)


def test_a_password_is_asked_for_twice(
    folder: Path, quitclaim: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["open sesame", "open sesame"])
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: next(typed))
    monkeypatch.setattr("quitclaim.cli.arguments.sys", _Terminal())
    assert quitclaim("user", "passwd", "anna", "--data", folder).code == 0
    assert list(typed) == []


def test_passwords_that_differ_change_nothing(
    folder: Path, quitclaim: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["open sesame", "open sesam"])
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: next(typed))
    monkeypatch.setattr("quitclaim.cli.arguments.sys", _Terminal())
    said = quitclaim("user", "add", "carl", "--data", folder)
    assert (said.code, "differ" in said.err) == (2, True)
    assert len(names(folder)) == 2


@pytest.mark.parametrize("nothing", [[EOFError], [""]], ids=["Ctrl-D", "Enter"])
def test_no_password_is_refused_at_once(
    nothing: list[type[EOFError] | str], folder: Path, quitclaim: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getpass", Mock(side_effect=nothing))
    monkeypatch.setattr("quitclaim.cli.arguments.sys", _Terminal())
    said = quitclaim("user", "add", "carl", "--data", folder)
    assert (said.code, said.err) == (2, "quitclaim: no password was given: nothing was changed\n")
    assert len(names(folder)) == 2


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("user add a/b", "no slash"),
        ("user add Anna", "an account 'Anna' already"),
        ("user passwd carl", "no account 'carl'"),
    ],
)
def test_a_name_is_refused_before_a_password_is_asked_for(
    line: str, sentence: str, folder: Path, quitclaim: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getpass", asked := Mock())
    monkeypatch.setattr("quitclaim.cli.arguments.sys", _Terminal())
    said = quitclaim(*line.split(), "--data", folder)
    assert (sentence in said.err, asked.called) == (True, False)


class _Terminal:
    """`sys` where standard input is a terminal."""

    class stdin:  # noqa: N801 - its name in sys
        """It."""

        isatty = staticmethod(lambda: True)

    stderr = sys.stderr


REFUSED = {
    "no account": ("user passwd carl", b"new", 1, "no account 'carl'"),
    "none to remove": ("user remove carl", b"", 1, "no account 'carl'"),
    "one already": ("user add Anna", b"new", 1, "an account 'Anna' already"),
    "no such name": ("user add a/b", b"new", 2, "no slash"),
    "no password": ("user add carl", b"\n", 2, "no password"),
    "no text": ("user add carl", b"\xff\n", 2, "not UTF-8"),
    "no such password": ("user add carl", b"a\0b\n", 2, "none of them NUL"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_one_sentence_and_changes_nothing(case: str, folder: Path, quitclaim: Command) -> None:
    line, stdin, code, sentence = REFUSED[case]
    flags = () if line.startswith("user remove") else ("--password-stdin",)
    said = quitclaim(*line.split(), "--data", folder, *flags, stdin=stdin)
    assert (said.code, said.out, said.err.count("\n")) == (code, "", 1)
    assert sentence in said.err
    assert names(folder) == [("anna", True), ("bert", True)]


def test_without_a_terminal_there_is_no_question(folder: Path, quitclaim: Command) -> None:
    said = quitclaim("user", "add", "carl", "--data", folder)
    assert (said.code, "--password-stdin" in said.err) == (2, True)


def test_an_account_is_removed_with_its_mail(folder: Path, quitclaim: Command) -> None:
    assert quitclaim("user", "remove", "anna", "--data", folder).code == 0
    with Database(folder) as database:
        assert database.run(
            lambda connection: connection.execute("SELECT count(*) FROM message").fetchone()
        ) == (0,)


def test_the_list_has_what_their_maildrops_hold(folder: Path, quitclaim: Command) -> None:
    _, out, _ = quitclaim("user", "list", "--data", folder)
    assert [line.split() for line in out.splitlines()] == [
        ["NAME", "NTLM", "MESSAGES", "OCTETS"],
        ["anna", "yes", "1", "29"],
        ["bert", "yes", "0", "0"],
    ]


@pytest.mark.parametrize("line", ["user list", "user passwd anna", "user remove anna"])
def test_a_wrong_folder_is_named_and_not_made(line: str, tmp_path: Path, quitclaim: Command) -> None:
    said = quitclaim(*line.split(), "--data", tmp_path / "typo")
    assert (said.code, str(tmp_path / "typo") in said.err) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_an_account_in_use_is_not_removed(folder: Path, quitclaim: Command) -> None:
    lock = Locks(folder).acquire(1)  # the mailbox of Anna, who was the first
    said = quitclaim("user", "remove", "anna", "--data", folder)
    lock.free()
    assert (said.code, said.err) == (
        1,
        "quitclaim: another session has the maildrop open: nothing was removed\n",
    )
    assert names(folder) == [("anna", True), ("bert", True)]
