"""Accounts in SQLite: at once while nothing changes, later when something did, with scrypt slow for all."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Coroutine
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from quitclaim.accounts import sqlite as module
from quitclaim.accounts.administration import ITERATIONS, add, passwd, remove
from quitclaim.accounts.password import ScryptHash
from quitclaim.accounts.sqlite import MOST_WAITING, SqliteAccounts
from quitclaim.database import Database
from quitclaim.errors import AccountsUnavailable, StoreUnavailable
from quitclaim.identity import Identity
from quitclaim.maildrop.sqlite import SqliteStore
from quitclaim.ntlm import Credential
from quitclaim.schema import APPLICATION, MIGRATIONS
from quitclaim.scram import ScramKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def accounts(database: Database) -> Iterator[SqliteAccounts]:
    """Accounts with anna's."""
    add(database, "anna", "open sesame")
    with SqliteAccounts(database) as opened:
        yield opened


class Claim:
    """As much of a claim as accounts look at."""

    def __init__(self, username: str) -> None:
        """Claims to be somebody."""
        self.username = username


def is_later(accounts: SqliteAccounts, username: str) -> bool:
    """Whether a look-up is answered later. Nobody waits for it."""
    answer = accounts.ntlm(Claim(username))  # type: ignore[arg-type]
    if isinstance(answer, Coroutine):
        answer.close()
    return isinstance(answer, Awaitable)


@pytest.mark.parametrize("username", ["anna", "nobody"])
def test_a_look_up_is_answered_at_once(accounts: SqliteAccounts, username: str) -> None:
    assert not is_later(accounts, username)
    assert not isinstance(accounts.password(username, "wrong"), Awaitable)


@pytest.mark.parametrize("username", ["anna", "bert", "nobody"])
def test_a_look_up_after_a_change_is_answered_later(
    accounts: SqliteAccounts, database: Database, username: str
) -> None:
    add(database, "bert", "open sesame")
    assert is_later(accounts, username)


def test_a_look_up_after_a_delivery_is_answered_at_once(accounts: SqliteAccounts, database: Database) -> None:
    SqliteStore(database).deliver(["anna"], b"hello\r\n")
    assert not is_later(accounts, "anna")


def test_a_user_who_was_added_can_log_in(
    accounts: SqliteAccounts, database: Database, ask: Callable[..., Any]
) -> None:
    add(database, "bert", "open sesame")
    assert ask(accounts.password, "bert", "open sesame").key == "bert"
    assert not is_later(accounts, "bert")


def test_a_user_whom_another_process_has_added_can_log_in(
    accounts: SqliteAccounts, database: Database, ask: Callable[..., Any]
) -> None:
    # Another connection is what another process has; the change is seen in the same way.
    with Database(database.folder) as other:
        add(other, "bert", "open sesame")
    assert ask(accounts.ntlm, Claim("bert")).accepts_password("open sesame")


def test_an_old_password_is_refused_after_the_change(
    accounts: SqliteAccounts, database: Database, ask: Callable[..., Any]
) -> None:
    passwd(database, "anna", "another")
    assert ask(accounts.password, "anna", "open sesame") is None
    assert ask(accounts.password, "anna", "another").key == "anna"


def test_a_user_who_was_removed_is_refused(
    accounts: SqliteAccounts, database: Database, ask: Callable[..., Any]
) -> None:
    remove(database, "anna")
    assert ask(accounts.password, "anna", "open sesame") is None


def test_accounts_are_read_to_the_last_whatever_their_number(database: Database) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        names = [(f"u{number}", f"u{number}") for number in range(1, 10_001)]
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO mailbox (name, key) VALUES (?, ?)", names)
        connection.execute("INSERT INTO account (mailbox, nt_hash) SELECT id, zeroblob(16) FROM mailbox")
        connection.execute("COMMIT")

    database.run(fill, writes=True)
    with SqliteAccounts(database) as accounts:
        found = [accounts.ntlm(Claim(f"u{number}")) for number in (1, 5000, 5001, 10_000)]  # type: ignore[arg-type]
    assert None not in found


def test_all_who_ask_during_a_change_share_the_reading(accounts: SqliteAccounts, database: Database) -> None:
    add(database, "bert", "open sesame")
    read: list[str] = []
    database.run(
        lambda connection: connection.set_trace_callback(
            lambda statement: read.append(statement) if "FROM account" in statement else None
        )
    )

    async def main() -> int:
        answers = [accounts.password("bert", "open sesame") for _ in range(50)]
        return len([await answer for answer in answers if isinstance(answer, Awaitable)])

    assert (asyncio.run(main()), len(read)) == (50, 1)


def test_a_login_that_is_cancelled_during_a_change_leaves_the_others(
    accounts: SqliteAccounts, database: Database
) -> None:
    add(database, "bert", "open sesame")

    async def main() -> list[object]:
        first, second = (accounts.password("bert", "open sesame") for _ in range(2))
        tasks = [asyncio.ensure_future(answer) for answer in (first, second) if isinstance(answer, Awaitable)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    cancelled, identity = asyncio.run(main())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert identity is not None


def test_accounts_of_a_closed_database_are_unavailable(
    accounts: SqliteAccounts, database: Database, ask: Callable[..., Any]
) -> None:
    database.close()
    for method, arguments in (
        (accounts.ntlm, (Claim("anna"),)),
        (accounts.password, ("anna", "open sesame")),
        (accounts.scram, ("anna", "SCRAM-SHA-256")),
    ):
        with pytest.raises(AccountsUnavailable):
            ask(method, *arguments)


def test_accounts_that_cannot_be_read_are_unavailable(database: Database) -> None:
    def damage(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE account")

    database.run(damage, writes=True)
    with pytest.raises(AccountsUnavailable):
        SqliteAccounts(database)


@pytest.mark.parametrize(
    "damage",
    [
        "nt_hash = x'00'",
        "nt_hash = 'not a hash'",
        "scram = x'00'",
        "scram = zeroblob(140)",
        "scram = 'no keys'",
        *(f"nt_hash = NULL, scrypt = {text}" for text in ("''", "'3$8$1$00$00'", "'65536$8$9$00$00'")),
    ],
)
def test_an_account_that_cannot_be_read_is_nobody_and_the_others_log_in(
    accounts: SqliteAccounts, database: Database, ask: Callable[..., Any], damage: str
) -> None:
    add(database, "bert", "open sesame")
    statement = f"UPDATE account SET {damage} WHERE mailbox = 1"  # noqa: S608
    database.run(lambda connection: connection.execute(statement), writes=True)
    assert ask(accounts.password, "anna", "open sesame") is None
    assert ask(accounts.ntlm, Claim("anna")) is None
    assert salt(accounts, ask, "anna")
    assert ask(accounts.password, "bert", "open sesame").key == "bert"


def test_accounts_that_cannot_be_opened_leave_no_thread(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        message = "as it should"
        raise ValueError(message)

    monkeypatch.setattr(SqliteAccounts, "_refresh", fail)
    before = threading.enumerate()
    with pytest.raises(ValueError, match="as it should"):
        SqliteAccounts(database)
    assert threading.enumerate() == before


# --- SCRAM


def salt(accounts: SqliteAccounts, ask: Callable[..., Any], username: str) -> bytes:
    """What anyone is told who asks for that user."""
    keys = ask(accounts.scram, username, "SCRAM-SHA-256")
    assert isinstance(keys, ScramKeys)
    assert keys.iterations == ITERATIONS
    return keys.salt


def test_no_tokens_are_offered_unless_somebody_checks_them(accounts: SqliteAccounts) -> None:
    assert accounts.offers == {"ntlm", "password", "scram"}
    assert accounts.token("token-of-anna") is None


def test_keys_are_answered_at_once_and_after_a_change_later(
    accounts: SqliteAccounts, database: Database, ask: Callable[..., Any]
) -> None:
    for username in ("anna", "nobody"):
        assert not isinstance(accounts.scram(username, "SCRAM-SHA-1"), Awaitable)
    before = salt(accounts, ask, "anna")
    passwd(database, "anna", "another")
    for username in ("anna", "nobody"):
        answer = accounts.scram(username, "SCRAM-SHA-1")
        assert isinstance(answer, Coroutine)
        answer.close()
    assert salt(accounts, ask, "anna") != before


@pytest.mark.parametrize("username", ["anna", "nobody"])
def test_a_salt_stays_when_the_server_starts_again(
    accounts: SqliteAccounts, database: Database, ask: Callable[..., Any], username: str
) -> None:
    before = salt(accounts, ask, username)
    with Database(database.folder) as again, SqliteAccounts(again) as opened:
        assert salt(opened, ask, username) == before


def test_nobodys_salt_is_another_in_another_database(
    accounts: SqliteAccounts, tmp_path: Path, ask: Callable[..., Any]
) -> None:
    with Database(tmp_path / "another") as another, SqliteAccounts(another) as opened:
        assert salt(opened, ask, "nobody") != salt(accounts, ask, "nobody")


# --- from before there was SCRAM


@pytest.fixture
def old_folder(folder: Path) -> Path:
    """A data folder as the first version made it, with anna's account and a message of hers."""
    folder.mkdir()
    nt_hash = Credential.from_password("open sesame").nt_hash
    with closing(sqlite3.connect(folder / "quitclaim.db", isolation_level=None)) as connection:
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute("INSERT INTO mailbox (name, key) VALUES ('anna', 'anna')")
        connection.execute("INSERT INTO account VALUES (1, ?, NULL)", (nt_hash,))
        connection.execute("INSERT INTO message (mailbox, octets) VALUES (1, 7)")
        connection.execute("INSERT INTO chunk VALUES (1 << 20, x'68656c6c6f0d0a')")
        connection.execute("INSERT INTO epoch VALUES (0, 'old')")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("PRAGMA user_version = 1")
    return folder


def test_an_old_database_keeps_its_accounts_and_mail(old_folder: Path, ask: Callable[..., Any]) -> None:
    with Database(old_folder) as database, SqliteAccounts(database) as accounts:
        assert database.peek("PRAGMA user_version") == len(MIGRATIONS)
        assert ask(accounts.password, "anna", "open sesame").key == "anna"
        maildrop = ask(SqliteStore(database).open, Identity("anna"))
        assert (list(maildrop.octets), maildrop.uidl(1)[:3]) == ([7], "old")
        maildrop.close()


def test_an_old_account_has_keys_when_its_password_is_set_again(
    old_folder: Path, ask: Callable[..., Any]
) -> None:
    with Database(old_folder) as database, SqliteAccounts(database) as accounts:
        nobodys = salt(accounts, ask, "anna")
        passwd(database, "anna", "open sesame")
        keys = ask(accounts.scram, "anna", "SCRAM-SHA-1")
        made = ScramKeys.from_password("open sesame", "SCRAM-SHA-1", salt=keys.salt, iterations=ITERATIONS)
        assert keys.stored_key == made.stored_key
        assert salt(accounts, ask, "anna") != nobodys


def test_an_old_database_that_cannot_be_migrated_is_as_it_was(old_folder: Path) -> None:
    with closing(sqlite3.connect(old_folder / "quitclaim.db")) as connection:
        connection.execute("CREATE TABLE nobody (somebody)")
    with pytest.raises(StoreUnavailable):
        Database(old_folder)
    with closing(sqlite3.connect(old_folder / "quitclaim.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert [row[1] for row in connection.execute("PRAGMA table_info(account)")] == [
            "mailbox",
            "nt_hash",
            "scrypt",
        ]


# --- scrypt


@pytest.fixture
def both(accounts: SqliteAccounts, database: Database, ask: Callable[..., Any]) -> SqliteAccounts:
    """Accounts with anna's, who has an NT hash, and cleo's, who has none."""
    add(database, "cleo", "no NTLM", ntlm=False)
    ask(accounts.ntlm, Claim("anna"))
    return accounts


def test_who_has_no_nt_hash_logs_in_by_password(both: SqliteAccounts, ask: Callable[..., Any]) -> None:
    assert ask(both.password, "Cleo", "no NTLM").key == "cleo"
    assert ask(both.password, "cleo", "wrong") is None


def test_who_has_no_nt_hash_has_keys_for_scram(both: SqliteAccounts, ask: Callable[..., Any]) -> None:
    keys = ask(both.scram, "Cleo", "SCRAM-SHA-256")
    made = ScramKeys.from_password("no NTLM", "SCRAM-SHA-256", salt=keys.salt, iterations=ITERATIONS)
    assert keys.server_key == made.server_key


def test_who_has_no_nt_hash_has_no_credential(both: SqliteAccounts) -> None:
    assert both.ntlm(Claim("cleo")) is None  # type: ignore[arg-type]


@pytest.mark.pop3("login-27")
@pytest.mark.parametrize("username", ["anna", "cleo", "nobody"])
@pytest.mark.parametrize("password", ["open sesame", "no NTLM", "wrong", ""])
def test_every_password_is_hashed_once_whoever_it_is(
    both: SqliteAccounts,
    ask: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    username: str,
    password: str,
) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(ScryptHash, "accepts_password", lambda _self, tried: hashed.append(tried))
    ask(both.password, username, password)
    assert hashed == [password]


def test_passwords_that_exceed_the_queue_are_refused(
    both: SqliteAccounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, leave = threading.Event(), threading.Event()

    def wait(*_arguments: object) -> None:
        entered.set()
        leave.wait()

    monkeypatch.setattr(module, "_check_slowly", wait)

    async def main() -> int:
        answers = [both.password("anna", "open sesame")]
        await asyncio.to_thread(entered.wait)
        answers += [both.password("anna", "open sesame") for _ in range(MOST_WAITING)]
        with pytest.raises(AccountsUnavailable, match="too busy"):
            both.password("anna", "open sesame")
        leave.set()
        return len(await asyncio.gather(*[answer for answer in answers if isinstance(answer, Awaitable)]))

    assert asyncio.run(main()) == MOST_WAITING + 1


def test_a_stored_hash_tells_nothing() -> None:
    stored = ScryptHash.from_password("open sesame")
    assert "sesame" not in stored.text
    assert repr(stored) == "<ScryptHash>"


def test_two_hashes_of_a_password_differ() -> None:
    assert ScryptHash.from_password("same").text != ScryptHash.from_password("same").text
