"""OAUTHBEARER and XOAUTH2 as exchanges: what is malformed, whose token it may be, and why one is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sasl.clients import REASONS

from quitclaim.accounts import MemoryAccounts
from quitclaim.errors import AuthenticationError, InvalidToken, LogonDenied, Unsupported
from quitclaim.identity import Identity
from quitclaim.sasl import OAuthBearer, Question, XOAuth2

if TYPE_CHECKING:
    from quitclaim.sasl import Mechanism

ACCOUNTS = MemoryAccounts({}, check_token={"abc.123-_~+/==": Identity("anna")}.get)
MECHANISMS: dict[str, Mechanism] = {"OAUTHBEARER": OAuthBearer(), "XOAUTH2": XOAuth2()}


def answered(mechanism: str, message: bytes) -> object:
    """What an exchange says when the accounts have answered."""
    exchange = MECHANISMS[mechanism].start(None)
    question = exchange.step(message)
    assert isinstance(question, Question)
    return exchange.answer(question.ask(ACCOUNTS))


GOOD = [
    # RFC 7628 §4.1, but for the token
    (
        "OAUTHBEARER",
        b"n,a=anna,\1host=server.example.com\1port=143\1auth=Bearer abc.123-_~+/==\1\1",
    ),
    ("OAUTHBEARER", b"n,,\1auth=Bearer abc.123-_~+/==\1\1"),
    ("OAUTHBEARER", b"y,a=ANNA,\1auth=bearer  abc.123-_~+/==\1\1"),
    ("OAUTHBEARER", b"n,,\1unknown=\1auth=BEARER abc.123-_~+/==\1\1"),
    ("XOAUTH2", b"user=anna\1auth=Bearer abc.123-_~+/==\1\1"),
    ("XOAUTH2", b"user=\1auth=Bearer abc.123-_~+/==\1\1"),
    ("XOAUTH2", b"auth=Bearer abc.123-_~+/==\1\1"),
]


@pytest.mark.parametrize(("mechanism", "message"), GOOD)
def test_a_token_is_its_users(mechanism: str, message: bytes) -> None:
    assert answered(mechanism, message) == Identity("anna")


MALFORMED = [
    ("OAUTHBEARER", message)
    for message in (
        b"",
        b"\1",
        b"n,,",
        b"n,,auth=Bearer abc\1\1",
        b"n,,\1auth=Bearer abc",
        b"n,,\1auth=Bearer abc\1",
        b"n,,\1auth=\1\1",
        b"n,,\1auth=Bearer\1\1",
        b"n,,\1auth=Bearer \1\1",
        b"n,,\1auth=Basic abc\1\1",
        b"n,,\1auth=Bearer a b\1\1",
        b"n,,\1auth=Bearer a=b\1\1",
        b"n,,\1auth=Bearer a\x80\1\1",
        b"n,,\1auth=Bearer a\n\1\1",
        b"n,,\1auth=Bearer \xc3\xa9\1\1",
        b"n,,\1auth=Bearer abc\1auth=Bearer abc\1\1",
        b"n,,\1host\1auth=Bearer abc\1\1",
        b"n,,\1host=here\1\1",
        b"n,,\1\1auth=Bearer abc\1\1",
        b"n,a=an=na,\1auth=Bearer abc\1\1",
        b"user=anna\1auth=Bearer abc\1\1",
    )
] + [
    ("XOAUTH2", message)
    for message in (
        b"",
        b"\1\1",
        b"user=anna\1\1",
        b"user=anna\1auth=Bearer abc\1",
        b"user=anna\1user=anna\1auth=Bearer abc\1\1",
        b"user=anna\1auth=Bearer\1\1",
        b"user=an\xffna\1auth=Bearer abc\1\1",
        b"anna\1auth=Bearer abc\1\1",
        b"n,a=anna,\1auth=Bearer abc\1\1",
    )
]


@pytest.mark.parametrize(("mechanism", "message"), MALFORMED)
def test_a_malformed_message_is_refused_and_nobody_is_asked(mechanism: str, message: bytes) -> None:
    with pytest.raises(InvalidToken):
        MECHANISMS[mechanism].start(None).step(message)


def test_no_channel_binding_is_to_be_had() -> None:
    with pytest.raises(Unsupported):
        OAuthBearer().start(None).step(b"p=tls-unique,,\1auth=Bearer abc\1\1")


REFUSED = [
    ("OAUTHBEARER", b"n,a=anna,\1auth=Bearer abc\1\1", LogonDenied),
    ("OAUTHBEARER", b"n,a=bert,\1auth=Bearer abc.123-_~+/==\1\1", Unsupported),
    ("XOAUTH2", b"user=anna\1auth=Bearer abc\1\1", LogonDenied),
    ("XOAUTH2", b"user=bert\1auth=Bearer abc.123-_~+/==\1\1", Unsupported),
]


@pytest.mark.pop3("login-26")
@pytest.mark.parametrize(("mechanism", "message", "refusal"), REFUSED)
def test_a_bad_token_and_anothers_token_are_told_the_same(
    mechanism: str, message: bytes, refusal: type[AuthenticationError]
) -> None:
    exchange = MECHANISMS[mechanism].start(None)
    question = exchange.step(message)
    assert isinstance(question, Question)
    with pytest.raises(refusal) as refused:
        exchange.answer(question.ask(ACCOUNTS))
    assert refused.value.last_challenge == REASONS[mechanism]
    assert refused.value.username in message.decode()


@pytest.mark.parametrize("mechanism", MECHANISMS)
@given(
    message=st.binary(max_size=200)
    | st.lists(st.sampled_from(["n,,", "user=", "anna", "auth=", "Bearer ", "abc", "\1", "=", ","]))
    .map("".join)
    .map(str.encode)
)
def test_no_message_breaks_an_exchange(mechanism: str, message: bytes) -> None:
    with pytest.raises(AuthenticationError):
        answered(mechanism, message)
