"""Accounts are added, changed, removed and listed; what is refused changes nothing."""

from __future__ import annotations

import shutil
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest

from quitclaim.accounts.administration import Entry, add, listing, passwd, remove, restored
from quitclaim.accounts.sqlite import SqliteAccounts
from quitclaim.database import Database
from quitclaim.errors import InvalidUsername, MaildropInUse, UnknownUser, UserExists
from quitclaim.identity import Identity
from quitclaim.maildrop.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def names(database: Database) -> list[str]:
    """Who is there."""
    return [entry.username for entry in listing(database)]


def test_a_listing_has_all_accounts_by_name(database: Database) -> None:
    add(database, "bert", "open sesame")
    add(database, "Anna", "open sesame", ntlm=False)
    SqliteStore(database).deliver(["bert"], b"hello\n")
    SqliteStore(database).deliver(["bert"], b"good bye\n")
    assert listing(database) == [Entry("Anna", False, 0, 0, None), Entry("bert", True, 2, 17, None)]  # noqa: FBT003


@pytest.mark.parametrize(
    "username",
    ["a", "a" * 64, "anna@example.org", "анна", "straße", "anna.b-c_d+e", "...", "-", "李"],
)
def test_a_name_may_have_any_visible_characters(database: Database, username: str) -> None:
    add(database, username, "open sesame")
    assert names(database) == [username]


@pytest.mark.parametrize(
    "username",
    [
        "",
        "a" * 65,
        "a b",
        " a",
        "a\n",
        "a\0",
        "a\u00a0b",
        "a\u200bb",
        "a\x7f",
        "\ud800",
        "a/b",
        "a\\b",
        ".",
        "..",
    ],
)
def test_no_other_name_is_taken(database: Database, username: str) -> None:
    with pytest.raises(InvalidUsername):
        add(database, username, "open sesame")
    assert names(database) == []


def test_a_name_is_kept_composed(database: Database) -> None:
    add(database, "Zoe\u0308", "open sesame")
    assert names(database) == ["Zo\u00eb"]


def test_a_name_that_is_there_is_not_added_again(database: Database) -> None:
    add(database, "anna", "open sesame")
    with pytest.raises(UserExists, match="there is an account 'anna' already"):
        add(database, "ANNA", "another")
    assert names(database) == ["anna"]


@pytest.mark.parametrize("password", ["", "x" * 257, "a\0b", "a\rb", "a\nb", "\ud800"])
@pytest.mark.parametrize("ntlm", [True, False])
def test_no_such_password_is_taken(database: Database, password: str, ntlm: bool) -> None:  # noqa: FBT001
    with pytest.raises(ValueError, match=r"^(?!.*x{9})"):
        add(database, "anna", password, ntlm=ntlm)
    assert names(database) == []


@pytest.mark.parametrize("ntlm", [True, False])
def test_an_account_keeps_its_kind_with_another_password(
    database: Database,
    ask: Callable[..., Any],
    ntlm: bool,  # noqa: FBT001
) -> None:
    add(database, "anna", "open sesame", ntlm=ntlm)
    passwd(database, "Anna", "another")
    assert [entry.ntlm for entry in listing(database)] == [ntlm]
    with SqliteAccounts(database) as accounts:
        assert ask(accounts.password, "anna", "another").key == "anna"
        assert ask(accounts.password, "anna", "open sesame") is None


@pytest.mark.parametrize("username", ["nobody", "\udcff"])
@pytest.mark.parametrize("wrong", [lambda database, name: passwd(database, name, "x"), remove])
def test_an_unknown_user_is_told_to_the_administrator(
    database: Database, wrong: Callable[[Database, str], None], username: str
) -> None:
    with pytest.raises(UnknownUser, match="there is no account"):
        wrong(database, username)


@pytest.mark.parametrize("username", ["zo\u00eb", "ZOE\u0308", "\u212bsa", "j\u030ca"])
def test_a_name_is_found_composed_or_not(database: Database, username: str) -> None:
    add(database, username, "open sesame")
    for form in ("NFC", "NFD"):
        passwd(database, unicodedata.normalize(form, username.upper()), "another")
    with pytest.raises(UserExists):
        add(database, unicodedata.normalize("NFD", username), "another")


@pytest.mark.pop3("maildrop-15", "asked-1")
def test_after_a_backup_was_restored_no_uidl_comes_twice(
    folder: Path, tmp_path: Path, ask: Callable[..., Any]
) -> None:
    def uidls(database: Database, message: bytes) -> list[str]:
        store = SqliteStore(database)
        store.deliver(["anna"], message)
        maildrop = ask(store.open, Identity("anna"))
        names = [maildrop.uidl(number) for number in range(1, len(maildrop.octets) + 1)]
        maildrop.close()
        return names

    with Database(folder) as database:
        add(database, "anna", "open sesame")
        backed_up = uidls(database, b"in the backup\n")
    shutil.copytree(folder, tmp_path / "backup")
    with Database(folder) as database:
        lost = uidls(database, b"lost\n")
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "backup", folder)
    with Database(folder) as database:
        restored(database)
        after = uidls(database, b"new\n")
    assert after[0] == lost[0] == backed_up[0]
    assert len({*lost, *after}) == 3


def test_a_removed_account_takes_its_mail_along(database: Database) -> None:
    add(database, "anna", "open sesame")
    SqliteStore(database).deliver(["anna"], b"hello\n")
    remove(database, "ANNA")
    left = [database.peek(f"SELECT count(*) FROM {table}") for table in ("message", "chunk", "account")]  # noqa: S608
    assert (names(database), left) == ([], [0, 0, 0])


def test_an_account_whose_maildrop_is_open_is_not_removed(
    database: Database, ask: Callable[..., Any]
) -> None:
    add(database, "anna", "open sesame")
    maildrop = ask(SqliteStore(database).open, Identity("anna"))
    with pytest.raises(MaildropInUse):
        remove(database, "anna")
    maildrop.close()
    assert names(database) == ["anna"]


def test_a_removed_account_leaves_no_lock(database: Database) -> None:
    add(database, "anna", "open sesame")
    remove(database, "anna")
    assert database.locks.holders() == {}
