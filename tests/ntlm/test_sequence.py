"""Each step of an exchange is good once, whatever came of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from quitclaim.errors import InvalidToken, LogonDenied, OutOfSequence
from quitclaim.ntlm import Acceptor, Claim, Credential

if TYPE_CHECKING:
    from tests.ntlm.conftest import Claims, Clients

ALICE = Credential.from_password("secret")
ATTRIBUTES = (
    "username",
    "domain",
    "workstation",
    "version",
    "mic",
    "challenge",
    "nt_response",
    "lm_response",
)


@pytest.fixture
def claimed(client: Clients, claim: Claims) -> Claim:
    """A claim of Alice's."""
    return claim(client("alice", "secret"))


def test_a_second_authenticate_is_out_of_sequence(client: Clients) -> None:
    alice, now = client("alice", "secret"), time.time()
    challenged, challenge = Acceptor("MAIL").challenge(alice.step() or b"", b"8 octets", now)
    answer = alice.step(challenge) or b""
    challenged.authenticate(answer, None, now)
    with pytest.raises(OutOfSequence):
        challenged.authenticate(answer, None, now)


def test_an_authenticate_after_a_refused_one_is_out_of_sequence(
    client: Clients,
) -> None:
    alice, now = client("alice", "secret"), time.time()
    challenged, challenge = Acceptor("MAIL").challenge(alice.step() or b"", b"8 octets", now)
    with pytest.raises(InvalidToken):
        challenged.authenticate(b"a guess", None, now)
    with pytest.raises(OutOfSequence):
        challenged.authenticate(alice.step(challenge) or b"", None, now)


def test_an_authenticate_with_wrong_arguments_was_none(client: Clients) -> None:
    alice, now = client("alice", "secret"), time.time()
    challenged, challenge = Acceptor("MAIL").challenge(alice.step() or b"", b"8 octets", now)
    answer = alice.step(challenge) or b""
    with pytest.raises(ValueError, match="now"):
        challenged.authenticate(answer, None, float("nan"))
    assert challenged.authenticate(answer, None, now).username == "alice"


def test_a_second_verify_is_out_of_sequence(claimed: Claim) -> None:
    claimed.verify(ALICE)
    with pytest.raises(OutOfSequence):
        claimed.verify(ALICE)


@pytest.mark.parametrize("proof", [None, Credential.from_password("guess")], ids=["nobody", "wrong"])
def test_a_verify_after_a_denied_one_is_out_of_sequence(claimed: Claim, proof: Credential | None) -> None:
    with pytest.raises(LogonDenied):
        claimed.verify(proof)
    with pytest.raises(OutOfSequence):
        claimed.verify(ALICE)


def test_a_verify_with_a_wrong_argument_was_none(claimed: Claim) -> None:
    with pytest.raises(TypeError):
        claimed.verify("secret")  # type: ignore[arg-type]
    assert claimed.verify(ALICE)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_an_attribute_of_a_verified_claim_is_out_of_sequence(claimed: Claim, name: str) -> None:
    claimed.verify(ALICE)
    with pytest.raises(OutOfSequence):
        getattr(claimed, name)


def test_the_attributes_of_a_claim_can_be_read_again_and_again(claimed: Claim) -> None:
    first = [getattr(claimed, name) for name in ATTRIBUTES]
    assert [getattr(claimed, name) for name in ATTRIBUTES] == first


def test_an_acceptor_makes_as_many_challenges_as_are_wanted(client: Clients) -> None:
    acceptor, negotiate = Acceptor("MAIL"), client("alice", "secret").step() or b""
    challenges = {acceptor.challenge(negotiate, bytes([number] * 8), 0.0)[1] for number in range(3)}
    assert len(challenges) == 3
