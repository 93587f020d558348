"""What the tests of accounts and mail share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import pytest

from quitclaim.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that is not made yet."""
    return tmp_path / "data"


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    """The database of that folder."""
    with Database(folder) as opened:
        yield opened


@pytest.fixture
def ask() -> Iterator[Callable[..., Any]]:
    """Calls a port's method where a loop runs, and gives its answer, whether that comes at once or later."""

    async def answered(method: Callable[..., Any], *arguments: object) -> object:
        answer = method(*arguments)
        return await answer if isinstance(answer, Awaitable) else answer

    with asyncio.Runner() as runner:
        yield lambda method, *arguments: runner.run(answered(method, *arguments))
