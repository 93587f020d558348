"""Accounts of the database as an administrator sees them: added, changed, removed and listed.

For the command line: each call waits until it is done. Servers that run meanwhile see the change with the
next login.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from quitclaim.accounts.keyring import pack
from quitclaim.accounts.password import ScryptHash
from quitclaim.database import write
from quitclaim.errors import InvalidUsername, UnknownUser, UserExists
from quitclaim.identity import fold
from quitclaim.ntlm import Credential
from quitclaim.schema import mailbox_of, renew_epoch

if TYPE_CHECKING:
    import sqlite3

    from quitclaim.database import Database
    from quitclaim.maildrop.lock import Locks

__all__ = (  # noqa: RUF022 - sorted as Python sorts
    "Entry",
    "ITERATIONS",
    "LONGEST_PASSWORD",
    "LONGEST_USERNAME",
    "add",
    "checked_username",
    "is_known",
    "listing",
    "passwd",
    "remove",
    "restored",
)

# Of SCRAM's keys. An account with an NT hash has nothing to lose by fewer. For one without, a guess at them
# takes 33 ms of a core, where one at its scrypt hash takes 45 ms, and 16 MiB too. More would be paid for by
# clients, at each login, and phones are several times slower. All accounts have the same: anyone may ask.
ITERATIONS: Final = 65_536
LONGEST_USERNAME: Final = 64  # characters
LONGEST_PASSWORD: Final = 256  # characters


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the listing: an account, what its maildrop holds, and the process that has that open."""

    username: str
    ntlm: bool  # has an NT hash; without one, it logs in by password only
    messages: int
    octets: int
    holder: int | None


def add(database: Database, username: str, password: str, /, *, ntlm: bool = True) -> None:
    """Makes an account with an empty maildrop; without `ntlm`, one whose password is harder to guess.

    Either kind can log in by SCRAM. Its keys are made to be slow to guess at, and take 70 ms here.

    Raises:
        InvalidUsername: the name is empty or longer than 64 characters, is `.` or `..`, or has a blank, a
            control or other unprintable character, a slash or a backslash.
        UserExists: there is one of that name; names are compared without case.
        ValueError: the password is empty or longer than 256 characters, or has a NUL, a CR, an LF or a
            surrogate.
        StoreUnavailable: as for `Database.run`.
    """
    name = checked_username(username)
    database.run(_add, name, _secrets(password, ntlm=ntlm), writes=True)


def passwd(database: Database, username: str, password: str, /) -> None:
    """Gives an account another password. Its kind stays: an NT hash or none.

    Raises:
        UnknownUser: there is no such account.
        ValueError: as for `add`.
        StoreUnavailable: as for `Database.run`.
    """
    key = fold(username)
    ntlm = database.run(_has_nt_hash, key)
    database.run(_passwd, key, _secrets(password, ntlm=ntlm), writes=True)


def remove(database: Database, username: str, /) -> None:
    """Removes an account, its maildrop and its mail.

    Raises:
        UnknownUser: there is no such account.
        MaildropInUse: a session has the maildrop open. Nothing was removed.
        StoreUnavailable: as for `Database.run`.
    """
    database.run(_remove, fold(username), database.locks, writes=True)


def restored(database: Database, /) -> None:
    """Has the mail to come get other UIDLs, because the database was restored from a backup.

    The numbers that were given out since the backup was made come again, and without this, clients would take
    new mail for mail that they have (RFC 1939 §7). Stop the server before a backup is put in place, and call
    this before it starts again. Once too often does no harm: mail that is there keeps its UIDLs.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from quitclaim.database import Database
    >>> with tempfile.TemporaryDirectory() as folder, Database(Path(folder)) as database:
    ...     restored(database)

    Raises:
        StoreUnavailable: as for `Database.run`.
    """
    database.run(_restored, writes=True)


def is_known(database: Database, username: str, /) -> bool:
    """Whether there is an account of that name; names are compared without case.

    Raises:
        StoreUnavailable: as for `Database.run`.
    """
    try:
        database.run(_has_nt_hash, fold(username))
    except UnknownUser:
        return False
    return True


def checked_username(username: str, /) -> str:
    """The name as an account of it would be kept: composed.

    >>> checked_username("Anna")
    'Anna'

    Raises:
        InvalidUsername: no account may have it.
    """
    name = unicodedata.normalize("NFC", username)
    # Slash and dots: a name may become a folder's (Maildir). Backslash: NTLM clients cut DOMAIN\\user there.
    # C and Z are all that is not to be seen: controls, formats, surrogates, blanks.
    wrong = any(unicodedata.category(one)[0] in "CZ" or one in "/\\" for one in name)
    if wrong or name in {".", ".."} or not 1 <= len(name) <= LONGEST_USERNAME:
        message = "a name has 1 to 64 visible characters, no blank, no slash and no backslash"
        raise InvalidUsername(message)
    return name


def listing(database: Database, /) -> list[Entry]:
    """All accounts, by name.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from quitclaim.database import Database
    >>> with tempfile.TemporaryDirectory() as folder, Database(Path(folder)) as database:
    ...     add(database, "anna", "open sesame")
    ...     listing(database)
    [Entry(username='anna', ntlm=True, messages=0, octets=0, holder=None)]

    Raises:
        StoreUnavailable: as for `Database.run`.
    """
    holders = database.locks.holders()
    return [
        Entry(name, bool(ntlm), messages, octets, holders.get(mailbox))
        for mailbox, name, ntlm, messages, octets in database.run(_listed)
    ]


def _secrets(password: str, /, *, ntlm: bool) -> _Secrets:
    """What is kept of a password: an NT hash or a scrypt hash, and keys for SCRAM."""
    # A surrogate is half a character, and no client could send it.
    wrong = any(one in "\0\r\n" or "\ud800" <= one <= "\udfff" for one in password)
    if wrong or not 1 <= len(password) <= LONGEST_PASSWORD:
        message = "a password has 1 to 256 characters, none of them NUL, CR or LF"
        raise ValueError(message)
    scram = pack(password, iterations=ITERATIONS)
    if ntlm:
        return _Secrets(Credential.from_password(password).nt_hash, None, scram)
    return _Secrets(None, ScryptHash.from_password(password).text, scram)


class _Secrets(NamedTuple):
    """The columns of an account, in the order of its statements."""

    nt_hash: bytes | None
    scrypt: str | None
    scram: bytes


# --- on a thread of the database


def _add(connection: sqlite3.Connection, name: str, secrets: _Secrets, /) -> None:
    key = fold(name)
    with write(connection):
        if mailbox_of(connection, key) is not None:
            message = f"there is an account {key!r} already"
            raise UserExists(message)
        mailbox = connection.execute("INSERT INTO mailbox (name, key) VALUES (?, ?)", (name, key)).lastrowid
        connection.execute(_ADDITION, (mailbox, *secrets))


def _has_nt_hash(connection: sqlite3.Connection, key: str, /) -> bool:
    row: tuple[bool] | None = connection.execute(_KIND, (mailbox_of(connection, key),)).fetchone()
    if row is None:
        raise _unknown(key)
    return bool(row[0])


def _passwd(connection: sqlite3.Connection, key: str, secrets: _Secrets, /) -> None:
    with write(connection):
        if connection.execute(_CHANGE, (*secrets, mailbox_of(connection, key))).rowcount == 0:
            raise _unknown(key)


def _remove(connection: sqlite3.Connection, key: str, locks: Locks, /) -> None:
    row = connection.execute(_ACCOUNT, (mailbox_of(connection, key),)).fetchone()
    if row is None:
        raise _unknown(key)
    lock = locks.acquire(row[0])
    try:
        with write(connection):
            connection.execute("DELETE FROM mailbox WHERE id = ?", row)
    finally:
        lock.free()


def _restored(connection: sqlite3.Connection, /) -> None:
    with write(connection):
        renew_epoch(connection)


def _listed(connection: sqlite3.Connection, /) -> list[tuple[int, str, bool, int, int]]:
    return connection.execute(_LISTING).fetchall()


def _unknown(key: str, /) -> UnknownUser:
    return UnknownUser(f"there is no account {key!r}")


_ACCOUNT: Final = "SELECT mailbox FROM account WHERE mailbox = ?"
_KIND: Final = "SELECT nt_hash IS NOT NULL FROM account WHERE mailbox = ?"
_ADDITION: Final = "INSERT INTO account (mailbox, nt_hash, scrypt, scram) VALUES (?, ?, ?, ?)"
_CHANGE: Final = "UPDATE account SET nt_hash = ?, scrypt = ?, scram = ? WHERE mailbox = ?"
_LISTING: Final = """
    SELECT mailbox.id, name, nt_hash IS NOT NULL, count(message.id), coalesce(sum(message.octets), 0)
    FROM mailbox JOIN account ON account.mailbox = mailbox.id
    LEFT JOIN message ON message.mailbox = mailbox.id
    GROUP BY mailbox.id ORDER BY key
"""
