"""The values that Microsoft publishes, replayed octet for octet."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from quitclaim.errors import InvalidToken, LogonDenied, Unsupported
from quitclaim.ntlm import Acceptor, Challenged, Claim, Credential, SessionKey

VECTORS = Path(__file__).parent.parent / "vectors"
NLMP = json.loads((VECTORS / "ms-nlmp.json").read_text())
POP3 = json.loads((VECTORS / "ms-pop3.json").read_text())
COMMON = NLMP["common"]

# Where file times begin, and where the published exchange takes place.
YEAR_1601 = -11_644_473_600.0


def octets(section: dict[str, str], name: str) -> bytes:
    """A value of the vectors."""
    return bytes.fromhex(section[name])


def nlmp_claim(section: str, *, ntlmv1: bool = False) -> Claim:
    """The claim of an exchange of MS-NLMP §4.2, which prints no NEGOTIATE."""
    values = NLMP[section]
    challenged = Challenged.from_wire(b"", octets(values, "challenge_message"), ntlmv1=ntlmv1)
    return challenged.authenticate(octets(values, "authenticate_message"), None, YEAR_1601)


def pop3_claim(section: str, *, ntlmv1: bool = False) -> Claim:
    """The claim of an exchange of MS-POP3 §4."""
    values = POP3[section]
    challenged = Challenged.from_wire(octets(values, "negotiate"), octets(values, "challenge"), ntlmv1=ntlmv1)
    return challenged.authenticate(octets(values, "authenticate"), None, YEAR_1601)


def test_nlmp_3_3_1_ntowfv1_is_the_nt_hash() -> None:
    credential = Credential.from_password(COMMON["password"])
    assert credential.nt_hash == octets(NLMP["ntlmv1"], "ntowfv1")


def test_nlmp_4_2_4_ntlmv2_is_claimed_as_printed() -> None:
    claim = nlmp_claim("ntlmv2")
    values = NLMP["ntlmv2"]
    names = (claim.username, claim.domain, claim.workstation)
    assert names == (COMMON["user"], COMMON["domain"], COMMON["workstation"])
    assert (claim.version, claim.mic) == ("NTLMv2", False)
    assert claim.challenge == octets(COMMON, "server_challenge")
    assert claim.nt_response == octets(values, "nt_proof_str") + octets(values, "temp")
    assert claim.lm_response == octets(values, "lmv2_response")


def test_nlmp_4_2_4_ntlmv2_gives_the_random_session_key() -> None:
    established = nlmp_claim("ntlmv2").verify(Credential.from_password(COMMON["password"]))
    assert established.session_key.octets == octets(COMMON, "random_session_key")


def test_nlmp_4_2_4_ntlmv2_is_accepted_on_a_domain_controllers_word() -> None:
    base_key = SessionKey(octets(NLMP["ntlmv2"], "session_base_key"))
    established = nlmp_claim("ntlmv2").verify(base_key)
    assert established.session_key.octets == octets(COMMON, "random_session_key")


def test_nlmp_4_2_4_a_domain_controllers_key_of_zeros_is_denied() -> None:
    claim = nlmp_claim("ntlmv2")
    with pytest.raises(LogonDenied):
        claim.verify(SessionKey(bytes(16)))


def test_nlmp_4_2_4_ntlmv2_with_another_password_is_denied() -> None:
    claim = nlmp_claim("ntlmv2")
    with pytest.raises(LogonDenied, match=r"^logon denied$"):
        claim.verify(Credential.from_password("password"))


def test_nlmp_4_2_4_ntlmv2_is_refused_in_our_century() -> None:
    values = NLMP["ntlmv2"]
    challenged = Challenged.from_wire(b"", octets(values, "challenge_message"))
    with pytest.raises(Unsupported, match="clock is too far off"):
        challenged.authenticate(octets(values, "authenticate_message"), None, time.time())


@pytest.mark.parametrize("section", ["ntlmv1", "ntlmv1_ess"])
def test_nlmp_4_2_2_ntlmv1_is_refused_by_default(section: str) -> None:
    with pytest.raises(Unsupported, match=r"^refused by policy: the response is NTLMv1$"):
        nlmp_claim(section)


def test_nlmp_4_2_2_ntlmv1_is_accepted_by_opt_in() -> None:
    values = NLMP["ntlmv1"]
    claim = nlmp_claim("ntlmv1", ntlmv1=True)
    assert claim.nt_response == octets(values, "nt_response")
    assert claim.lm_response == octets(values, "lm_response")
    established = claim.verify(Credential.from_nt_hash(octets(values, "ntowfv1")))
    assert established.version == "NTLMv1"
    assert established.session_key.octets == octets(COMMON, "random_session_key")


def test_nlmp_4_2_3_ntlmv1_with_ess_is_accepted_by_opt_in() -> None:
    values = NLMP["ntlmv1_ess"]
    established = nlmp_claim("ntlmv1_ess", ntlmv1=True).verify(Credential.from_hex(values["ntowfv1"]))
    assert established.version == "NTLMv1+ESS"
    assert established.session_key.octets == octets(values, "key_exchange_key")


def test_nlmp_4_2_3_ntlmv1_with_ess_answers_a_challenge_that_was_not_sent() -> None:
    claim = nlmp_claim("ntlmv1_ess", ntlmv1=True)
    assert len(claim.challenge) == 8
    assert claim.challenge != octets(COMMON, "server_challenge")


def test_nlmp_3_2_5_1_2_the_anonymous_login_is_refused() -> None:
    values = NLMP["anonymous"]
    challenged, _ = Acceptor("MAIL").challenge(octets(values, "negotiate"), bytes(8), time.time())
    with pytest.raises(Unsupported, match="anonymous"):
        challenged.authenticate(octets(values, "authenticate"), None, time.time())


def test_pop3_4_1_success_is_refused_by_default() -> None:
    with pytest.raises(Unsupported):
        pop3_claim("success")


def test_pop3_4_1_success_is_accepted_by_opt_in() -> None:
    values = POP3["success"]
    claim = pop3_claim("success", ntlmv1=True)
    assert (claim.username, claim.domain, claim.workstation) == ("user", "", values["workstation"])
    assert claim.verify(Credential.from_password(values["password"])).version == "NTLMv1+ESS"


def test_pop3_4_2_failure_is_denied() -> None:
    claim = pop3_claim("failure", ntlmv1=True)
    with pytest.raises(LogonDenied):
        claim.verify(Credential.from_password(POP3["failure"]["server_password"]))


def test_pop3_4_2_failure_is_a_success_with_the_password_that_the_client_had() -> None:
    claim = pop3_claim("failure", ntlmv1=True)
    assert claim.verify(Credential.from_password(POP3["failure"]["client_password"]))


@pytest.mark.parametrize("message", [b"", octets(POP3["success"], "negotiate")], ids=["nothing", "NEGOTIATE"])
def test_a_replayed_challenge_must_be_one(message: bytes) -> None:
    with pytest.raises(InvalidToken):
        Challenged.from_wire(b"", message)
