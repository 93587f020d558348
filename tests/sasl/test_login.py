"""LOGIN as an exchange: names and passwords are what they are, and the initial response is a name."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from tests.session.peer import DENIED

from quitclaim.errors import InvalidToken
from quitclaim.sasl import Login, Question

if TYPE_CHECKING:
    from tests.sasl.clients import Client

MALFORMED = [
    (b"", b"password"),
    (b"an\0na", b"password"),
    (b"anna", b"pass\0word"),
    (b"an\xffna", b"password"),
    (b"anna", b"pass\xffword"),
    (b"a" * 1_100, b"password"),
    (b"anna", b"x" * 1_100),
]


@pytest.mark.parametrize(("username", "password"), MALFORMED)
def test_a_malformed_name_or_password_is_refused(username: bytes, password: bytes) -> None:
    exchange = Login().start(None)
    with pytest.raises(InvalidToken):
        [exchange.step(username), exchange.step(password)]


def test_a_name_and_a_password_are_a_question() -> None:
    exchange = Login().start(None)
    assert exchange.step(b"anna") == b"Password:"
    assert isinstance(exchange.step("pässwörd €".encode()), Question)


def test_the_initial_response_is_the_name(client: Client) -> None:
    assert client.say(b"AUTH LOGIN " + b64encode(b"anna")) == b"+ %b\r\n" % b64encode(b"Password:")
    assert client.say(b64encode(b"open sesame")).startswith(b"+OK 1")


def test_an_empty_initial_response_is_no_name(client: Client) -> None:
    assert client.say(b"AUTH LOGIN =") == DENIED
