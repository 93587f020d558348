"""`quitclaim restored`: no UIDL is given twice, though the numbers come again."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import pytest

from quitclaim.database import Database
from quitclaim.identity import Identity
from quitclaim.maildrop.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.processes import Command


def uidls(folder: Path) -> list[str]:
    """Of anna's messages."""

    async def opened(store: SqliteStore) -> list[str]:
        maildrop = await store.open(Identity("anna"))
        try:
            return [maildrop.uidl(number) for number in range(1, len(maildrop.octets) + 1)]
        finally:
            maildrop.close()

    with Database(folder) as database:
        return asyncio.run(opened(SqliteStore(database)))


@pytest.mark.pop3("maildrop-15")
def test_new_mail_after_a_backup_has_names_that_no_client_has_seen(
    folder: Path, tmp_path: Path, quitclaim: Command
) -> None:
    def deliver() -> None:
        assert quitclaim("deliver", "--data", folder, "anna", stdin=b"hello\n").code == 0

    deliver()
    backup = tmp_path / "backup"
    shutil.copytree(folder, backup)
    deliver()
    *kept, lost = uidls(folder)
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)
    assert quitclaim("restored", "--data", folder) == (0, "", "")
    deliver()
    *still, new = uidls(folder)
    assert still == kept
    assert new != lost


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, quitclaim: Command) -> None:
    said = quitclaim("restored", "--data", tmp_path / "nowhere")
    assert said.code == 1
    assert "nowhere" in said.err
