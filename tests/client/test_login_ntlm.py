"""`login_ntlm` against our own server, and against servers that talk nonsense."""

from __future__ import annotations

import base64
import sys
from poplib import POP3, error_proto
from typing import TYPE_CHECKING, Any

import pytest
from tests.client.servers import TIMEOUT, scripted

from quitclaim.accounts import MemoryAccounts
from quitclaim.client import login_ntlm
from quitclaim.maildrop import MemoryStore
from quitclaim.ntlm import Acceptor
from quitclaim.observer import LoggedIn
from quitclaim.sasl import Ntlm, Plain
from quitclaim.testing import Controller

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quitclaim import HandleTable
    from quitclaim.observer import Event

USER = "anna"
PASSWORD = "open sesame"  # noqa: S105 - opens nothing
# What a password may look like, and pyspnego takes for something else if it is not told.
TWO_HASHES = "aad3b435b51404eeaad3b435b51404ee:31d6cfe0d16ae931b73c59d7e0c089c0"
DENIED = r"^b'-ERR \[AUTH\] authentication failed'$"

FORMS = pytest.mark.parametrize("initial_response", [False, True], ids=["two lines", "initial response"])


@pytest.fixture
def events() -> list[Event]:
    """What the server has told its observer."""
    return []


@pytest.fixture
def controller(handle_table: HandleTable[Any], events: list[Event]) -> Iterator[Controller]:
    """A server where a MIC is required."""
    with Controller(
        accounts=MemoryAccounts({USER: PASSWORD, "anna@example.org": "", "bert": TWO_HASHES}),
        store=MemoryStore(),
        mechanisms=[Ntlm(Acceptor("MAIL", mic="required")), Plain()],
        table=handle_table,
        observer=events.append,
    ) as controller:
        yield controller


@pytest.fixture
def client(controller: Controller) -> Iterator[POP3]:
    """A client that is connected."""
    client = POP3(*controller.address, timeout=TIMEOUT)
    yield client
    client.close()


@FORMS
def test_a_login_gives_the_servers_words_and_opens_the_maildrop(
    client: POP3, *, initial_response: bool
) -> None:
    reply = login_ntlm(client, USER, PASSWORD, initial_response=initial_response)
    assert reply == b"+OK 0 messages (0 octets)"
    assert client.stat() == (0, 0)
    assert client.quit().startswith(b"+OK")


def test_a_login_is_by_ntlmv2_with_a_mic(controller: Controller, client: POP3, events: list[Event]) -> None:
    login_ntlm(client, USER, PASSWORD)
    (login,) = [event for event in controller.call(events.copy) if isinstance(event, LoggedIn)]
    assert (login.mechanism, login.detail) == ("NTLM", "NTLMv2+MIC")


@pytest.mark.parametrize(
    ("user", "domain", "password"),
    [
        (USER, "EXAMPLE", PASSWORD),
        ("EXAMPLE\\anna", "", PASSWORD),
        ("anna@example.org", "", ""),
        ("bert", "", TWO_HASHES),
    ],
    ids=["domain", "domain in the name", "UPN, empty password", "password like two hashes"],
)
def test_a_name_and_a_password_are_taken_as_they_are(
    client: POP3, user: str, domain: str, password: str
) -> None:
    assert login_ntlm(client, user, password, domain=domain).startswith(b"+OK")


@FORMS
@pytest.mark.parametrize(("user", "password"), [(USER, "a guess"), ("mallory", PASSWORD)])
def test_a_refused_login_raises_poplibs_error_with_the_servers_words(
    client: POP3, user: str, password: str, *, initial_response: bool
) -> None:
    with pytest.raises(error_proto, match=DENIED):
        login_ntlm(client, user, password, initial_response=initial_response)


@FORMS
def test_after_a_refused_login_another_by_ntlm_is_good(client: POP3, *, initial_response: bool) -> None:
    with pytest.raises(error_proto):
        login_ntlm(client, USER, "a guess", initial_response=initial_response)
    assert login_ntlm(client, USER, PASSWORD, initial_response=initial_response).startswith(b"+OK")


@FORMS
def test_after_a_refused_login_another_by_user_and_pass_is_good(
    client: POP3, *, initial_response: bool
) -> None:
    with pytest.raises(error_proto):
        login_ntlm(client, USER, "a guess", initial_response=initial_response)
    client.user(USER)
    assert client.pass_(PASSWORD).startswith(b"+OK")


def test_without_pyspnego_it_says_what_to_install_and_nothing_to_the_server(
    client: POP3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "spnego", None)
    with pytest.raises(ImportError, match=r"^login_ntlm needs pyspnego: pip install quitclaim\[client\]$"):
        login_ntlm(client, USER, PASSWORD)
    assert client.user(USER).startswith(b"+OK")


# --- servers of other people


CHALLENGE = base64.b64encode(
    Acceptor("MAIL").challenge(
        bytes.fromhex("4e544c4d53535000010000000782088200000000") + bytes(12), bytes(8), 0
    )[1]
)
NO_CHALLENGE = "^the server's answer to a NEGOTIATE is no CHALLENGE$"


def test_a_server_that_answers_auth_by_ok_as_exchange_does_is_understood() -> None:
    with scripted([b"+OK\r\n", b"+ " + CHALLENGE + b"\r\n", b"+OK welcome\r\n"]) as (address, heard):
        client = POP3(*address, timeout=TIMEOUT)
        assert login_ntlm(client, USER, PASSWORD) == b"+OK welcome"
        client.close()
    assert heard[0] == b"AUTH NTLM"
    assert [base64.b64decode(line)[:9] for line in heard[1:]] == [b"NTLMSSP\0\1", b"NTLMSSP\0\3"]


def test_a_server_without_ntlm_is_told_nothing_more() -> None:
    with scripted([b"-ERR no such mechanism\r\n", b"+OK\r\n"]) as (address, heard):
        client = POP3(*address, timeout=TIMEOUT)
        with pytest.raises(error_proto, match="no such mechanism"):
            login_ntlm(client, USER, PASSWORD)
        client.user(USER)
        client.close()
    assert heard == [b"AUTH NTLM", b"USER anna"]


@pytest.mark.parametrize(
    "nonsense",
    [
        b"+OK welcome",
        b"+",
        b"+ ",
        b"+ \xff\xfe",
        b"+ " + base64.b64encode(b"NTLMSSP\0\2"),
        b"+ " + base64.b64encode(b"NTLMSSP\0\1" + bytes(31)),
        b"+ " + base64.b64encode(b"\0" * 4_000),
        b"+ " + CHALLENGE[:-8],
        b"+ " + CHALLENGE + b"=",
    ],
)
def test_what_is_no_challenge_ends_the_exchange_by_a_star(nonsense: bytes) -> None:
    with scripted([b"+ \r\n", nonsense + b"\r\n", b"-ERR cancelled\r\n", b"+OK\r\n"]) as (address, heard):
        client = POP3(*address, timeout=TIMEOUT)
        with pytest.raises(error_proto, match=NO_CHALLENGE):
            login_ntlm(client, USER, PASSWORD)
        assert client.user(USER) == b"+OK"
        client.close()
    assert heard[2:] == [b"*", b"USER anna"]


def test_a_second_challenge_ends_the_exchange_by_a_star() -> None:
    challenge = b"+ " + CHALLENGE + b"\r\n"
    replies = [challenge, challenge, b"-ERR cancelled\r\n", b"+OK\r\n"]
    with scripted(replies) as (address, heard):
        client = POP3(*address, timeout=TIMEOUT)
        with pytest.raises(error_proto, match="does not answer an AUTHENTICATE"):
            login_ntlm(client, USER, PASSWORD, initial_response=True)
        assert client.user(USER) == b"+OK"
        client.close()
    assert heard[2:] == [b"*", b"USER anna"]


@pytest.mark.parametrize("replies", [[], [b"+ \r\n"], [b"+ \r\n", b"+ " + CHALLENGE + b"\r\n"]], ids=len)
def test_a_server_that_hangs_up_is_poplibs_error(replies: list[bytes]) -> None:
    with scripted(replies) as (address, _):
        client = POP3(*address, timeout=TIMEOUT)
        with pytest.raises((error_proto, ConnectionResetError, BrokenPipeError)):
            login_ntlm(client, USER, PASSWORD)
        client.close()


def test_a_line_without_end_is_not_read_to_it() -> None:
    with scripted([b"+ " + b"A" * 20_000 + b"\r\n"]) as (address, _):
        client = POP3(*address, timeout=TIMEOUT)
        with pytest.raises(error_proto, match=r"^line too long$"):
            login_ntlm(client, USER, PASSWORD, initial_response=True)
        client.close()


def test_a_challenge_is_longer_than_poplib_would_take() -> None:
    names = ("d" * 250, "s" * 250)
    acceptor = Acceptor("M" * 200, domain="D" * 200, dns_names=names)
    with Controller(
        accounts=MemoryAccounts({USER: PASSWORD}), store=MemoryStore(), mechanisms=[Ntlm(acceptor)]
    ) as controller:
        client = POP3(*controller.address, timeout=TIMEOUT)
        assert login_ntlm(client, USER, PASSWORD).startswith(b"+OK")
        client.close()
