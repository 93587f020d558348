"""Many accounts with one password, quickly made: each has a copy of the first one's NT hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.processes import PASSWORD

from quitclaim.accounts import administration
from quitclaim.database import Database, write

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

__all__ = ("add_many",)


def add_many(folder: Path, number: int, /) -> None:
    """Makes a data folder with the accounts user0, user1, and so on."""

    def copy(connection: sqlite3.Connection) -> None:
        names = [(f"user{one}", f"user{one}") for one in range(1, number)]
        with write(connection):
            connection.executemany("INSERT INTO mailbox (name, key) VALUES (?, ?)", names)
            connection.execute(
                "INSERT INTO account (mailbox, nt_hash) SELECT id, (SELECT nt_hash FROM account) FROM mailbox"
                " WHERE key <> 'user0'"
            )

    with Database(folder) as database:
        administration.add(database, "user0", PASSWORD)
        database.run(copy, writes=True)
