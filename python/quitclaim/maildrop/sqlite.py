"""Mail in SQLite: what is delivered, and what QUIT deletes, is durable before anyone says so."""

from __future__ import annotations

import json
import tempfile
import threading
from array import array
from bisect import bisect_left
from typing import IO, TYPE_CHECKING, Final

from quitclaim.database import write
from quitclaim.errors import StoreUnavailable, UnknownUser
from quitclaim.identity import fold
from quitclaim.maildrop.port import LARGEST_CHUNK
from quitclaim.maildrop.wire import cut, pieces, wire_form
from quitclaim.schema import CHUNK_BITS, mailbox_of

if TYPE_CHECKING:
    import sqlite3
    from asyncio import Future
    from collections.abc import Collection, Iterable, Sequence

    from quitclaim.database import Database
    from quitclaim.identity import Identity
    from quitclaim.maildrop.lock import Lock

__all__ = ("SqliteMaildrop", "SqliteStore")


class SqliteStore:
    r"""A `MaildropStore` in the database of a data folder. It answers later.

    >>> import asyncio
    >>> from pathlib import Path
    >>> from quitclaim.accounts.administration import add
    >>> from quitclaim.database import Database
    >>> from quitclaim.identity import Identity
    >>> async def first_message(store):
    ...     maildrop = await store.open(Identity("anna"))
    ...     try:
    ...         return await maildrop.read(1, 0)
    ...     finally:
    ...         maildrop.close()
    >>> with tempfile.TemporaryDirectory() as folder, Database(Path(folder)) as database:
    ...     add(database, "anna", "open sesame")
    ...     store = SqliteStore(database)
    ...     store.deliver(["anna"], b"Subject: hello\n\nDear Anna\n")
    ...     asyncio.run(first_message(store))
    b'Subject: hello\r\n\r\nDear Anna\r\n'
    """

    def __init__(self, database: Database, /) -> None:
        """The caller closes the database, after the maildrops."""
        self._database = database

    def open(self, identity: Identity, /) -> Future[SqliteMaildrop]:
        """Locks that user's maildrop and reads its list.

        Raises:
            MaildropInUse: another session has it open, here or in another process.
            StoreUnavailable: as for `Database.submit`, or that user has no mailbox.
        """
        return self._database.submit(self._open, identity.key, discard=SqliteMaildrop.close)

    def deliver(self, usernames: str | Collection[str], message: bytes | Iterable[bytes], /) -> None:
        """Puts a message, whole or in pieces, into maildrops, one or many: all or none, durable on return.

        It waits for that, so call it where no event loop runs. A message may be larger than the memory if it
        comes in pieces: they are written to a file of the data folder first, so that nobody waits for whoever
        sends them.

        Raises:
            UnknownUser: there is no such account.
            StoreUnavailable: as for `Database.run`.
        """
        names = [usernames] if isinstance(usernames, str) else usernames
        keys = dict.fromkeys(map(fold, names))
        try:
            with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(self._database.folder)) as body:
                octets = 0
                for piece in wire_form(pieces(message)):
                    octets += len(piece)
                    body.write(piece)
                if octets > _LARGEST:
                    raise _too_large()
                body.seek(0)
                self._database.run(_deliver, tuple(keys), body, octets, writes=True)
        except OSError as error:
            text = f"a message cannot be written to {self._database.folder}: {error.strerror}"
            raise StoreUnavailable(text) from error

    def locks(self) -> Future[list[tuple[str, int]]]:
        """Whose maildrop is open, and the process that has it open, for an operator.

        Raises:
            StoreUnavailable: as for `Database.submit`, or a lock file cannot be read.
        """
        return self._database.submit(self._named_locks)

    # --- on the thread that reads

    def _open(self, connection: sqlite3.Connection, key: str, /) -> SqliteMaildrop:
        mailbox = mailbox_of(connection, key)
        if mailbox is None:
            raise _no_mailbox()
        lock = self._database.locks.acquire(mailbox)
        try:
            return SqliteMaildrop(self._database, connection, lock)
        except BaseException:
            lock.free()
            raise

    def _named_locks(self, connection: sqlite3.Connection, /) -> list[tuple[str, int]]:
        names = []
        for mailbox, process in sorted(self._database.locks.holders().items()):
            row = connection.execute("SELECT name FROM mailbox WHERE id = ?", (mailbox,)).fetchone()
            if row is not None:
                names.append((row[0], process))
        return names


class SqliteMaildrop:
    """A `Maildrop` of an `SqliteStore`. Its list takes 12 octets a message."""

    __slots__ = (
        "_closed",
        "_committing",
        "_database",
        "_epochs",
        "_identifiers",
        "_lock",
        "_mutex",
        "octets",
    )

    def __init__(self, database: Database, connection: sqlite3.Connection, lock: Lock, /) -> None:
        """Made by the store, on the thread that reads."""
        self._database = database
        self._lock = lock
        self._mutex = threading.Lock()
        self._closed = False
        self._committing = False
        self._identifiers = array("q")
        self.octets: Sequence[int] = (sizes := array("I"))
        last: int | None = 0
        while last is not None:
            page, octets, last, is_there = connection.execute(_PAGE, (lock.mailbox, last)).fetchone()
            if not is_there:  # whoever had it locked before has removed it
                raise _no_mailbox()
            self._identifiers.extend(json.loads(page))
            sizes.extend(json.loads(octets))
        self._epochs: list[tuple[int, str]] = connection.execute(_EPOCHS).fetchall()

    def uidl(self, number: int, /) -> str:
        """Epoch, mailbox and message, none of which is ever used again.

        Raises:
            IndexError: there is no such number.
        """
        identifier = self._identifier(number)
        epoch = self._epochs[bisect_left(self._epochs, (identifier, "")) - 1][1]
        return f"{epoch}-{self._lock.mailbox}-{identifier}"

    def read(self, number: int, offset: int, /) -> bytes | Future[bytes]:
        """Octets of the message from that offset on, to the end of the chunk that it is in.

        Raises:
            IndexError: there is no such number.
            StoreUnavailable: as for `Database.submit`, or another process has deleted it.
        """
        identifier = self._identifier(number)
        if offset >= self.octets[number - 1]:
            return b""
        place, skipped = divmod(offset, LARGEST_CHUNK)
        return self._database.submit(_read, identifier, place, skipped)

    def commit(self, deleted: Collection[int], /) -> Future[None] | None:
        """Deletes these messages. If it is closed meanwhile, the lock is held until that is done.

        Raises:
            IndexError: there is no such number; nothing was deleted.
            StoreUnavailable: as for `Database.submit`; or the maildrop is closed, or its mailbox was removed.
                Nothing was deleted.
        """
        identifiers = [self._identifier(number) for number in deleted]
        return self._database.submit(self._commit, identifiers, writes=True) if identifiers else None

    def close(self) -> None:
        """Gives the lock back."""
        with self._mutex:
            self._closed = True
            if not self._committing:
                self._lock.free()

    def _identifier(self, number: int, /) -> int:
        # Python would take 0 and -1 for the last ones: Twisted's `DELE 0` did.
        if number < 1:
            message = "messages are numbered from 1"
            raise IndexError(message)
        return self._identifiers[number - 1]

    # --- on the thread that writes

    def _commit(self, connection: sqlite3.Connection, identifiers: list[int], /) -> None:
        with self._mutex:
            if self._closed:
                message = "the maildrop was closed before it was updated"
                raise StoreUnavailable(message)
            self._committing = True
        try:
            with write(connection):
                _must_be_there(connection, self._lock.mailbox)
                connection.execute(_DELETE, (json.dumps(identifiers),))
        finally:
            with self._mutex:
                self._committing = False
                if self._closed:
                    self._lock.free()


def _must_be_there(connection: sqlite3.Connection, mailbox: int, /) -> None:
    if connection.execute(_IS_THERE, (mailbox,)).fetchone() is None:
        raise _no_mailbox()


def _no_mailbox() -> StoreUnavailable:
    return StoreUnavailable("the mailbox is not there, or not any more")


def _too_large() -> StoreUnavailable:
    return StoreUnavailable("no message of 4 GiB or more is kept")


def _deliver(connection: sqlite3.Connection, keys: tuple[str, ...], body: IO[bytes], octets: int, /) -> None:
    with write(connection):
        mailboxes = {key: mailbox_of(connection, key) for key in keys}
        unknown = [key for key, mailbox in mailboxes.items() if mailbox is None]
        if unknown:
            message = f"there is no account {', '.join(map(repr, unknown))}"
            raise UnknownUser(message)
        first: int | None = None
        for mailbox in mailboxes.values():
            stored = connection.execute(_INSERT, (mailbox, first, octets)).lastrowid
            first = stored if first is None else first
        if first is not None:
            # Whole chunks, but for the last: a spooled file gives all that is asked for.
            for place, chunk in enumerate(cut(iter(lambda: body.read(LARGEST_CHUNK), b""), LARGEST_CHUNK)):
                connection.execute(_INSERT_CHUNK, (first << CHUNK_BITS | place, chunk))


def _read(connection: sqlite3.Connection, identifier: int, place: int, skipped: int, /) -> bytes:
    row: tuple[bytes] | None = connection.execute(_CHUNK, (place, identifier)).fetchone()
    if row is None:
        message = "the message is not there any more"
        raise StoreUnavailable(message)
    return row[0][skipped:]


_LARGEST: Final = 2**32 - 1  # octets of a message: what four octets of a list hold
_IN_MEMORY: Final = 1_048_576  # octets of a message on its way in; a larger one goes through a file

_IS_THERE: Final = "SELECT 1 FROM mailbox WHERE id = ?"
# A page is one row, because sqlite3 gives up the GIL for each row and must wait for it again: beside a busy
# event loop 100,000 rows took 1.3 s. And it is a page, because what parses it keeps the GIL to its end.
_PAGE: Final = """
    SELECT json_group_array(id), json_group_array(octets), CASE count(*) WHEN 5000 THEN max(id) END,
           EXISTS (SELECT 1 FROM mailbox WHERE id = ?1)
    FROM (SELECT id, octets FROM message WHERE mailbox = ?1 AND id > ?2 ORDER BY id LIMIT 5000)
"""
_EPOCHS: Final = "SELECT after, name FROM epoch ORDER BY after"
_INSERT: Final = "INSERT INTO message (mailbox, body, octets) VALUES (?, ?, ?)"
_INSERT_CHUNK: Final = "INSERT INTO chunk (id, octets) VALUES (?, ?)"
_CHUNK: Final = """
    SELECT chunk.octets FROM message
    JOIN chunk ON chunk.id = (coalesce(message.body, message.id) << 20 | ?)
    WHERE message.id = ?
"""
_DELETE: Final = "DELETE FROM message WHERE id IN (SELECT value FROM json_each(?))"
