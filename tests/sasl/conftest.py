"""What the tests of the mechanisms share: clients that speak them to a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest
from tests.sasl.clients import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quitclaim import HandleTable


class Clients(Protocol):
    """Makes a client, whose session is closed at the end."""

    def __call__(self, **arguments: Any) -> Client:  # noqa: ANN401 - as `Peer` has them
        """With what a test may turn."""


@pytest.fixture
def connect(handle_table: HandleTable[Any]) -> Iterator[Clients]:
    """Clients on one table. In the end no handle is left and each maildrop was closed, once."""
    clients: list[Client] = []

    def make(**arguments: Any) -> Client:  # noqa: ANN401 - as `Peer` has them
        clients.append(Client(handle_table, **arguments))
        return clients[-1]

    yield make
    for client in clients:
        client.session.close("lost")
        if client.session.waiting is not None:
            client.answered()
    assert len(handle_table) == 0
    for client in clients:
        assert set(client.store.closes) <= {1}, client.store.closes


@pytest.fixture
def client(connect: Clients) -> Client:
    """A client of anna's, who has a message."""
    client = connect()
    client.store.memory.deliver("anna", b"Subject: first\r\n\r\nHello, Anna.\r\n")
    return client
