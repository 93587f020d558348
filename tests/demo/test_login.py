"""The demo's own client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.demo.login import read_message
from quitclaim.maildrop.memory import MemoryStore
from quitclaim.testing import Controller

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """A server with one account, and a message in it."""
    store = MemoryStore()
    store.deliver("jürgen", b"Subject: dots\r\n\r\n.\r\n..\r\n")
    with Controller(accounts=MemoryAccounts({"jürgen": "öffne dich"}), store=store) as controller:
        yield controller.address


def test_it_reads_a_message_as_it_was_delivered(address: tuple[str, int]) -> None:
    assert read_message(address, "jürgen", "öffne dich") == b"Subject: dots\r\n\r\n.\r\n..\r\n"


@pytest.mark.parametrize(("username", "password"), [("jürgen", "guess"), ("anna", "öffne dich")])
def test_a_refusal_is_told_in_the_servers_words(
    username: str, password: str, address: tuple[str, int]
) -> None:
    with pytest.raises(ConnectionError, match=r"-ERR \[AUTH\]"):
        read_message(address, username, password)
