"""What the tests of the session share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest
from tests.session.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.session.ports import Store

    from quitclaim import HandleTable
    from quitclaim.limits import Limits
    from quitclaim.observer import Event
    from quitclaim.sasl import Mechanism


class Peers(Protocol):
    """Makes a peer, whose session is closed at the end if the test has not closed it."""

    def __call__(  # noqa: PLR0913 - what a test may turn
        self,
        *,
        store: Store | None = None,
        limits: Limits | None = None,
        trusted: bool = True,
        stls: bool = False,
        mechanisms: Iterable[Mechanism] | None = None,
        observer: Callable[[Event], None] | None = None,
        address: str | None = None,
        beside: Peer | None = None,
    ) -> Peer:
        """With that store, which peers may share, and so on; `beside` another it is of the same server."""


@pytest.fixture
def connect(handle_table: HandleTable[Any]) -> Iterator[Peers]:
    """Peers on one table. In the end no handle is left and each maildrop was closed, once."""
    peers: list[Peer] = []

    def make(**arguments: Any) -> Peer:  # noqa: ANN401 - as `Peers` says
        peers.append(Peer(handle_table, **arguments))
        return peers[-1]

    yield make
    for peer in peers:
        peer.session.close("lost")
        if peer.session.waiting is not None:
            peer.answered()
    assert len(handle_table) == 0
    for peer in peers:
        assert set(peer.store.closes) <= {1}, peer.store.closes


@pytest.fixture
def peer(connect: Peers) -> Peer:
    """A peer that may log in as anna by any mechanism, and has two messages."""
    peer = connect()
    peer.store.memory.deliver("anna", b"Subject: first\r\n\r\nHello, Anna.\r\n")
    peer.store.memory.deliver("anna", b"Subject: second\r\n\r\n.signed\r\n")
    return peer
