"""Each test runs over each carrier. In the end no handle, no lock and no answer is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.carriers.carriers import Alone, Back, Served
from tests.server.certificates import issue, pem_of, trusting

from quitclaim.server import Tls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.carriers.carriers import Carrier

    from quitclaim import HandleTable
    from quitclaim.session import ExchangeTable


@pytest.fixture
def back() -> Back:
    """Anna's account and two messages; a test may turn it before anybody connects."""
    return Back()


@pytest.fixture
def table(handle_table: HandleTable[Any]) -> ExchangeTable:
    """Where the server's owners come from; a module may have another."""
    return handle_table


@pytest.fixture(params=["session", "TCP", "STLS", "POP3S"])
def carrier(
    request: pytest.FixtureRequest, back: Back, table: ExchangeTable, tmp_path: Path
) -> Iterator[Carrier]:
    """A server that is reached in that way."""
    carrier: Alone | Served
    if request.param == "session":
        carrier = Alone(back, table)
    elif request.param == "TCP":
        carrier = Served(back, table)
    else:
        certificate = issue("localhost")
        tls, trust = Tls(pem_of(tmp_path, certificate)), trusting(certificate)
        carrier = Served(back, table, tls=tls, trust=trust, implicit=request.param == "POP3S")
    yield carrier
    carrier.close()
    assert set(back.store.closes) <= {1}
    assert not back.store.memory._open  # noqa: SLF001 - no lock is left
    assert len(table) == 0
