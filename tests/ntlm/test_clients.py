"""pyspnego logs in: another implementation of NTLM agrees with ours."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING

import pytest
import spnego
from spnego.channel_bindings import GssChannelBindings

from quitclaim.errors import LogonDenied, Unsupported
from quitclaim.ntlm import Acceptor, ChannelBinding, Claim, Credential, SessionKey

if TYPE_CHECKING:
    from tests.ntlm.conftest import Claims, Client, Clients

    from quitclaim import HandleTable

CERTIFICATE = bytes(range(32))
BINDING = ChannelBinding.tls_server_end_point(CERTIFICATE)


@pytest.mark.parametrize(
    ("login", "username", "domain"),
    [
        ("alice", "alice", ""),
        ("EXAMPLE\\alice", "alice", "EXAMPLE"),
        ("alice@example.org", "alice@example.org", ""),
        ("EXÄMPLE\\Jürgen", "Jürgen", "EXÄMPLE"),
        ("Анна", "Анна", ""),
    ],
)
def test_a_name_is_claimed_as_it_was_given_and_proven(
    client: Clients, claim: Claims, login: str, username: str, domain: str
) -> None:
    claimed = claim(client(login, "secret"))
    assert (claimed.username, claimed.domain, claimed.version) == (username, domain, "NTLMv2")
    established = claimed.verify(Credential.from_password("secret"))
    assert (established.username, established.domain, established.version) == (username, domain, "NTLMv2")


@pytest.mark.parametrize("password", ["", "secret", "pässwörd €", "ключ", "🔑" * 20])
def test_any_password_is_proven(client: Clients, claim: Claims, password: str) -> None:
    assert claim(client("alice", password)).verify(Credential.from_password(password)).mic


def test_a_wrong_password_is_denied(client: Clients, claim: Claims) -> None:
    claimed = claim(client("alice", "guess"))
    with pytest.raises(LogonDenied, match=r"^logon denied$"):
        claimed.verify(Credential.from_password("secret"))


def test_an_unknown_user_is_denied_in_the_same_words(client: Clients, claim: Claims) -> None:
    claimed = claim(client("mallory", "guess"))
    with pytest.raises(LogonDenied, match=r"^logon denied$"):
        claimed.verify(None)


def test_both_ends_have_the_same_session_key(claim: Claims) -> None:
    context = spnego.client("alice", "secret", protocol="ntlm")
    established = claim(context).verify(Credential.from_password("secret"))
    assert established.session_key.octets == context.session_key


def test_a_domain_controllers_wrong_key_is_told_by_the_mic(client: Clients, claim: Claims) -> None:
    claimed = claim(client("alice", "secret"))
    assert claimed.mic
    with pytest.raises(LogonDenied):
        claimed.verify(SessionKey(b"sixteen octets.."))


def test_a_changed_message_is_told_by_the_mic(client: Clients) -> None:
    alice = client("alice", "secret")
    negotiate = bytearray(alice.step() or b"")
    negotiate[-1] ^= 1  # of the version, which decides nothing
    challenged, challenge = Acceptor("MAIL").challenge(bytes(negotiate), b"8 octets", time.time())
    claimed = challenged.authenticate(alice.step(challenge) or b"", None, time.time())
    with pytest.raises(LogonDenied):
        claimed.verify(Credential.from_password("secret"))


# --- a client that is not told the time sends no MIC


def without_time(challenge: bytes) -> bytes:
    """A CHALLENGE whose MsvAvTimestamp, the pair before the last, is unknown to all clients."""
    timestamp, unknown = struct.pack("<HH", 7, 8), struct.pack("<HH", 0x7F, 8)
    before, found, after = challenge.rpartition(timestamp)
    assert found
    return before + unknown + after


def claim_without_mic(client: Client, acceptor: Acceptor) -> Claim:
    """The claim of a client that was not told the time."""
    challenged, challenge = acceptor.challenge(client.step() or b"", b"8 octets", time.time())
    answer = client.step(without_time(challenge)) or b""
    return challenged.authenticate(answer, None, time.time())


def test_a_client_without_a_mic_logs_in(client: Clients) -> None:
    claimed = claim_without_mic(client("alice", "secret"), Acceptor("MAIL"))
    assert not claimed.mic
    assert not claimed.verify(Credential.from_password("secret")).mic


def test_a_client_without_a_mic_is_refused_if_one_is_required(client: Clients) -> None:
    with pytest.raises(Unsupported, match=r"^refused by policy: there is no MIC$"):
        claim_without_mic(client("alice", "secret"), Acceptor("MAIL", mic="required"))


def test_a_client_with_a_mic_logs_in_where_one_is_required(client: Clients, claim: Claims) -> None:
    claimed = claim(client("alice", "secret"), Acceptor("MAIL", mic="required"))
    assert claimed.verify(Credential.from_password("secret")).mic


# --- channel bindings


def bound_client(certificate: bytes) -> Client:
    """A client that is on a TLS connection with that certificate."""
    bindings = GssChannelBindings(application_data=b"tls-server-end-point:" + certificate)
    return spnego.client("alice", "secret", protocol="ntlm", channel_bindings=bindings)


def test_a_binding_to_our_certificate_is_accepted(claim: Claims) -> None:
    claimed = claim(bound_client(CERTIFICATE), Acceptor("MAIL", channel_binding="require"), BINDING)
    assert claimed.verify(Credential.from_password("secret"))


def test_a_binding_to_another_certificate_is_refused(claim: Claims) -> None:
    with pytest.raises(Unsupported, match="of another connection"):
        claim(bound_client(bytes(32)), binding=BINDING)


def test_a_binding_over_plaintext_is_refused(claim: Claims) -> None:
    with pytest.raises(Unsupported, match="of another connection"):
        claim(bound_client(CERTIFICATE))


def test_a_binding_that_nobody_looks_at_is_accepted(claim: Claims) -> None:
    claimed = claim(bound_client(bytes(32)), Acceptor("MAIL", channel_binding="off"), BINDING)
    assert claimed.verify(Credential.from_password("secret"))


def test_no_binding_is_refused_where_one_is_required(client: Clients, claim: Claims) -> None:
    with pytest.raises(Unsupported, match="there is no channel binding"):
        claim(client("alice", "secret"), Acceptor("MAIL", channel_binding="require"), BINDING)


# --- in the table, where it lives


def test_a_denied_claim_is_freed_by_its_step(
    client: Clients, claim: Claims, handle_table: HandleTable[Claim]
) -> None:
    owner = handle_table.owner()
    handle = owner.acquire(claim(client("alice", "guess")))
    with pytest.raises(LogonDenied):
        owner.step(handle, Claim.verify, Credential.from_password("secret"))
    assert handle_table.stats().freed["failed"] == 1
