"""The SQLite database of a data folder, and its two threads: one reads and one writes.

What was measured, and why it is as it is: a thread of its own is as cheap as reading in the event loop and
stalls nobody; while reads shared it with writes, a login waited 20 s for four updates that another process
kept waiting, and a RETR 1.2 s for the deletion of 100,000 messages; with plain BEGIN a quarter of 4,000
concurrent deliveries failed at once, with BEGIN IMMEDIATE none; a cursor left open by a slow reader grew the
log to 65 MB, so no call leaves one behind.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeVar

from quitclaim.errors import NewerSchema, StoreUnavailable
from quitclaim.lane import Lane
from quitclaim.maildrop.lock import Locks
from quitclaim.schema import APPLICATION, MIGRATIONS, renew_epoch

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self, TypeVarTuple

    Arguments = TypeVarTuple("Arguments")

__all__ = (  # noqa: RUF022 - sorted as Python sorts
    "BUSY_TIMEOUT",
    "Database",
    "MOST_WAITING",
    "write",
)

BUSY_TIMEOUT: Final = 5.0  # seconds to wait for another process that writes
MOST_WAITING: Final = 16_384  # requests of each kind: two seconds of reads, a chunk for so many sessions

T = TypeVar("T")


class Database:
    """The database of one data folder: made if it is not there, and brought up to this version's schema.

    What is to be done with it is a function whose first argument is the connection. It is called with no
    transaction open, and whatever it leaves open is rolled back. Whoever changes something says `writes=True`
    and uses `write` in the function: writes wait for each other, here and in other processes, and no read
    waits for them. It sees every write that was done before it was asked for. The `locks` of the folder's
    maildrops are closed with it.

    Any number may be open on a folder, in any number of processes. But a child of `fork` must not use the
    folder, not even with a database of its own, unless it executes a program: if the parent was writing at
    that moment, SQLite believes in the child, for as long as it lives, that the folder is locked.

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
        self.folder: Final = folder.absolute()
        self._path = self.folder / "quitclaim.db"
        self._process = os.getpid()
        self._peeking = threading.Lock()
        try:
            with ExitStack() as opened:
                self._open(opened)
                self._opened = opened.pop_all()
        except sqlite3.Error as error:
            raise self._unavailable(error) from error
        except OSError as error:
            message = f"the data folder {self.folder} cannot be used: {error.strerror}"
            raise StoreUnavailable(message) from error
        _OPEN.add(self)

    def submit(
        self,
        function: Callable[[sqlite3.Connection, *Arguments], T],
        *arguments: *Arguments,
        writes: bool = False,
        discard: Callable[[T], object] | None = None,
    ) -> asyncio.Future[T]:
        """Has it called on the thread that reads, or writes, and answers to the running loop: `Lane.submit`.

        Raises:
            StoreUnavailable: too much is waiting, or the database is closed. Whatever SQLite cannot do (it is
                locked for too long, full, damaged, cannot be read, or the file was replaced or removed) is
                raised by the future, and so are the function's own exceptions.
        """
        if writes:
            return self._writing.submit(self._do, self._writer, function, *arguments, discard=discard)
        return self._reading.submit(self._do, self._reader, function, *arguments, discard=discard)

    def run(
        self,
        function: Callable[[sqlite3.Connection, *Arguments], T],
        *arguments: *Arguments,
        writes: bool = False,
    ) -> T:
        """Has it called on the thread that reads, or writes, and waits: for the command line.

        Raises:
            StoreUnavailable: as for `submit`.
        """
        if writes:
            return self._writing.run(self._do, self._writer, function, *arguments)
        return self._reading.run(self._do, self._reader, function, *arguments)

    def peek(self, question: str, /) -> int:
        """One integer of the database as it is now, asked in the calling thread; it never waits.

        For what must be known before it is clear whether anything is to be done: `PRAGMA data_version`,
        the value in a row or two. 2 us, where another thread and back are 50.

        Raises:
            StoreUnavailable: not now.
        """
        if self._process != os.getpid():
            message = f"{self._path} was opened before this process was forked"
            raise StoreUnavailable(message)
        try:
            with self._peeking:
                answer: int = self._peeker.execute(question).fetchone()[0]
        except sqlite3.Error as error:
            raise self._unavailable(error) from error
        return answer

    def close(self) -> None:
        """Ends what is being done, refuses what waits, closes the file. Idempotent; nothing in a child."""
        if self._process == os.getpid():
            self._opened.close()
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

    def _do(
        self,
        connection: sqlite3.Connection,
        function: Callable[[sqlite3.Connection, *Arguments], T],
        *arguments: *Arguments,
    ) -> T:
        if self._file() != self._file_that_was_opened:
            message = f"{self._path} was replaced or removed while it was open: restart the server"
            raise StoreUnavailable(message, is_permanent=True)
        try:
            return function(connection, *arguments)
        except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
            raise  # our own mistake
        except sqlite3.DatabaseError as error:
            raise self._unavailable(error) from error
        finally:
            if connection.in_transaction:
                connection.rollback()

    def _file(self) -> tuple[int, int] | None:
        """Which file the path leads to, asked before each use (2 us): mail in one without a name is lost."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    # --- opening

    def _open(self, opened: ExitStack, /) -> None:
        self._make_files()
        self._file_that_was_opened = self._file()
        self._look_before_anything_is_changed()
        # What is opened first is closed last: the writer, which clears the log away.
        self._writer = opened.enter_context(closing(self._connected("?mode=rw", BUSY_TIMEOUT)))
        for pragma in _PRAGMAS:
            self._writer.execute(pragma)
        with write(self._writer):
            self._migrate(self._writer)
        self._reader = opened.enter_context(closing(self._connected("?mode=ro", BUSY_TIMEOUT)))
        self._peeker = self._connected("?mode=ro", 0.0)
        opened.callback(self._close_peeker)
        self.locks = Locks(self.folder)
        opened.callback(self.locks.close)
        self._reading = opened.enter_context(Lane(f"reading {self._path}", MOST_WAITING, StoreUnavailable))
        self._writing = opened.enter_context(Lane(f"writing {self._path}", MOST_WAITING, StoreUnavailable))

    def _close_peeker(self) -> None:
        with self._peeking:
            self._peeker.close()

    def _make_files(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made by us because SQLite would make it readable for all; its other files take its mode. Closing a
        # descriptor of it would drop the locks that this process has on it, but a new file has none.
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))

    def _look_before_anything_is_changed(self) -> None:
        # `immutable` reads the file and makes no other one beside it. It may see an older state than the log
        # has, or half of one that is being written: the same is asked again, locked, before it is migrated.
        with closing(self._connected("?mode=ro&immutable=1", 0.0)) as connection:
            try:
                self._check_version(connection)
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_CORRUPT:
                    raise

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
            self._path.as_uri() + parameters,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        )

    def _unavailable(self, error: sqlite3.Error, /) -> StoreUnavailable:
        # The low octet is the primary code; what SQLite says beside it may tell of the data.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        saying = _SAYINGS.get(code, "SQLite cannot use it")
        return StoreUnavailable(f"{self._path}: {saying}", is_permanent=code in _DAMAGED)


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
# To come again is of no use: somebody must restore it first.
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

# So that a forked child never closes the connections that it inherits: SQLite forbids to use them there.
_OPEN: Final[set[Database]] = set()
