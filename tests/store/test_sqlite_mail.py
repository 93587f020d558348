"""Mail in SQLite: delivery to many and by many, bodies that are shared, late answers, and what is refused."""

from __future__ import annotations

import asyncio
import os
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from quitclaim.accounts.administration import add, listing, remove
from quitclaim.database import Database, write
from quitclaim.errors import MaildropInUse, StoreUnavailable, UnknownUser
from quitclaim.identity import Identity
from quitclaim.maildrop.port import LARGEST_CHUNK
from quitclaim.maildrop.sqlite import SqliteStore
from quitclaim.schema import renew_epoch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from quitclaim.maildrop.sqlite import SqliteMaildrop

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")

ANNA = Identity("anna")
BERT = Identity("bert")


@pytest.fixture
def store(database: Database) -> SqliteStore:
    """A store with anna and bert."""
    add(database, "anna", "open sesame")
    add(database, "bert", "open sesame")
    return SqliteStore(database)


def rows(database: Database, question: str) -> list[tuple[Any, ...]]:
    """Asks SQLite itself."""
    return database.run(lambda connection: connection.execute(question).fetchall())


def execute(connection: sqlite3.Connection, statement: str) -> None:
    """Does what no part of quitclaim would do."""
    with write(connection):
        connection.execute(statement)


# --- delivery


def test_a_message_to_two_is_stored_once(store: SqliteStore, database: Database) -> None:
    store.deliver(["anna", "bert"], b"hello\r\n")
    assert rows(database, "SELECT count(*) FROM chunk") == [(1,)]


def test_a_message_to_the_same_user_twice_is_delivered_once(store: SqliteStore, database: Database) -> None:
    store.deliver(["anna", "ANNA"], b"hello\r\n")
    assert [entry.messages for entry in listing(database)] == [1, 0]


def test_a_message_to_an_unknown_user_too_is_delivered_to_nobody(
    store: SqliteStore, database: Database
) -> None:
    with pytest.raises(UnknownUser, match="there is no account 'cleo', 'dora'"):
        store.deliver(["anna", "cleo", "dora"], b"hello\r\n")
    assert rows(database, "SELECT count(*) FROM message") == [(0,)]


@pytest.mark.pop3("asked-10")
@pytest.mark.parametrize("first", [ANNA, BERT])
def test_a_shared_body_stays_until_both_have_deleted_it(
    store: SqliteStore, database: Database, ask: Callable[..., Any], first: Identity
) -> None:
    store.deliver(["anna", "bert"], b"hello\r\n")
    second = BERT if first is ANNA else ANNA
    ask(ask(store.open, first).commit, [1])
    maildrop = ask(store.open, second)
    assert ask(maildrop.read, 1, 0) == b"hello\r\n"
    ask(maildrop.commit, [1])
    assert rows(database, "SELECT count(*) FROM chunk") == [(0,)]


@pytest.mark.pop3("asked-10")
def test_all_chunks_of_a_message_are_deleted_and_no_others(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    for _ in range(3):
        store.deliver(["anna"], bytes(LARGEST_CHUNK + 1))
    ask(ask(store.open, ANNA).commit, [2])
    assert rows(database, "SELECT id >> 20, id & 1048575 FROM chunk") == [(1, 0), (1, 1), (3, 0), (3, 1)]


def test_a_message_may_come_in_pieces(store: SqliteStore, ask: Callable[..., Any]) -> None:
    store.deliver(["anna"], iter([b"hello\r", b"\nand good", b"bye"]))
    assert ask(ask(store.open, ANNA).read, 1, 0) == b"hello\r\nand goodbye\r\n"


@pytest.mark.pop3("maildrop-21")
def test_a_large_message_takes_little_memory(store: SqliteStore, ask: Callable[..., Any]) -> None:
    size, line = 32 * 1_048_576, b"x" * 1022 + b"\r\n"
    tracemalloc.start()
    try:
        store.deliver(["anna"], (line * 64 for _ in range(size // len(line) // 64)))
        maildrop = ask(store.open, ANNA)
        read = sum(len(ask(maildrop.read, 1, offset)) for offset in range(0, size, LARGEST_CHUNK))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read == size
    assert peak < 4 * 1_048_576


def test_a_sender_that_fails_delivers_nothing(store: SqliteStore, database: Database) -> None:
    def fails() -> Iterator[bytes]:
        yield b"hello\r\n"
        message = "as it should"
        raise ValueError(message)

    with pytest.raises(ValueError, match="as it should"):
        store.deliver(["anna"], fails())
    assert rows(database, "SELECT count(*) FROM message") == [(0,)]


def test_a_full_disk_refuses_the_message_and_keeps_the_others(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    store.deliver(["anna"], b"hello\r\n")
    database.run(execute, "PRAGMA max_page_count = 1", writes=True)
    with pytest.raises(StoreUnavailable, match="the disk is full"):
        store.deliver(["anna", "bert"], bytes(LARGEST_CHUNK))
    maildrop = ask(store.open, ANNA)
    assert (list(maildrop.octets), ask(maildrop.read, 1, 0)) == ([7], b"hello\r\n")


def test_deliveries_of_several_processes_all_succeed(database: Database) -> None:
    add(database, "anna", "open sesame")
    children = [fork_deliverer(database) for _ in range(4)]
    exits = [os.waitpid(child, 0)[1] for child in children]
    assert (exits, listing(database)[0].messages) == ([0] * 4, 200)


def fork_deliverer(database: Database) -> int:
    """Starts a process that delivers 50 messages to anna."""
    child = os.fork()
    if child == 0:
        deliver_and_leave(database)
    return child


def deliver_and_leave(database: Database) -> None:
    """Ends this process, which is a child, with 0 if all of its messages were delivered."""
    try:
        with Database(database.folder) as own:
            store = SqliteStore(own)
            for _ in range(50):
                store.deliver(["anna"], b"hello\r\n")
    except BaseException:  # noqa: BLE001 - whatever it is, it must not get into the parent's test run
        os._exit(1)
    os._exit(0)


# --- maildrops


def test_a_list_takes_12_octets_a_message(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    database.run(
        execute,
        "WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number LIMIT 20000) "
        "INSERT INTO message (mailbox, octets) SELECT 1, n FROM number",
        writes=True,
    )
    tracemalloc.start()
    try:
        maildrop = ask(store.open, ANNA)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert maildrop.octets[19_999] == 20_000
    assert held < 14 * 20_000


def test_who_has_no_mailbox_is_told_that_it_is_unavailable(
    store: SqliteStore, ask: Callable[..., Any]
) -> None:
    with pytest.raises(StoreUnavailable, match="the mailbox is not there"):
        ask(store.open, Identity("nobody"))


def test_a_name_that_no_text_has_is_unknown(store: SqliteStore, ask: Callable[..., Any]) -> None:
    with pytest.raises(StoreUnavailable, match="the mailbox is not there"):
        ask(store.open, Identity("\udcff"))
    with pytest.raises(UnknownUser, match=r"there is no account '\\udcff'"):
        store.deliver(["anna", "\udcff"], b"hello\r\n")


def test_a_maildrop_whose_user_was_removed_meanwhile_is_unavailable(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    store.deliver(["anna"], b"hello\r\n")
    maildrop = ask(store.open, ANNA)
    database.run(execute, "DELETE FROM mailbox WHERE key = 'anna'", writes=True)
    with pytest.raises(StoreUnavailable, match="not there any more"):
        ask(maildrop.read, 1, 0)
    with pytest.raises(StoreUnavailable, match="the mailbox is not there"):
        ask(maildrop.commit, [1])


def test_a_maildrop_whose_user_is_removed_while_it_is_opened_is_unavailable_and_not_locked(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    def remove_now(statement: str) -> None:
        if "json_group_array" in statement:
            database.run(execute, "DELETE FROM mailbox WHERE key = 'anna'", writes=True)

    database.run(lambda connection: connection.set_trace_callback(remove_now))
    with pytest.raises(StoreUnavailable, match="the mailbox is not there"):
        ask(store.open, ANNA)
    assert database.locks.holders() == {}


@pytest.mark.pop3("maildrop-15", "asked-1")
def test_uidls_of_a_user_who_was_removed_and_added_are_others(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    uidls = []
    for _ in range(2):
        store.deliver(["bert"], b"hello\r\n")
        maildrop = ask(store.open, BERT)
        uidls.append(maildrop.uidl(1))
        maildrop.close()
        remove(database, "bert")
        add(database, "bert", "open sesame")
    assert len({tuple(uidl.split("-")[1:]) for uidl in uidls}) == 2


def test_a_new_epoch_leaves_the_uidls_that_are_there(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    store.deliver(["anna"], b"hello\r\n")
    before = ask(store.open, BERT), ask(store.open, ANNA).uidl(1)
    database.run(renew_in_a_transaction, writes=True)
    store.deliver(["bert"], b"hello\r\n")
    before[0].close()
    epochs = [before[1].split("-")[0], ask(store.open, BERT).uidl(1).split("-")[0]]
    assert len(set(epochs)) == 2


def renew_in_a_transaction(connection: sqlite3.Connection) -> None:
    """A new epoch."""
    with write(connection):
        renew_epoch(connection)


def test_an_update_of_a_closed_maildrop_is_refused(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    store.deliver(["anna"], b"hello\r\n")
    maildrop = ask(store.open, ANNA)
    maildrop.close()
    with pytest.raises(StoreUnavailable, match="was closed before"):
        ask(maildrop.commit, [1])
    assert listing(database)[0].messages == 1


def test_a_maildrop_that_is_closed_during_its_update_is_locked_to_its_end(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    store.deliver(["anna"], b"hello\r\n")
    maildrop: SqliteMaildrop = ask(store.open, ANNA)
    held: list[bool] = []

    def close_it(statement: str) -> None:
        if statement == "COMMIT":
            maildrop.close()
            held.append(database.locks.holder(1) is not None)

    database.run(lambda connection: connection.set_trace_callback(close_it), writes=True)
    ask(maildrop.commit, [1])
    assert (held, database.locks.holder(1)) == ([True], None)


@pytest.mark.pop3("maildrop-16")
def test_the_update_is_all_or_none(store: SqliteStore, database: Database, ask: Callable[..., Any]) -> None:
    for _ in range(3):
        store.deliver(["anna"], b"hello\r\n")
    maildrop = ask(store.open, ANNA)
    database.run(
        execute,
        "CREATE TRIGGER fails BEFORE DELETE ON message WHEN old.id = 2 BEGIN SELECT raise(ABORT, 'no'); END",
        writes=True,
    )
    with pytest.raises(Exception, match="no"):
        ask(maildrop.commit, [1, 2, 3])
    assert listing(database)[0].messages == 3


# --- late answers: a prototype left 300 locks of 300 behind


def test_a_maildrop_that_nobody_waits_for_is_closed(store: SqliteStore, database: Database) -> None:
    async def main() -> None:
        futures = [store.open(ANNA), store.open(BERT)]
        # Both are done, and their answers are on the way.
        database.run(lambda _connection: None)
        for future in futures:
            future.cancel()

    asyncio.run(main())
    assert database.run(lambda _connection: database.locks.holders()) == {}


def test_a_maildrop_whose_loop_is_gone_can_be_opened_again(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    gate = threading.Event()

    async def ask_and_leave() -> None:
        database.submit(lambda _connection: gate.wait())
        store.open(ANNA)

    asyncio.run(ask_and_leave())
    gate.set()
    assert list(ask(store.open, ANNA).octets) == []


def test_a_maildrop_can_be_closed_after_its_database(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    maildrop = ask(store.open, ANNA)
    database.close()
    maildrop.close()
    with Database(database.folder) as again:
        assert again.locks.holders() == {}


# --- beside writes


def test_a_maildrop_is_opened_while_a_write_is_stuck(store: SqliteStore, database: Database) -> None:
    store.deliver(["anna"], b"hello\r\n")
    gate = threading.Event()

    async def main() -> tuple[object, object]:
        stuck = database.submit(lambda _connection: gate.wait(), writes=True)
        try:
            maildrop = await store.open(ANNA)
            return maildrop.octets[0], await store.locks()
        finally:
            gate.set()
            await stuck

    assert asyncio.run(main()) == (7, [("anna", os.getpid())])


# --- who has it open


@pytest.mark.pop3("maildrop-4")
def test_an_operator_sees_who_has_which_maildrop_open(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    maildrop = ask(store.open, BERT)
    assert ask(store.locks) == [("bert", os.getpid())]
    assert [entry.holder for entry in listing(database)] == [None, os.getpid()]
    maildrop.close()


def test_another_store_of_this_process_sees_the_lock(
    store: SqliteStore, database: Database, ask: Callable[..., Any]
) -> None:
    ask(store.open, ANNA)
    with Database(database.folder) as second, pytest.raises(MaildropInUse):
        ask(SqliteStore(second).open, ANNA)
