"""The tables of the database, as migrations: the first makes them, each later one changes what is there.

And what more than one module asks of them.

Identifiers are AUTOINCREMENT wherever a UIDL or a lock is made of them: none is ever used twice, not even
after the last row is deleted. Names are compared by `key`, which is `quitclaim.identity.fold` of the name.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

__all__ = ("APPLICATION", "CHUNK_BITS", "MIGRATIONS", "mailbox_of", "renew_epoch")

APPLICATION: Final = 0x5143_4C4D  # "QCLM", in the file's header

# chunk.id, so that a chunk is found without an index beside the table:
#
#     63 ........................................ 20 | 19 .......................... 0
#      the message that it was delivered with (44)   |  its place in the body (20)
#
# The trigger `message_deleted` has the same number.
CHUNK_BITS: Final = 20

_FIRST: Final = (
    """
    CREATE TABLE mailbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        key TEXT NOT NULL UNIQUE
    )
    """,
    # Whoever may log in is a mailbox with a secret, of one kind or the other.
    """
    CREATE TABLE account (
        mailbox INTEGER PRIMARY KEY REFERENCES mailbox ON DELETE CASCADE,
        nt_hash BLOB,
        scrypt TEXT,
        CHECK ((nt_hash IS NULL) <> (scrypt IS NULL))
    )
    """,
    # A message to many is stored once. `body` is the first of them, whose number the chunks have; NULL there.
    """
    CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,
        body INTEGER,
        octets INTEGER NOT NULL
    )
    """,
    "CREATE INDEX message_of_mailbox ON message (mailbox, id, octets)",
    "CREATE INDEX message_of_body ON message (body) WHERE body IS NOT NULL",
    # All chunks of a body but the last have LARGEST_CHUNK octets.
    "CREATE TABLE chunk (id INTEGER PRIMARY KEY, octets BLOB NOT NULL)",
    # Whichever message of a body is the last takes the body along.
    """
    CREATE TRIGGER message_deleted AFTER DELETE ON message
    WHEN NOT EXISTS (SELECT 1 FROM message WHERE id = coalesce(old.body, old.id))
     AND NOT EXISTS (SELECT 1 FROM message WHERE body = coalesce(old.body, old.id))
    BEGIN
        DELETE FROM chunk WHERE id >= coalesce(old.body, old.id) << 20
                            AND id < (coalesce(old.body, old.id) + 1) << 20;
    END
    """,
    # Messages with a greater id than `after`, up to the next row's, have UIDLs that begin with this name.
    "CREATE TABLE epoch (after INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    # Counts changes of accounts: delivered mail changes the database too, and accounts are not read for that.
    "CREATE TABLE revision (accounts INTEGER NOT NULL)",
    "INSERT INTO revision VALUES (0)",
    """
    CREATE TRIGGER account_added AFTER INSERT ON account
    BEGIN UPDATE revision SET accounts = accounts + 1; END
    """,
    """
    CREATE TRIGGER account_changed AFTER UPDATE ON account
    BEGIN UPDATE revision SET accounts = accounts + 1; END
    """,
    """
    CREATE TRIGGER account_removed AFTER DELETE ON account
    BEGIN UPDATE revision SET accounts = accounts + 1; END
    """,
)

_SECOND: Final = (
    # The keys of SCRAM, packed as `accounts.keyring` has it. NULL until the password is set again, for an
    # account from before there were any.
    "ALTER TABLE account ADD COLUMN scram BLOB",
    # What the salts of nobody are made from. It is as old as the accounts and goes where they go.
    "CREATE TABLE nobody (secret BLOB NOT NULL)",
    "INSERT INTO nobody VALUES (randomblob(32))",
)

MIGRATIONS: Final = (_FIRST, _SECOND)


def mailbox_of(connection: sqlite3.Connection, key: str, /) -> int | None:
    """The number of the mailbox whose name, folded, is that; None if there is none."""
    try:
        row: tuple[int] | None = connection.execute("SELECT id FROM mailbox WHERE key = ?", (key,)).fetchone()
    except UnicodeEncodeError:  # a lone surrogate, as an argument of the command line may have: nobody's name
        return None
    return None if row is None else row[0]


def renew_epoch(connection: sqlite3.Connection, /) -> None:
    """Gives the UIDLs of all messages to come another beginning; those of the present ones stay.

    For a new database, and after a backup was restored: the numbers that were given out since it was made
    come again, and clients would take new mail for mail that they have (RFC 1939 §7).
    """
    row = connection.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'message'").fetchone()
    connection.execute(
        "INSERT OR REPLACE INTO epoch (after, name) VALUES (?, ?)", (row[0] or 0, secrets.token_hex(4))
    )
