"""Which mechanisms are announced: what the accounts can serve, and in plaintext what nobody else can use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.sasl.clients import CLIENTS

from quitclaim.accounts import MemoryAccounts
from quitclaim.identity import Identity
from quitclaim.limits import Limits
from quitclaim.maildrop import MemoryStore
from quitclaim.server import default_mechanisms
from quitclaim.session import Service, Session

if TYPE_CHECKING:
    from tests.sasl.conftest import Clients

    from quitclaim import HandleTable
    from quitclaim.accounts import Accounts

HEARD = "SCRAM-SHA-256 SCRAM-SHA-1 NTLM"
PASSWORDS = f"{HEARD} PLAIN LOGIN"
ALL = f"{HEARD} OAUTHBEARER XOAUTH2 PLAIN LOGIN"
ANNA = MemoryAccounts({"anna": "open sesame"})
BEARERS = MemoryAccounts({"anna": "open sesame"}, check_token={"abc": Identity("anna")}.get)


class Directory:
    """Accounts that take nothing but tokens."""

    offers = frozenset({"token"})
    ntlm = password = scram = BEARERS.ntlm
    token = BEARERS.token


@pytest.mark.pop3("session-20", "login-24")
@pytest.mark.parametrize(
    ("accounts", "trusted", "names"),
    [
        (ANNA, True, PASSWORDS),
        (ANNA, False, HEARD),
        (BEARERS, True, ALL),
        (BEARERS, False, HEARD),
        (Directory(), True, "OAUTHBEARER XOAUTH2"),
        (Directory(), False, ""),
    ],
)
def test_what_is_announced_can_be_used_here(
    accounts: Accounts, names: str, handle_table: HandleTable[Any], *, trusted: bool
) -> None:
    service = Service(
        accounts=accounts, store=MemoryStore(), mechanisms=default_mechanisms(), limits=Limits()
    )
    session = Session(service, handle_table.owner(), trusted=trusted)
    said = session.receive(b"CAPA\r\nAUTH\r\n").decode()
    assert re.findall(r"^SASL (.*)\r$", said, re.MULTILINE) == ([names] if names else [])
    assert said.endswith("\r\n".join(["+OK mechanisms", *names.split(), ".", ""]))
    session.close("quit")


@pytest.mark.pop3("login-24")
@pytest.mark.parametrize("mechanism", [name for name in CLIENTS if not name.startswith("SCRAM")])
def test_what_others_could_read_is_refused_over_plaintext(connect: Clients, mechanism: str) -> None:
    client = connect(trusted=False)
    assert client.begin(mechanism, "anna", "open sesame") == b"-ERR no such mechanism here, see CAPA\r\n"
    assert client.table.stats().acquired == 0


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_scram_tells_who_listens_nothing_so_it_is_taken_over_plaintext(
    connect: Clients, mechanism: str
) -> None:
    assert connect(trusted=False).begin(mechanism, "anna", "open sesame").startswith(b"+OK 0")


@pytest.mark.pop3("login-10")
@pytest.mark.parametrize(
    "name", [b"ANONYMOUS", b"EXTERNAL", b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-512", b"CRAM-MD5", b"GSSAPI", b"X"]
)
def test_other_mechanisms_are_refused(connect: Clients, name: bytes) -> None:
    client = connect(mechanisms=default_mechanisms())
    assert client.say(b"AUTH %b =" % name) == b"-ERR no such mechanism here, see CAPA\r\n"
    assert client.table.stats().acquired == 0
