"""The database file: what is made, what is refused, and that a refusal changes nothing."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from quitclaim import database as database_module
from quitclaim.database import Database, write
from quitclaim.errors import NewerSchema, StoreUnavailable
from quitclaim.schema import renew_epoch

if TYPE_CHECKING:
    from collections.abc import Callable

ONE_EPOCH = "INSERT INTO epoch (name) VALUES ('x')"


def set_pragma(folder: Path, pragma: str) -> None:
    """Does that to the file, as another program would."""
    with closing(sqlite3.connect(folder / "quitclaim.db")) as connection:
        connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA journal_mode")


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def write_once(connection: sqlite3.Connection) -> None:
    """Adds a row."""
    with write(connection):
        connection.execute(ONE_EPOCH)


# --- opening


def test_the_folder_and_its_files_are_for_the_owner_only(database: Database) -> None:
    database.run(write_once, writes=True)
    modes = {path.name: path.stat().st_mode & 0o777 for path in [database.folder, *database.folder.iterdir()]}
    files = {"quitclaim.db": 0o600, "quitclaim.db-wal": 0o600, "quitclaim.db-shm": 0o600}
    assert modes == {"data": 0o700, "locks": 0o700, **files}


def test_what_was_written_is_there_when_it_is_opened_again(folder: Path) -> None:
    with Database(folder) as first:
        first.run(write_once, writes=True)
    with Database(folder) as second:
        assert second.run(lambda connection: connection.execute("SELECT count(*) FROM epoch").fetchone()) == (
            2,
        )


def test_two_are_open_on_one_folder(database: Database) -> None:
    with Database(database.folder) as other:
        other.run(write_once, writes=True)
    database.run(write_once, writes=True)
    assert database.peek("SELECT count(*) FROM epoch") == 3


def test_many_that_open_a_new_folder_at_once_make_it_once(folder: Path) -> None:
    epochs = []

    def open_it() -> None:
        with Database(folder) as opened:
            epochs.append(opened.run(lambda connection: connection.execute("SELECT * FROM epoch").fetchall()))

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert epochs == [epochs[0]] * 8


def test_one_that_is_just_being_made_is_opened(database: Database) -> None:
    # Its log has the first page, and the file is as it is in the middle of a write: of 100 pages, it says.
    with (database.folder / "quitclaim.db").open("r+b", buffering=0) as file:
        file.seek(28)
        file.write((100).to_bytes(4))
    with Database(database.folder) as other:
        assert other.peek("SELECT count(*) FROM epoch") == 1


def test_a_newer_schema_is_refused_and_nothing_is_changed(folder: Path) -> None:
    Database(folder).close()
    set_pragma(folder, "user_version = 1000")
    before = contents(folder)
    with pytest.raises(NewerSchema, match="was written by a newer version"):
        Database(folder)
    assert contents(folder) == before


def test_a_newer_schema_that_is_in_the_log_only_is_refused(folder: Path) -> None:
    Database(folder).close()
    with closing(sqlite3.connect(folder / "quitclaim.db")) as newer:
        newer.execute("PRAGMA user_version = 1000")
        with pytest.raises(NewerSchema):
            Database(folder)


def test_another_programs_database_is_refused_and_not_changed(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "quitclaim.db")) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = contents(folder)
    with pytest.raises(StoreUnavailable, match="is a database of another program"):
        Database(folder)
    assert contents(folder) == before


def test_a_file_that_is_no_database_is_refused_and_not_changed(folder: Path) -> None:
    folder.mkdir()
    (folder / "quitclaim.db").write_bytes(b"not a database" * 1000)
    before = contents(folder)
    with pytest.raises(StoreUnavailable, match=r"quitclaim\.db: it is no database"):
        Database(folder)
    assert contents(folder) == before


def test_a_file_where_the_folder_should_be_is_refused(folder: Path) -> None:
    folder.write_bytes(b"")
    with pytest.raises(StoreUnavailable, match=f"the data folder {folder} cannot be used: File exists"):
        Database(folder)


def test_a_file_above_the_folder_is_refused(folder: Path) -> None:
    folder.write_bytes(b"")
    with pytest.raises(StoreUnavailable, match="cannot be used: Not a directory"):
        Database(folder / "deeper")


def test_a_folder_where_the_file_should_be_is_refused(folder: Path) -> None:
    (folder / "quitclaim.db").mkdir(parents=True)
    with pytest.raises(StoreUnavailable, match=r"quitclaim\.db: it cannot be"):
        Database(folder)


def test_a_folder_that_cannot_be_written_to_is_refused() -> None:
    # Not even root makes a folder there.
    with pytest.raises(StoreUnavailable, match="the data folder /proc/quitclaim cannot be used"):
        Database(Path("/proc/quitclaim"))


# --- using


def test_what_fails_is_rolled_back(database: Database) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        with write(connection):
            connection.execute(ONE_EPOCH)
            message = "as it should"
            raise ValueError(message)

    with pytest.raises(ValueError, match="as it should"):
        database.run(fail, writes=True)
    assert database.peek("SELECT count(*) FROM epoch") == 1


def test_a_transaction_that_is_left_open_is_rolled_back(database: Database) -> None:
    database.run(
        lambda connection: connection.execute("BEGIN") and connection.execute(ONE_EPOCH), writes=True
    )
    assert database.run(lambda connection: connection.in_transaction, writes=True) is False
    assert database.peek("SELECT count(*) FROM epoch") == 1


def test_a_full_disk_is_unavailable_and_changes_nothing(database: Database) -> None:
    database.run(lambda connection: connection.execute("PRAGMA max_page_count = 1").fetchone(), writes=True)

    def fill(connection: sqlite3.Connection) -> None:
        with write(connection):
            for number in range(10):
                connection.execute("INSERT INTO chunk VALUES (?, zeroblob(100000))", (number,))

    with pytest.raises(StoreUnavailable, match=r"quitclaim\.db: the disk is full"):
        database.run(fill, writes=True)
    assert database.peek("SELECT count(*) FROM chunk") == 0


def test_a_database_that_stays_locked_is_unavailable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT", 0.0)
    with Database(folder) as database, closing(sqlite3.connect(folder / "quitclaim.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another process has it locked for too long"):
            database.run(write_once, writes=True)


def test_a_damaged_database_is_unavailable(folder: Path) -> None:
    with Database(folder) as database:
        database.run(
            lambda connection: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall(), writes=True
        )
        with (folder / "quitclaim.db").open("r+b", buffering=0) as file:
            file.seek(4096)
            file.write(b"\xff" * 65_536)
    with Database(folder) as database, pytest.raises(StoreUnavailable, match="it is damaged") as damaged:
        database.run(write_once, writes=True)
    assert damaged.value.is_permanent


def test_our_own_mistakes_are_not_called_unavailable(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        database.run(
            lambda connection: connection.execute("INSERT INTO message VALUES (1, 1000, NULL, 0)"),
            writes=True,
        )


def test_a_read_does_not_wait_for_a_write(database: Database) -> None:
    gate = threading.Event()

    async def main() -> object:
        write = database.submit(lambda _connection: gate.wait(), writes=True)
        try:
            return await database.submit(lambda connection: connection.execute("SELECT 7").fetchone())
        finally:
            gate.set()
            await write

    assert asyncio.run(main()) == (7,)


def test_a_read_does_not_wait_for_another_process_that_writes(database: Database) -> None:
    with closing(sqlite3.connect(database.folder / "quitclaim.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute(ONE_EPOCH)
        assert database.run(
            lambda connection: connection.execute("SELECT count(*) FROM epoch").fetchone()
        ) == (1,)


def test_a_read_sees_what_was_written_before(database: Database) -> None:
    for count in range(2, 100):
        database.run(write_once, writes=True)
        assert database.run(
            lambda connection: connection.execute("SELECT count(*) FROM epoch").fetchone()
        ) == (count,)


def test_a_read_writes_nothing(database: Database) -> None:
    with pytest.raises(StoreUnavailable, match="it cannot be written to"):
        database.run(write_once)


@pytest.mark.parametrize("writes", [True, False])
def test_a_database_that_was_replaced_is_unavailable(database: Database, writes: bool) -> None:  # noqa: FBT001
    backup = database.folder / "backup"
    shutil.copy(database.folder / "quitclaim.db", backup)
    backup.rename(database.folder / "quitclaim.db")
    with pytest.raises(
        StoreUnavailable, match=r"quitclaim\.db was replaced or removed .*: restart the server"
    ):
        database.run(lambda connection: connection.execute("SELECT 7"), writes=writes)


def test_a_database_whose_folder_was_moved_is_unavailable(database: Database) -> None:
    database.folder.rename(database.folder.parent / "moved")
    with pytest.raises(StoreUnavailable, match="was replaced or removed while it was open"):
        database.run(write_once, writes=True)


def test_a_database_stays_where_it_was_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    with Database(Path("data")) as database:
        monkeypatch.chdir("/")
        database.run(write_once, writes=True)
    assert (folder / "quitclaim.db").exists()


def test_closed_databases_leave_no_file_open(folder: Path) -> None:
    before = list(Path("/proc/self/fd").iterdir())
    with Database(folder) as database:
        database.locks.holders()
    assert list(Path("/proc/self/fd").iterdir()) == before


def test_submit_answers_to_the_loop(database: Database) -> None:
    async def main() -> object:
        return await database.submit(lambda connection: connection.execute("SELECT 7").fetchone())

    assert asyncio.run(main()) == (7,)


def test_peek_sees_what_others_write(database: Database) -> None:
    before = database.peek("PRAGMA data_version")
    database.run(write_once, writes=True)
    assert database.peek("PRAGMA data_version") != before


def test_peek_writes_nothing(database: Database) -> None:
    with pytest.raises(StoreUnavailable, match="it cannot be written to"):
        database.peek(ONE_EPOCH)


@pytest.mark.parametrize(
    "use",
    [lambda database: database.run(write_once, writes=True), lambda database: database.peek("SELECT 1")],
)
def test_a_closed_database_is_unavailable(database: Database, use: Callable[[Database], object]) -> None:
    database.close()
    database.close()
    with pytest.raises(StoreUnavailable):
        use(database)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_a_forked_child_is_refused(database: Database, in_child: Callable[..., str]) -> None:
    def use() -> str:
        for wrong in (lambda: database.run(write_once, writes=True), lambda: database.peek("SELECT 1")):
            with pytest.raises(StoreUnavailable, match="before this process was forked"):
                wrong()
        database.close()
        return "refused"

    assert in_child(use) == "refused"
    database.run(write_once, writes=True)


def test_a_new_epoch_begins_after_the_last_message(database: Database) -> None:
    def restore(connection: sqlite3.Connection) -> list[tuple[int]]:
        with write(connection):
            connection.execute("INSERT INTO mailbox VALUES (1, 'anna', 'anna')")
            connection.execute("INSERT INTO message VALUES (41, 1, NULL, 0)")
            renew_epoch(connection)
        return connection.execute("SELECT after FROM epoch ORDER BY after").fetchall()

    assert database.run(restore, writes=True) == [(0,), (41,)]
