"""Fixtures for pytest, which loads this by itself where quitclaim is installed: `docs/testing.md`.

Nothing of a server is imported until a test asks for one.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from quitclaim.handles import HandleTable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from quitclaim.testing import Pop3Server

__all__ = ("handle_table", "pop3_server", "pytest_runtest_makereport")


@pytest.fixture
def handle_table(request: pytest.FixtureRequest) -> Iterator[HandleTable[Any]]:
    """A table that must be empty at the end of the test: whatever is left is an error, with whose it is."""
    with _given_back(request.node) as table:
        yield table


@pytest.fixture
def pop3_server(request: pytest.FixtureRequest) -> Iterator[Pop3Server]:
    """A POP3 server at a free port of 127.0.0.1, with the user anna, whose password is `open sesame`.

    Whoever is still connected at the end of the test is cut off, and a handle that is left then is an error.
    """
    from quitclaim.testing import Pop3Server  # noqa: PLC0415 - most tests of most users need none

    with _given_back(request.node) as table, Pop3Server(table) as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Takes note of a test that fails: its traceback keeps its locals, and so whatever they own."""
    report = yield
    if call.excinfo is not None:
        item.stash[_FAILED] = True
    return report


_FAILED: Final = pytest.StashKey[bool]()


@contextmanager
def _given_back(test: pytest.Item) -> Iterator[HandleTable[Any]]:
    table = HandleTable[Any]()
    yield table
    if test.stash.get(_FAILED, False):
        return
    left = [f"\n  of {one.owner or 'an owner without a label'}, {one.state}" for one in table.census()]
    if left:
        handles = "1 handle was" if len(left) == 1 else f"{len(left)} handles were"
        pytest.fail(f"{handles} not given back:{''.join(left)}", pytrace=False)
