"""Each client, by each of its mechanisms, over each carrier: with the right password and a wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.interop.clients import CLIENTS
from tests.interop.clients.curl import Curl
from tests.interop.clients.getmail import Getmail
from tests.interop.clients.mpop import Mpop
from tests.interop.clients.mutt import Mutt

from quitclaim.ntlm import Acceptor
from quitclaim.sasl import Ntlm

if TYPE_CHECKING:
    from pathlib import Path

    from tests.interop.clients.client import Client, Programs
    from tests.interop.conftest import Maildir, MailServer

WAYS = pytest.mark.parametrize(
    ("client", "mechanism", "carrier"),
    [
        pytest.param(client, mechanism, carrier, id=f"{client.name}-{mechanism}-{carrier}")
        for client in CLIENTS
        for mechanism, carriers in client.ways
        for carrier in carriers
    ],
)
TOKENS = pytest.mark.parametrize(
    ("client", "mechanism", "carrier"),
    [
        pytest.param(client, mechanism, carrier, id=f"{client.name}-{mechanism}-{carrier}")
        for client in CLIENTS
        for mechanism, carriers in client.tokens
        for carrier in carriers
    ],
)
NTLMV1 = pytest.mark.parametrize(
    ("client", "carrier"),
    [
        pytest.param(client, carrier, id=f"{client.name}-{carrier}")
        for client in CLIENTS
        for carrier in client.ntlmv1
    ],
)
OPT_IN = pytest.mark.parametrize("mechanisms", [[Ntlm(Acceptor("MAIL", ntlmv1=True))]], ids=["opt-in"])

ON_DISK = pytest.mark.parametrize("back_end", ["sqlite"], indirect=True)
IN_MEMORY = pytest.mark.parametrize("back_end", ["memory"], indirect=True)  # the one that knows tokens


@ON_DISK
@WAYS
def test_a_client_logs_in_and_reads_every_octet(  # noqa: PLR0913 - fixtures
    server: MailServer, run: Programs, maildir: Maildir, tmp_path: Path, *, client: Client, mechanism: str
) -> None:
    done = client.fetch(server.account(mechanism, home=tmp_path), run)
    assert done.returncode == 0, done
    assert maildir.messages() == sorted(client.added + message for message in server.messages)
    assert [(how, who) for how, _, who in server.logins()] == [(mechanism, server.username)]


@ON_DISK
@WAYS
def test_a_wrong_password_is_one_clean_refusal(  # noqa: PLR0913 - fixtures
    server: MailServer, run: Programs, maildir: Maildir, tmp_path: Path, *, client: Client, mechanism: str
) -> None:
    done = client.fetch(server.account(mechanism, "guess", home=tmp_path), run)
    assert client.denied in done.stdout + done.stderr
    assert maildir.messages() == []
    assert len(server.table) == 0
    assert server.refusals() == [(mechanism, server.username, "logon denied")]


@IN_MEMORY
@TOKENS
def test_a_client_logs_in_by_a_token_and_reads_every_octet(  # noqa: PLR0913 - fixtures
    server: MailServer, run: Programs, maildir: Maildir, tmp_path: Path, *, client: Client, mechanism: str
) -> None:
    done = client.fetch(server.account(mechanism, server.token, home=tmp_path), run)
    assert done.returncode == 0, done
    assert maildir.messages() == sorted(client.added + message for message in server.messages)
    assert [(how, who) for how, _, who in server.logins()] == [(mechanism, server.username)]


@IN_MEMORY
@TOKENS
def test_a_token_of_nobody_is_one_clean_refusal(  # noqa: PLR0913 - fixtures
    server: MailServer, run: Programs, maildir: Maildir, tmp_path: Path, *, client: Client, mechanism: str
) -> None:
    done = client.fetch(server.account(mechanism, "expired", home=tmp_path), run)
    assert client.denied in done.stdout + done.stderr
    assert maildir.messages() == []
    assert len(server.table) == 0
    assert server.refusals() == [(mechanism, server.username, "logon denied")]


@IN_MEMORY
@pytest.mark.parametrize(
    ("client", "mechanism"),
    [(Curl(), "OAUTHBEARER"), (Getmail(), "XOAUTH2"), (Mpop(), "XOAUTH2"), (Mutt(), "OAUTHBEARER")],
    ids=["curl", "getmail6", "mpop", "mutt"],
)
def test_a_token_too_long_for_a_command_comes_on_a_line_of_its_own(  # noqa: PLR0913 - fixtures
    server: MailServer, run: Programs, maildir: Maildir, tmp_path: Path, *, client: Client, mechanism: str
) -> None:
    client.fetch(server.account(mechanism, server.long_token, home=tmp_path), run)
    assert len(maildir.messages()) == len(server.messages)


@ON_DISK
@NTLMV1
def test_a_client_with_ntlmv1_is_refused_once_though_its_password_is_right(
    server: MailServer, run: Programs, maildir: Maildir, tmp_path: Path, *, client: Client
) -> None:
    done = client.fetch(server.account("NTLM", home=tmp_path), run)
    assert client.denied in done.stdout + done.stderr
    assert maildir.messages() == []
    assert len(server.table) == 0
    assert server.refusals() == [("NTLM", server.username, "refused by policy: the response is NTLMv1")]


@ON_DISK
@NTLMV1
@OPT_IN
def test_a_client_with_ntlmv1_logs_in_where_that_is_opted_in_to(
    server: MailServer, run: Programs, maildir: Maildir, tmp_path: Path, *, client: Client
) -> None:
    done = client.fetch(server.account("NTLM", home=tmp_path), run)
    assert done.returncode == 0, done
    assert maildir.messages() == sorted(client.added + message for message in server.messages)
    assert [(how, who) for how, _, who in server.logins()] == [("NTLM", server.username)]
