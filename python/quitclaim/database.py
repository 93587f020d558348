"""The SQLite database of a data folder, and the one thread that uses it.

What was measured, and why it is as it is: a thread of its own is as cheap as reading in the event loop and
stalls nobody; with plain BEGIN a quarter of 4,000 concurrent deliveries failed at once, with BEGIN IMMEDIATE
none; a cursor left open by a slow reader grew the log to 65 MB, so no call leaves one behind.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeVar

from quitclaim.errors import NewerSchema, StoreUnavailable
from quitclaim.lane import Lane
from quitclaim.schema import APPLICATION, MIGRATIONS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self, TypeVarTuple

    Arguments = TypeVarTuple("Arguments")

__all__ = ("BUSY_TIMEOUT", "Database", "MOST_WAITING", "renew_epoch", "write")  # noqa: RUF022 - sorted as Python sorts

BUSY_TIMEOUT: Final = 5.0  # seconds to wait for another process that writes
MOST_WAITING: Final = 16_384  # requests: two seconds of work, or a chunk for each of so many sessions

T = TypeVar("T")


class Database:
    """The database of one data folder: made if it is not there, and brought up to this version's schema.

    What is to be done with it is a function whose first argument is the connection. It is called on the
    store thread, with no transaction open, and whatever it leaves open is rolled back: use `write` to change
    something. Any number may be open on a folder, in any number of processes.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder, Database(Path(folder)) as database:
    ...     database.run(lambda connection: connection.execute("SELECT count(*) FROM mailbox").fetchone())
    (0,)

    Raises:
        NewerSchema: a newer version of quitclaim has used it. Nothing was changed.
        StoreUnavailable: it cannot be opened or made: no such folder and no right to make it, not a database,
            somebody else's database.
    """

    def __init__(self, folder: Path, /) -> None:
        """Opens it, in the calling thread."""
        self.folder = folder
        self._path = folder / "quitclaim.db"
        self._process = os.getpid()
        self._connection = self._opened()
        self._reader = self._connected("?mode=ro", 0.0)
        self._reader_lock = threading.Lock()
        self._lane = Lane(f"the store in {folder}", MOST_WAITING, StoreUnavailable)
        _OPEN.add(self)

    def submit(
        self,
        function: Callable[[sqlite3.Connection, *Arguments], T],
        *arguments: *Arguments,
        discard: Callable[[T], object] | None = None,
    ) -> asyncio.Future[T]:
        """Has it called on the store thread, and answers to the running loop: see `Lane.submit`.

        Raises:
            StoreUnavailable: too much is waiting, or the database is closed. Whatever SQLite cannot do (it is
                locked for too long, full, damaged, cannot be read) is raised by the future, and so are the
                function's own exceptions.
        """
        return self._lane.submit(self._do, function, *arguments, discard=discard)

    def run(self, function: Callable[[sqlite3.Connection, *Arguments], T], *arguments: *Arguments) -> T:
        """Has it called on the store thread and waits: for the command line.

        Raises:
            StoreUnavailable: as for `submit`.
        """
        return self._lane.run(self._do, function, *arguments)

    def peek(self, question: str, /) -> int:
        """One integer of the database as it is now, asked in the calling thread; it never waits.

        For what must be known before it is clear whether anything is to be done: `PRAGMA data_version`,
        the value in a row or two. 2 us, where the store thread and back are 50.

        Raises:
            StoreUnavailable: not now.
        """
        if self._process != os.getpid():
            message = f"{self._path} was opened before this process was forked"
            raise StoreUnavailable(message)
        try:
            with self._reader_lock:
                answer: int = self._reader.execute(question).fetchone()[0]
        except sqlite3.Error as error:
            raise self._unavailable(error) from error
        return answer

    def close(self) -> None:
        """Ends what is being done, refuses what waits, closes the file. Idempotent; nothing in a child."""
        self._lane.close()
        if self._process == os.getpid():
            with self._reader_lock:
                self._reader.close()
            self._connection.close()
            _OPEN.discard(self)

    def __enter__(self) -> Self:
        """Gives itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Closes itself."""
        self.close()

    def _do(self, function: Callable[[sqlite3.Connection, *Arguments], T], *arguments: *Arguments) -> T:
        try:
            return function(self._connection, *arguments)
        except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
            raise  # our own mistake
        except sqlite3.DatabaseError as error:
            raise self._unavailable(error) from error
        finally:
            if self._connection.in_transaction:
                self._connection.rollback()

    # --- opening

    def _opened(self) -> sqlite3.Connection:
        try:
            self._make_files()
            self._look_before_anything_is_changed()
            connection = self._connected("?mode=rw", BUSY_TIMEOUT)
            try:
                for pragma in _PRAGMAS:
                    connection.execute(pragma)
                with write(connection):
                    self._migrate(connection)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise self._unavailable(error) from error
        except OSError as error:
            message = f"the data folder {self.folder} cannot be used: {error.strerror}"
            raise StoreUnavailable(message) from error
        return connection

    def _make_files(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made by us because SQLite would make it readable for all; its other files take its mode. Closing a
        # descriptor of it would drop the locks that this process has on it, but a new file has none.
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))

    def _look_before_anything_is_changed(self) -> None:
        # `immutable` reads the file and makes no other one beside it. It may see an older state than the log
        # has, so the same is asked again, with the database locked, before it is migrated.
        with closing(self._connected("?mode=ro&immutable=1", 0.0)) as connection:
            self._check_version(connection)

    def _check_version(self, connection: sqlite3.Connection, /) -> int:
        application: int = connection.execute("PRAGMA application_id").fetchone()[0]
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION:
            if connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is not None:
                message = f"{self._path} is a database of another program"
                raise StoreUnavailable(message)
        elif version > len(MIGRATIONS):
            message = f"{self._path} was written by a newer version of quitclaim"
            raise NewerSchema(message)
        return version

    def _migrate(self, connection: sqlite3.Connection, /) -> None:
        version = self._check_version(connection)
        if version == len(MIGRATIONS):
            return
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        if version == 0:
            renew_epoch(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _connected(self, parameters: str, timeout: float, /) -> sqlite3.Connection:
        return sqlite3.connect(
            self._path.absolute().as_uri() + parameters,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        )

    def _unavailable(self, error: sqlite3.Error, /) -> StoreUnavailable:
        # The low octet is the primary code; what SQLite says beside it may tell of the data.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return StoreUnavailable(f"{self._path}: {_SAYINGS.get(code, 'SQLite cannot use it')}")


@contextmanager
def write(connection: sqlite3.Connection, /) -> Iterator[None]:
    """A transaction that may write, from its first statement on; durable when the `with` is left.

    BEGIN IMMEDIATE waits for other writers at its begin. A plain BEGIN becomes a writer later, and if another
    one was faster it fails without waiting.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def renew_epoch(connection: sqlite3.Connection, /) -> None:
    """Gives the UIDLs of all messages to come another beginning; those of the present ones stay.

    For a new database, and after a backup was restored: the numbers that were given out since it was made
    come again, and clients would take new mail for mail that they have (RFC 1939 §7).
    """
    row = connection.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'message'").fetchone()
    connection.execute(
        "INSERT OR REPLACE INTO epoch (after, name) VALUES (?, ?)", (row[0] or 0, secrets.token_hex(4))
    )


_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # durable before it is said to be: 255 us a commit against 49
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_size_limit = 4194304",  # octets: a large message's log is cut after it was copied
    "PRAGMA secure_delete = FAST",  # else deleting a message writes zeros over all of it
)

_SAYINGS: Final = {
    sqlite3.SQLITE_BUSY: "another process has it locked for too long",
    sqlite3.SQLITE_LOCKED: "another process has it locked for too long",
    sqlite3.SQLITE_READONLY: "it cannot be written to",
    sqlite3.SQLITE_IOERR: "it cannot be read or written",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_NOTADB: "it is no database",
    sqlite3.SQLITE_TOOBIG: "a message is too large for it",
}

# So that a forked child never closes the connections that it inherits: SQLite forbids to use them there.
_OPEN: Final[set[Database]] = set()
