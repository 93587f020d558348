"""A process that is killed at any point loses no mail, deletes none twice, and leaves no lock."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from quitclaim.accounts.administration import add
from quitclaim.database import Database
from quitclaim.identity import Identity
from quitclaim.maildrop.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")

ANNA = Identity("anna")


@pytest.fixture
def three_messages(folder: Path) -> list[str]:
    """A maildrop of anna's with three messages; their UIDLs."""
    with Database(folder) as database:
        add(database, "anna", "open sesame")
        for number in range(3):
            SqliteStore(database).deliver(["anna"], b"message %d\r\n" % number)
    return uidls(folder)


def uidls(folder: Path) -> list[str]:
    """Those of anna's messages, seen by somebody who opens the maildrop now."""

    async def opened(store: SqliteStore) -> list[str]:
        maildrop = await store.open(ANNA)
        names = [maildrop.uidl(number) for number in range(1, len(maildrop.octets) + 1)]
        maildrop.close()
        return names

    with Database(folder) as database:
        return asyncio.run(opened(SqliteStore(database)))


def killed(folder: Path, point: str, work: Callable[[SqliteStore], Any]) -> None:
    """Has a child do that, and kills it when SQLite begins that statement, or after the work."""
    child = os.fork()
    if child == 0:
        try:
            database = Database(folder)
            for writes in (False, True):
                database.run(lambda connection: connection.set_trace_callback(killer(point)), writes=writes)
            work(SqliteStore(database))
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def killer(point: str) -> Callable[[str], None]:
    """Kills this process at that statement."""

    def trace(statement: str) -> None:
        if statement.startswith(point):
            os.kill(os.getpid(), signal.SIGKILL)

    return trace


def deliver(store: SqliteStore) -> None:
    """Delivers a fourth message."""
    store.deliver(["anna"], b"message 3\r\n")


def update(store: SqliteStore) -> None:
    """Deletes the first two messages, as QUIT does."""

    async def main() -> None:
        maildrop = await store.open(ANNA)
        answer = maildrop.commit([1, 2])
        assert answer is not None
        await answer

    asyncio.run(main())


@pytest.mark.parametrize("point", ["BEGIN IMMEDIATE", "INSERT INTO message", "INSERT INTO chunk", "COMMIT"])
def test_a_delivery_that_is_killed_before_its_commit_has_not_happened(
    folder: Path, three_messages: list[str], point: str
) -> None:
    killed(folder, point, deliver)
    assert uidls(folder) == three_messages


def test_a_delivery_that_is_killed_after_its_commit_has_happened(
    folder: Path, three_messages: list[str]
) -> None:
    killed(folder, "never", deliver)
    after = uidls(folder)
    assert (after[:3], len(after)) == (three_messages, 4)


@pytest.mark.pop3("maildrop-16")
@pytest.mark.parametrize(
    "point", ["\n    SELECT json_group_array", "BEGIN IMMEDIATE", "DELETE FROM message", "COMMIT"]
)
def test_an_update_that_is_killed_before_its_commit_has_deleted_nothing(
    folder: Path, three_messages: list[str], point: str
) -> None:
    killed(folder, point, update)
    assert uidls(folder) == three_messages


@pytest.mark.pop3("maildrop-16")
def test_an_update_that_is_killed_after_its_commit_has_deleted_these_and_no_others(
    folder: Path, three_messages: list[str]
) -> None:
    killed(folder, "never", update)
    assert uidls(folder) == three_messages[2:]


@pytest.mark.pop3("maildrop-15", "asked-1")
def test_no_uidl_is_given_out_again_after_a_crash(folder: Path, three_messages: list[str]) -> None:
    killed(folder, "never", update)
    killed(folder, "COMMIT", deliver)
    killed(folder, "never", deliver)
    assert set(uidls(folder)[1:]).isdisjoint(three_messages)
