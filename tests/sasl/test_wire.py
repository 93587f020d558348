"""Each mechanism once over TCP, and tokens as long as a line may be."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import pytest
from tests.sasl.clients import CLIENTS
from tests.server.wire import Wire

from quitclaim.accounts import MemoryAccounts
from quitclaim.identity import Identity
from quitclaim.maildrop import MemoryStore
from quitclaim.pop3 import LONGEST_RESPONSE
from quitclaim.testing import Controller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quitclaim import HandleTable

PASSWORD = "open sesame"  # noqa: S105 - a test's
# The longest that fits: base64 makes four octets of three.
LONGEST = "x" * (LONGEST_RESPONSE // 4 * 3 - len("n,a=anna,\1auth=Bearer \1\1"))


async def check_token(token: str) -> Identity | None:
    """As whoever asks the issuer does."""
    return Identity("anna") if token in {"token-of-anna", LONGEST} else None


@pytest.fixture
def wire(handle_table: HandleTable[Any]) -> Iterator[Wire]:
    """A connection to a server that knows anna."""
    accounts = MemoryAccounts({"anna": PASSWORD}, check_token=check_token)
    with (
        Controller(accounts=accounts, store=MemoryStore(), table=handle_table) as controller,
        Wire(controller.address) as wire,
    ):
        yield wire


def login(wire: Wire, mechanism: str, password: str) -> bytes:
    """An attempt, and the reply to it."""
    said = CLIENTS[mechanism]("anna", password)
    next(said)
    heard = wire.say(b"AUTH " + mechanism.encode())
    while heard.startswith(b"+ "):
        heard = wire.say(b64encode(said.send(b64decode(heard[2:]))))
    return heard


@pytest.mark.pop3("login-11", "login-18", "login-19", "login-20", "login-21", "login-22")
@pytest.mark.parametrize("mechanism", CLIENTS)
def test_a_good_login_follows_a_bad_one(wire: Wire, mechanism: str) -> None:
    assert login(wire, mechanism, "guess") == b"-ERR [AUTH] authentication failed\r\n"
    assert login(wire, mechanism, PASSWORD) == b"+OK 0 messages (0 octets)\r\n"


@pytest.mark.pop3("session-8", "asked-11")
def test_a_long_token_comes_in_two_steps(wire: Wire) -> None:
    assert wire.say(b"AUTH OAUTHBEARER") == b"+ \r\n"
    message = b64encode(f"n,a=anna,\1auth=Bearer {LONGEST}\1\1".encode())
    assert len(message) == LONGEST_RESPONSE
    assert wire.say(message).startswith(b"+OK 0")
