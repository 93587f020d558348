"""docs/clients.md says what these tests do, and shows the settings that they use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.interop.clients import CLIENTS
from tests.interop.clients.client import EVERY_WAY, Account

if TYPE_CHECKING:
    from tests.interop.clients.client import Carrier, Client

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
SHOWN = [client for client in CLIENTS if client.name not in {"JavaMail", "poplib"}]  # these two are programs
MECHANISMS = ("USER", "PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2")
NAMES = {"pop3": "plain", "stls": "STLS", "pop3s": "POP3S"}
PORTS = {"pop3": 110, "stls": 110, "pop3s": 995}


def row(client: Client) -> str:
    """The client's line of the table: over what each mechanism logs in."""
    ways = {**dict(client.ways), **dict(client.tokens)}
    cells = [over(ways.get(mechanism, ())) for mechanism in MECHANISMS]
    ntlm = "NTLMv1" if client.ntlmv1 else over(ways.get("NTLM", ()))
    return f"| {client.name} {client.version} | {' | '.join([*cells, ntlm])} |"


def over(carriers: tuple[Carrier, ...]) -> str:
    """The cell for a mechanism."""
    if carriers == EVERY_WAY:
        return "all"
    return ", ".join(NAMES[carrier] for carrier in carriers) or "—"


def settings(client: Client) -> str:
    """What it is told in the page, with names that a reader replaces."""
    mechanism, carrier = client.shown
    account = Account(
        host="pop.example.org",
        port=PORTS[carrier],
        carrier=carrier,
        mechanism=mechanism,
        username="anna",
        secret="open sesame",  # noqa: S106 - opens nothing
        authority="/etc/ssl/authority.pem",
        home="/home/anna",
    )
    return client.settings(account)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_the_page_says_what_was_tried(client: Client) -> None:
    assert row(client) in PAGE.read_text().splitlines()


@pytest.mark.parametrize("client", SHOWN, ids=lambda client: client.name)
def test_the_page_shows_the_settings_that_were_tried(client: Client) -> None:
    assert f"\n{settings(client)}```\n" in PAGE.read_text()
