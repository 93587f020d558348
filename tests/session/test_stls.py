"""STLS without a socket: what is offered, what is forgotten, and what is never answered (RFC 2595 §4)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

import pytest
import spnego
from spnego.channel_bindings import GssChannelBindings
from tests.session.peer import DENIED, PASSWORD, POINTS, SAYS
from tests.session.ports import later

from quitclaim.limits import Limits
from quitclaim.ntlm import Acceptor, ChannelBinding
from quitclaim.sasl import Ntlm

if TYPE_CHECKING:
    from tests.session.conftest import Peers
    from tests.session.peer import Peer

BEGIN = b"+OK begin TLS\r\n"
NOT_HERE = b"-ERR not available, see CAPA\r\n"
PLAIN = b"AUTH PLAIN " + b64encode(b"\0anna\0open sesame")
HASH = bytes(range(32))  # of a certificate
BINDING = ChannelBinding.tls_server_end_point(HASH)


@pytest.fixture
def stranger(connect: Peers) -> Peer:
    """A peer on the wire, who may ask for TLS."""
    return connect(trusted=False, stls=True)


def capabilities(peer: Peer) -> list[bytes]:
    return peer.say(b"CAPA").splitlines()[1:-1]


@pytest.mark.pop3("session-21")
def test_stls_is_offered_while_it_can_be_had(stranger: Peer) -> None:
    assert b"STLS" in capabilities(stranger)
    assert stranger.say(b"STLS") == BEGIN
    stranger.session.secured(None)
    assert b"STLS" not in capabilities(stranger)


@pytest.mark.pop3("session-21")
def test_stls_is_not_offered_without_a_certificate(connect: Peers) -> None:
    peer = connect()
    assert b"STLS" not in capabilities(peer)
    assert peer.say(b"STLS") == NOT_HERE
    assert peer.session.next == "READ"


@pytest.mark.pop3("session-20", "login-24")
def test_passwords_are_taken_under_tls_alone(stranger: Peer) -> None:
    assert stranger.say(b"USER anna").startswith(b"-ERR")
    assert b"USER" not in capabilities(stranger)
    stranger.say(b"STLS")
    stranger.session.secured(None)
    assert {b"USER", b"SASL NTLM PLAIN"} <= set(capabilities(stranger))
    assert stranger.say(b"AUTH") == b"+OK mechanisms\r\nNTLM\r\nPLAIN\r\n.\r\n"
    assert stranger.say(PLAIN).startswith(b"+OK")


@pytest.mark.pop3("login-37")
def test_stls_twice_is_refused(stranger: Peer) -> None:
    stranger.say(b"STLS")
    stranger.session.secured(BINDING)
    assert stranger.say(b"STLS") == NOT_HERE
    assert stranger.session.next == "READ"


@pytest.mark.pop3("session-21", "login-37")
def test_stls_after_login_is_refused(connect: Peers) -> None:
    peer = connect(stls=True)
    assert peer.say(PLAIN).startswith(b"+OK")
    assert peer.say(b"STLS").startswith(b"-ERR")
    assert peer.session.next == "READ"
    assert b"STLS" not in capabilities(peer)


def test_stls_with_a_word_behind_it_is_refused(stranger: Peer) -> None:
    assert stranger.say(b"STLS now").startswith(b"-ERR")
    assert stranger.session.next == "READ"


@pytest.mark.parametrize("point", SAYS)
def test_stls_in_an_exchange_is_a_response(connect: Peers, point: str) -> None:
    peer = connect(stls=True)
    POINTS[point][0](peer)
    assert peer.say(b"STLS") == DENIED
    assert peer.session.next == "READ"


@pytest.mark.pop3("login-35", "defect-1")
@pytest.mark.parametrize(
    "behind",
    [
        b"\r\n",
        b"CAPA\r\n",
        b"CAPA",
        b"CAP",
        b"QUIT\r\n",
        b"STLS\r\n",
        PLAIN + b"\r\nDELE 1\r\nQUIT\r\n",
        b"USER anna\r\n",
        b"x" * 100_000,
        b"NOOP\r\n" * 5_000 + b"NO",
        b"\x16\x03\x01",
    ],
)
def test_plaintext_behind_stls_is_never_answered(stranger: Peer, behind: bytes) -> None:
    assert stranger.session.receive(b"STLS\r\n" + behind) == BEGIN
    stranger.session.secured(None)
    assert stranger.session.buffered == 0
    assert stranger.session.receive(b"PASS open sesame\r\n") == b"-ERR say USER first\r\n"


@pytest.mark.pop3("login-35", "defect-1")
@pytest.mark.parametrize("behind", [b"USER anna\r\n", b"USER an", b"QUIT\r\n"])
def test_neither_is_plaintext_that_comes_later(stranger: Peer, behind: bytes) -> None:
    assert stranger.say(b"STLS") == BEGIN
    assert stranger.session.receive(behind) == b""
    stranger.session.secured(None)
    assert stranger.session.buffered == 0
    assert stranger.say(b"CAPA").startswith(b"+OK capabilities\r\n")


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_any_chunking_is_the_same(stranger: Peer, size: int) -> None:
    lines = b"CAPA\r\nSTLS\r\nUSER anna\r\nPASS"
    said = b"".join(stranger.session.receive(lines[at : at + size]) for at in range(0, len(lines), size))
    assert said.endswith(b".\r\n" + BEGIN)
    stranger.session.secured(None)
    assert stranger.session.buffered == 0


@pytest.mark.pop3("login-36")
def test_a_user_from_before_is_forgotten(connect: Peers) -> None:
    peer = connect(stls=True)
    peer.say(b"USER anna")
    peer.say(b"STLS")
    peer.session.secured(None)
    assert peer.say(b"PASS " + PASSWORD.encode()) == b"-ERR say USER first\r\n"


def test_a_line_that_was_too_long_is_forgotten(stranger: Peer) -> None:
    assert stranger.session.receive(b"STLS\r\n" + b"x" * 400) == BEGIN
    stranger.session.secured(None)
    assert stranger.say(PLAIN).startswith(b"+OK")


def test_failures_from_before_are_not_forgotten(connect: Peers) -> None:
    peer = connect(stls=True, limits=Limits(login_failures=2))
    assert peer.say(b"AUTH PLAIN AAAA") == DENIED
    peer.say(b"STLS")
    peer.session.secured(None)
    assert peer.say(b"AUTH PLAIN AAAA") == DENIED
    assert peer.session.next == "CLOSE"


def test_stls_waits_for_the_answer_before_it(connect: Peers) -> None:
    peer = connect(stls=True)
    peer.accounts.how = later
    assert peer.say(b"AUTH PLAIN " + b64encode(b"\0anna\0wrong"), b"STLS", b"CAPA") == b""
    assert peer.answered() == DENIED + BEGIN
    assert peer.session.next == "STARTTLS"


def test_nobody_shakes_hands_with_who_says_no_more(stranger: Peer) -> None:
    stranger.session.connection.receive_end()
    assert stranger.say(b"STLS") == b""
    assert stranger.session.next == "CLOSE"


def test_a_session_ends_in_the_middle_of_a_handshake(stranger: Peer) -> None:
    stranger.say(b"STLS")
    stranger.session.close("lost")
    assert stranger.session.next == "CLOSE"


# --- the channel binding

IN = b"+OK 0 messages (0 octets)\r\n"
POLICIES = {  # the policy, the hash that the client is bound to, and what it hears
    "allow, none": ("allow", None, IN),
    "allow, right": ("allow", HASH, IN),
    "allow, wrong": ("allow", HASH[::-1], DENIED),
    "require, none": ("require", None, DENIED),
    "require, right": ("require", HASH, IN),
    "require, wrong": ("require", HASH[::-1], DENIED),
    "off, wrong": ("off", HASH[::-1], IN),
}


@pytest.mark.parametrize(("policy", "claimed", "reply"), POLICIES.values(), ids=POLICIES)
def test_ntlm_is_given_the_binding(connect: Peers, policy: str, claimed: bytes | None, reply: bytes) -> None:
    mechanism = Ntlm(Acceptor("MAIL", channel_binding=policy))  # type: ignore[arg-type]  # one of three
    peer = connect(trusted=False, stls=True, mechanisms=[mechanism])
    peer.say(b"STLS")
    peer.session.secured(BINDING)
    assert bound_login(peer, claimed) == reply


def bound_login(peer: Peer, certificate_hash: bytes | None) -> bytes:
    binding = None
    if certificate_hash is not None:
        binding = GssChannelBindings(application_data=b"tls-server-end-point:" + certificate_hash)
    client = spnego.client("anna", PASSWORD, protocol="ntlm", channel_bindings=binding)
    challenge = peer.say(b"AUTH NTLM " + b64encode(client.step() or b""))
    return peer.say(b64encode(client.step(b64decode(challenge[2:])) or b""))
