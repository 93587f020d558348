"""SCRAM as an exchange: the published dialogues, what is malformed, and that nobody looks like anybody."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scramp import ScramClient  # type: ignore[import-untyped]

from quitclaim.accounts import MemoryAccounts
from quitclaim.errors import AuthenticationError, InvalidToken, LogonDenied, Unsupported
from quitclaim.identity import Identity
from quitclaim.sasl import Question, Scram
from quitclaim.scram import ScramKeys

if TYPE_CHECKING:
    from quitclaim.sasl import Exchange

Name: TypeAlias = Literal["SCRAM-SHA-1", "SCRAM-SHA-256"]

NAMES: tuple[Name, ...] = ("SCRAM-SHA-1", "SCRAM-SHA-256")
ACCOUNTS = MemoryAccounts({"anna": "open sesame", "Zo\u00eb": "a=b,c", "=,": "escaped"})
FIRST = b"n,,n=anna,r=rOprNGfwEbeRWgbNEkqO"

every_name = pytest.mark.parametrize("name", NAMES)


def asked(exchange: Exchange, first: bytes) -> object:
    """What the accounts answer to the question that the first message leads to."""
    question = exchange.step(first)
    assert isinstance(question, Question)
    return question.ask(ACCOUNTS)


def challenged(first: bytes = FIRST, name: Name = "SCRAM-SHA-256") -> tuple[Exchange, str]:
    """An exchange after the first message, and what it said to that."""
    exchange = Scram(name).start(None)
    challenge = exchange.answer(asked(exchange, first))
    assert isinstance(challenge, bytes)
    return exchange, challenge.decode()


def salt_and_iterations(challenge: str) -> tuple[str, str]:
    """What anyone is told of a user."""
    return re.findall(r",s=([^,]+),i=(\d+)$", challenge)[0]  # type: ignore[no-any-return]


# --- the published dialogues


class Published(NamedTuple):
    """Who said what, of the user `user` with the password `pencil`."""

    name: Name
    nonce: str
    salt: bytes
    first: bytes
    challenge: bytes
    final: bytes
    signature: bytes


RFC_5802 = Published(
    "SCRAM-SHA-1",
    "3rfcNHYJY1ZVvWVs7j",
    b"QSXCR+Q6sek8bf92",
    b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
)
RFC_7677 = Published(
    "SCRAM-SHA-256",
    "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
    b"W22ZaJ0SNY7soEsUEjb6gQ==",
    b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
)


@pytest.mark.pop3("login-19", "login-20")
@pytest.mark.parametrize("published", [RFC_5802, RFC_7677], ids=["RFC 5802 §5", "RFC 7677 §3"])
def test_the_published_dialogue_comes_out_octet_for_octet(published: Published) -> None:
    keys = ScramKeys.from_password("pencil", published.name, salt=b64decode(published.salt))
    exchange = Scram(published.name, nonce=lambda: published.nonce).start(None)
    exchange.step(published.first)
    assert exchange.answer(keys) == published.challenge
    assert exchange.step(published.final) == published.signature
    assert exchange.step(b"") == Identity("user")


# --- names


def login(name: Name, username: str, password: str, header: str = "n,,") -> object:
    """A whole login by scramp's client, with that header."""
    client = ScramClient([name], username, password)
    client.gs2_header = _Header(header)
    exchange, challenge = challenged(client.get_client_first().encode(), name)
    client.set_server_first(challenge)
    signature = exchange.step(client.get_client_final().encode())
    assert isinstance(signature, bytes)
    client.set_server_final(signature.decode())
    return exchange.step(b"")


class _Header:
    """The header of a client that acts for somebody, which scramp's does not."""

    def __init__(self, header: str) -> None:
        self.header = header

    def __str__(self) -> str:
        """What the first message begins with."""
        return self.header

    def make_cbind_input(self, _binding: Any) -> bytes:  # noqa: ANN401 - as scramp has it
        """What the final message repeats."""
        return self.header.encode()


@every_name
@pytest.mark.parametrize(
    ("username", "password"),
    [("anna", "open sesame"), ("Anna", "open sesame"), ("Zo\u00eb", "a=b,c"), ("=,", "escaped")],
)
def test_a_name_is_compared_as_everywhere(name: Name, username: str, password: str) -> None:
    assert login(name, username, password) == Identity(username)


@every_name
@pytest.mark.parametrize("header", ["n,a=anna,", "n,a=ANNA,", "y,,", "y,a=anna,"])
def test_a_client_may_act_for_itself_and_may_know_channel_binding(name: Name, header: str) -> None:
    # mutt says for whom to act though it is the user. scramp's own server refuses all who do.
    assert login(name, "anna", "open sesame", header) == Identity("anna")


@pytest.mark.parametrize("header", [b"p=tls-unique,,", b"p=tls-server-end-point,a=anna,", b"n,a=bert,"])
def test_what_is_never_done_here_is_unsupported(header: bytes) -> None:
    with pytest.raises(Unsupported):
        Scram().start(None).step(header + b"n=anna,r=nonce")


def test_another_header_in_the_end_than_in_the_beginning_is_refused() -> None:
    client = ScramClient(["SCRAM-SHA-256"], "anna", "open sesame")
    exchange, challenge = challenged(client.get_client_first().encode())
    client.gs2_header = _Header("y,,")  # as who took the word for channel binding away would have it
    client.set_server_first(challenge)
    with pytest.raises(InvalidToken):
        exchange.step(client.get_client_final().encode())


# --- malformed

MALFORMED_FIRST = [
    b"",
    b"\0",
    b"n",
    b"n,",
    b"n,,",
    b"n,,n=anna",
    b"n,,n=,r=nonce",
    b"n,,r=nonce,n=anna",
    b"n,,r=nonce",
    b"n,,n=anna,r=",
    b"n,,n=anna,r=no\x01nce",
    b"n,,n=anna,r=\xc3\xa9",
    b"n,,n=anna,r=nonce,r=nonce",
    b"n,,n=anna,r=nonce,m=extension",
    b"n,,m=extension,n=anna,r=nonce",
    b"n,,n=anna,r=nonce,",
    b"n,,n=an=na,r=nonce",
    b"n,,n=anna=2,r=nonce",
    b"n,,n=an\0na,r=nonce",
    b"n,,n=an\xffna,r=nonce",
    b"n,anna,n=anna,r=nonce",
    b"n,a=an=na,n=anna,r=nonce",
    b"x,,n=anna,r=nonce",
    b"N,,n=anna,r=nonce",
    b",,n=anna,r=nonce",
    b"p,,n=anna,r=nonce",
    b"n,,n=anna,r=" + b"x" * 2_048,
    b"n,,n=" + b"a" * 2_048 + b",r=nonce",
    b"n,,n=" + b"a" * 256 + b",r=nonce",
]


@pytest.mark.parametrize("first", MALFORMED_FIRST)
def test_a_malformed_first_message_is_refused(first: bytes) -> None:
    exchange = Scram().start(None)
    with pytest.raises(InvalidToken):
        exchange.answer(asked(exchange, first))


MALFORMED_FINAL = [
    "",
    "\0",
    "c=biws",
    "c=biws,r={nonce}",
    "c=biws,r={nonce},p=",
    "c=biws,r={nonce},p=AAAA",
    "c=biws,r={nonce},p=no base64",
    "c=biws,r={nonce},p=é",
    "c=biws,r=another,p={proof}",
    "c=biws,r={nonce}x,p={proof}",
    "c=eSws,r={nonce},p={proof}",
    "c=,r={nonce},p={proof}",
    "r={nonce},c=biws,p={proof}",
    "c=biws,r={nonce},p={proof},p={proof}",
    "c=biws,r={nonce},m=extension,p={proof}",
    "c=biws,r={nonce},p={proof}",
    "c=biws,r={nonce},x=" + "x" * 2_048 + ",p={proof}",
]


@every_name
@pytest.mark.parametrize("final", MALFORMED_FINAL)
def test_a_malformed_final_message_is_refused(name: Name, final: str) -> None:
    exchange, challenge = challenged(name=name)
    nonce = challenge.partition(",")[0].removeprefix("r=")
    proof = b64encode(bytes(20 if name == "SCRAM-SHA-1" else 32)).decode()
    with pytest.raises(AuthenticationError) as refused:
        exchange.step(final.format(nonce=nonce, proof=proof).encode())
    assert refused.value.username == "anna"


def test_something_after_the_end_is_refused() -> None:
    client = ScramClient(["SCRAM-SHA-256"], "anna", "open sesame")
    exchange, challenge = challenged(client.get_client_first().encode())
    client.set_server_first(challenge)
    exchange.step(client.get_client_final().encode())
    with pytest.raises(InvalidToken):
        exchange.step(b"more")


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: b"n,,n=anna,r=" + text.encode()))
def test_no_first_message_breaks_an_exchange(first: bytes) -> None:
    exchange = Scram().start(None)
    try:
        exchange.answer(asked(exchange, first))
    except AuthenticationError:
        return


MESSAGES = st.lists(
    st.sampled_from(["c=biws", "r=", "p=", "m=", "x=y", "=", ",", "é", "AAAA", "v=", "\0", "biws"]),
    max_size=8,
).map(",".join)


@given(st.binary(max_size=200) | MESSAGES.map(str.encode))
def test_no_final_message_breaks_an_exchange_or_logs_in(final: bytes) -> None:
    exchange, _ = challenged()
    with pytest.raises(AuthenticationError):
        exchange.step(final)


# --- nobody


@every_name
def test_a_name_that_nobody_has_is_asked_like_any_other(name: Name) -> None:
    known = salt_and_iterations(challenged(FIRST, name)[1])
    nobodys = salt_and_iterations(challenged(b"n,,n=mallory,r=nonce", name)[1])
    assert nobodys[1] == known[1]
    assert len(nobodys[0]) == len(known[0])
    assert nobodys[0] != known[0]


@every_name
@pytest.mark.parametrize("username", [b"anna", b"mallory"])
def test_a_name_has_the_same_salt_each_time_and_in_any_case(name: Name, username: bytes) -> None:
    names = (username, username, username.upper())
    salts = {salt_and_iterations(challenged(b"n,,n=%b,r=nonce" % one, name)[1]) for one in names}
    assert len(salts) == 1


def test_the_mechanisms_have_salts_of_their_own() -> None:
    first = b"n,,n=mallory,r=nonce"
    salts = {salt_and_iterations(challenged(first, name)[1])[0] for name in NAMES}
    assert len(salts) == 2


def test_accounts_that_say_none_tell_nobody_either() -> None:
    def challenge(username: bytes) -> bytes:
        exchange = Scram().start(None)
        exchange.step(b"n,,n=%b,r=nonce" % username)
        answer = exchange.answer(None)
        assert isinstance(answer, bytes)
        return answer

    asked = [salt_and_iterations(challenge(name).decode()) for name in (b"mallory", b"Mallory", b"trudy")]
    assert asked[0] == asked[1] != asked[2]


@pytest.mark.parametrize("password", ["", "\0", "open sesame"])
def test_no_password_is_nobodys(password: str) -> None:
    client = ScramClient(["SCRAM-SHA-256"], "mallory", "x")
    client.password = type("Raw", (), {"__bytes__": lambda _self: password.encode()})()
    exchange, challenge = challenged(client.get_client_first().encode())
    client.set_server_first(challenge)
    with pytest.raises(LogonDenied):
        exchange.step(client.get_client_final().encode())


def test_keys_of_the_other_mechanism_are_our_own_mistake() -> None:
    exchange = Scram("SCRAM-SHA-256").start(None)
    exchange.step(FIRST)
    with pytest.raises(TypeError):
        exchange.answer(ScramKeys.from_password("open sesame", "SCRAM-SHA-1"))
