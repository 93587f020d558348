"""The failure table (DESIGN §6) for the newer mechanisms: what the peer hears, and its handle gone."""

from __future__ import annotations

import logging
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from tests.sasl.clients import CLIENTS, LINES, REASONS, Client
from tests.session.peer import CANCELLED, DENIED, IN_USE, PASSWORD, UNAVAILABLE
from tests.session.ports import Foreign, later, raising, raising_later

from quitclaim import HandleTable
from quitclaim.errors import AccountsUnavailable
from quitclaim.identity import Identity
from quitclaim.observer import Left, LoggedIn, Refused
from quitclaim.pop3 import LONGEST_RESPONSE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.ports import How

WELCOME = b"+OK 1 messages (32 octets)\r\n"

every_mechanism = pytest.mark.parametrize("mechanism", CLIENTS)
# Each point at which it is the client's turn: behind AUTH, and behind each line but the last.
every_turn = pytest.mark.parametrize(
    ("mechanism", "lines"), [(name, lines) for name in CLIENTS for lines in range(LINES[name])]
)
at_once_or_later = pytest.mark.parametrize("how", [raising, raising_later])


def outcome(client: Client, heard: bytes) -> bytes:
    """What is said in the end, after whatever is waited for."""
    while client.session.waiting is not None:
        heard += client.answered()
    return heard


# --- login


@pytest.mark.pop3("login-18", "login-19", "login-20", "login-21", "login-22")
@every_mechanism
def test_a_login_is_good_and_its_handle_is_done_with_the_reply(client: Client, mechanism: str) -> None:
    assert client.begin(mechanism, "anna", PASSWORD) == WELCOME
    assert len(client.table) == 0
    assert client.freed == {"done": 1}
    assert client.events == [LoggedIn("192.0.2.7:4711", mechanism, "anna", 1, 32)]


@every_mechanism
def test_a_name_is_taken_in_any_case(client: Client, mechanism: str) -> None:
    assert client.begin(mechanism, "ANNA", PASSWORD) == WELCOME


@every_mechanism
def test_accounts_and_store_may_both_answer_later(client: Client, mechanism: str) -> None:
    client.accounts.how = client.store.opening = later
    assert client.begin(mechanism, "anna", PASSWORD) == b""
    assert len(client.table) == 1
    assert outcome(client, b"") == WELCOME
    assert client.freed == {"done": 1}


# --- refused: the same octets for all


@pytest.mark.pop3("login-3", "login-26")
@every_mechanism
@pytest.mark.parametrize(("username", "password"), [("anna", "guess"), ("anna", ""), ("mallory", "guess")])
@pytest.mark.parametrize("how", [None, later], ids=["at once", "later"])
def test_wrong_credentials_and_unknown_users_are_told_the_same(
    client: Client, mechanism: str, username: str, password: str, how: How | None
) -> None:
    client.accounts.how = how or client.accounts.how
    assert outcome(client, client.begin(mechanism, username, password)) == DENIED
    assert len(client.table) == 0
    assert client.freed == {"failed": 1}
    assert client.events == [Refused("192.0.2.7:4711", mechanism, username, "logon denied")]


@every_turn
@pytest.mark.parametrize("line", [b"no base64", b"AAA", b"\0", b"\xff\xfe"])
def test_what_is_no_base64_is_refused(client: Client, mechanism: str, lines: int, line: bytes) -> None:
    client.begin(mechanism, "anna", PASSWORD, lines=lines)
    assert client.say(line) == DENIED
    assert client.freed == {"failed": 1}


@every_turn
def test_a_line_that_is_too_long_is_refused(client: Client, mechanism: str, lines: int) -> None:
    client.begin(mechanism, "anna", PASSWORD, lines=lines)
    assert client.say(b"A" * (LONGEST_RESPONSE + 4)) == DENIED
    assert client.freed == {"failed": 1}


@every_turn
@pytest.mark.parametrize("token", [b"\0", b"\xff", b"x" * 9_000, b",,,,", b"\1\1\1"], ids=repr)
def test_garbage_is_refused_at_each_turn(client: Client, mechanism: str, lines: int, token: bytes) -> None:
    client.begin(mechanism, "anna", PASSWORD, lines=lines)
    heard = client.say(b64encode(token))
    # Of LOGIN, any line is a name.
    assert (client.say(b64encode(token)) if heard.startswith(b"+ ") else heard) == DENIED
    assert len(client.table) == 0
    assert client.freed == {"failed": 1}


# --- cancelled


@every_turn
def test_a_star_cancels(client: Client, mechanism: str, lines: int) -> None:
    client.begin(mechanism, "anna", PASSWORD, lines=lines)
    assert client.say(b"*") == CANCELLED
    assert len(client.table) == 0
    assert client.freed == {"cancelled": 1}


# --- refused, and told why before


@pytest.fixture
def refused(client: Client, mechanism: str) -> Client:
    """One that was told why its token is no good, and has not answered that."""
    heard = client.begin(mechanism, "anna", "guess", lines=1)
    assert heard == b"+ %b\r\n" % b64encode(REASONS[mechanism])
    return client


@pytest.mark.pop3("login-26", "login-34")
@pytest.mark.parametrize("mechanism", REASONS)
def test_a_bad_token_is_logged_and_its_handle_freed_before_the_peer_knows(
    refused: Client, mechanism: str
) -> None:
    assert len(refused.table) == 0
    assert refused.freed == {"failed": 1}
    assert refused.events == [Refused("192.0.2.7:4711", mechanism, "anna", "logon denied")]
    refused.session.close("lost")
    assert [type(event) for event in refused.events] == [Refused, Left]


@pytest.mark.parametrize("mechanism", REASONS)
@pytest.mark.parametrize("last_word", [b"AQ==", b"", b"*", b"=", b"%", b"A" * LONGEST_RESPONSE])
def test_whatever_the_last_word_is_the_verdict_stands(
    refused: Client, mechanism: str, last_word: bytes
) -> None:
    assert refused.say(last_word) == DENIED
    assert refused.session.failures == 1
    assert len(refused.events) == 1
    assert refused.begin(mechanism, "anna", PASSWORD) == WELCOME


# --- given up, when the accounts had been asked


@pytest.mark.pop3("login-34")
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1"])
def test_who_goes_with_the_proof_in_hand_is_in_the_log(client: Client, mechanism: str) -> None:
    client.begin(mechanism, "anna", PASSWORD, lines=LINES[mechanism] - 1)
    client.session.close("lost")
    assert client.events[0] == Refused("192.0.2.7:4711", mechanism, "anna", "given up: lost")


@pytest.mark.pop3("login-34")
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1"])
def test_who_cancels_with_the_proof_in_hand_is_in_the_log(client: Client, mechanism: str) -> None:
    client.begin(mechanism, "anna", PASSWORD, lines=LINES[mechanism] - 1)
    assert client.say(b"*") == CANCELLED
    assert client.events == [Refused("192.0.2.7:4711", mechanism, "anna", "cancelled")]


@every_mechanism
@pytest.mark.parametrize("other", CLIENTS)
def test_any_other_may_follow_a_failed_one(client: Client, mechanism: str, other: str) -> None:
    assert client.begin(mechanism, "anna", "guess") == DENIED
    assert client.begin(other, "anna", PASSWORD) == WELCOME


# --- lost


@every_turn
def test_a_peer_that_goes_leaves_nothing(client: Client, mechanism: str, lines: int) -> None:
    client.begin(mechanism, "anna", PASSWORD, lines=lines)
    client.session.close("lost")
    assert len(client.table) == 0
    assert client.freed == {"owner": 1}


@every_mechanism
@pytest.mark.parametrize("password", ["guess", PASSWORD])
def test_a_peer_that_goes_while_the_accounts_are_asked_leaves_nothing(
    client: Client, mechanism: str, password: str
) -> None:
    client.accounts.how = later
    assert client.begin(mechanism, "anna", password) == b""
    client.session.close("lost")
    assert len(client.table) == 0
    assert client.answered() == b""
    assert client.store.opened == []


@every_mechanism
def test_a_peer_that_goes_while_its_maildrop_is_opened_leaves_no_lock(client: Client, mechanism: str) -> None:
    client.store.opening = later
    assert client.begin(mechanism, "anna", PASSWORD) == b""
    client.session.close("timeout")
    assert len(client.table) == 0
    assert client.answered() == b""
    assert client.store.closes == [1]


# --- back ends


@every_mechanism
@at_once_or_later
def test_accounts_that_are_down(client: Client, mechanism: str, how: Callable[[Exception], How]) -> None:
    client.accounts.how = how(AccountsUnavailable())
    assert outcome(client, client.begin(mechanism, "anna", PASSWORD)) == UNAVAILABLE
    assert len(client.table) == 0
    assert client.freed == {"failed": 1}
    assert client.session.next == "READ"


@every_mechanism
@pytest.mark.parametrize("answer", [42, "anna", object()], ids=repr)
def test_accounts_that_answer_with_something_else(
    client: Client, mechanism: str, answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    client.accounts.how = lambda _find: answer
    assert b"-ERR" not in client.begin(mechanism, "anna", PASSWORD)
    assert client.session.next == "CLOSE"
    assert len(client.table) == 0
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@every_mechanism
@at_once_or_later
def test_accounts_that_are_broken(
    client: Client,
    mechanism: str,
    how: Callable[[Exception], How],
    caplog: pytest.LogCaptureFixture,
) -> None:
    client.accounts.how = how(Foreign())
    assert b"foreign" not in outcome(client, client.begin(mechanism, "anna", PASSWORD))
    assert client.session.next == "CLOSE"
    assert client.freed == {"failed": 1}
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert PASSWORD not in caplog.text


@every_mechanism
def test_a_maildrop_that_is_locked(client: Client, mechanism: str) -> None:
    lock = client.store.memory.open(Identity("anna"))
    assert client.begin(mechanism, "anna", PASSWORD) == IN_USE
    assert client.freed == {"failed": 1}
    lock.close()
    assert client.begin(mechanism, "anna", PASSWORD) == WELCOME


# --- no room


@every_mechanism
def test_a_full_table_takes_no_handle(mechanism: str) -> None:
    table = HandleTable[Any](1)
    client = Client(table)
    with table.owner() as other:
        other.acquire("another's")
        assert client.begin(mechanism, "anna", PASSWORD) == UNAVAILABLE
        assert client.session.next == "READ"
    assert client.begin(mechanism, "anna", PASSWORD).startswith(b"+OK")
    client.session.close("lost")
    assert len(table) == 0
    assert client.freed == {"owner": 1, "done": 1}
