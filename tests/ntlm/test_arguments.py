"""What is no argument raises TypeError or ValueError, and says what would be one."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quitclaim.errors import InvalidToken, Unsupported
from quitclaim.ntlm import Acceptor, Challenged, ChannelBinding, Claim, Credential, Established, SessionKey

NEGOTIATE = b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2" + bytes(24)
CHALLENGE = b"NTLMSSP\0\x02\0\0\0\0\0\0\0\0\0\0\0\x01\x82\x08\0\x01\x23\x45\x67\x89\xab\xcd\xef"


@pytest.mark.parametrize("name", ["", "M" * 256, "MAIL\r\n", "\0"], ids=["empty", "long", "lines", "nul"])
@pytest.mark.parametrize("where", ["server", "domain", "dns_domain", "dns_server"])
def test_a_name_has_1_to_255_characters_and_no_control_character(name: str, where: str) -> None:
    names = {
        "server": "MAIL",
        "domain": "EXAMPLE",
        "dns_domain": "example.org",
        "dns_server": "mail",
        where: name,
    }
    with pytest.raises(
        ValueError, match=r"^a name has 1 to 255 characters, none of them a control character$"
    ):
        Acceptor(
            names["server"], domain=names["domain"], dns_names=(names["dns_domain"], names["dns_server"])
        )


def test_the_names_are_in_the_challenge() -> None:
    names = ("EXAMPLE", "MAIL", "example.org", "mail.example.org")
    acceptor = Acceptor("MAIL", domain="EXAMPLE", dns_names=("example.org", "mail.example.org"))
    _, challenge = acceptor.challenge(NEGOTIATE, b"8 octets", time.time())
    assert [name for name in names if name.encode("utf-16-le") not in challenge] == []
    assert challenge[24:32] == b"8 octets"


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"mic": "maybe"}, "mic is 'optional' or 'required'"),
        ({"channel_binding": "required"}, "channel_binding is 'off', 'allow' or 'require'"),
        ({"client_time_window": -1}, "client_time_window is in seconds, and not negative"),
        ({"client_time_window": float("nan")}, "client_time_window is in seconds, and not negative"),
        ({"ntlmv1": True, "mic": "required"}, "NTLMv1 can have neither a MIC nor a channel binding"),
        ({"ntlmv1": True, "channel_binding": "require"}, "NTLMv1 can have neither a MIC nor"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(policy: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        Acceptor("MAIL", **policy)


@pytest.mark.parametrize(
    "policy",
    [{"mic": None}, {"mic": True}, {"dns_names": "example.org"}, {"domain": b"EXAMPLE"}, {"ntlmv1": 1}],
    ids=str,
)
def test_a_policy_of_wrong_types_is_refused(policy: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Acceptor("MAIL", **policy)


@pytest.mark.parametrize("length", [0, 7, 9, 16])
def test_a_server_challenge_is_8_octets(length: int) -> None:
    with pytest.raises(ValueError, match=r"^server_challenge is 8 octets$"):
        Acceptor("MAIL").challenge(NEGOTIATE, bytes(length), 0.0)


@pytest.mark.parametrize("now", [float("nan"), float("inf"), -float("inf"), 1e19, -1e19, 10**400])
def test_now_is_a_time_that_a_clock_can_have(now: float) -> None:
    with pytest.raises(ValueError, match=r"^now is in seconds since 1970"):
        Acceptor("MAIL").challenge(NEGOTIATE, bytes(8), now)


@pytest.mark.parametrize("now", [0, -1.5, 2**40, -(2**40)])
def test_any_time_that_a_clock_can_have_will_do(now: float) -> None:
    _, challenge = Acceptor("MAIL").challenge(NEGOTIATE, bytes(8), now)
    assert challenge.startswith(b"NTLMSSP\0\x02\0\0\0")


@pytest.mark.parametrize("token", [bytearray(NEGOTIATE), memoryview(NEGOTIATE), "NTLMSSP", None, 1])
def test_a_token_is_bytes(token: Any) -> None:  # noqa: ANN401 - anything but bytes
    with pytest.raises(TypeError):
        Acceptor("MAIL").challenge(token, bytes(8), 0.0)
    with pytest.raises(TypeError):
        Challenged.from_wire(b"", CHALLENGE).authenticate(token, None, 0.0)


@pytest.mark.parametrize(
    "token", [b"", b"NTLMSSP\0", b"GET / HTTP/1.1\r\n\r\n" * 4, CHALLENGE, b"\xff" * 3000, bytes(70_000)]
)
def test_a_token_that_is_none_is_refused(token: bytes) -> None:
    with pytest.raises(InvalidToken, match=r"^invalid token: it "):
        Acceptor("MAIL").challenge(token, bytes(8), 0.0)
    with pytest.raises(InvalidToken, match=r"^invalid token: it "):
        Challenged.from_wire(b"", CHALLENGE).authenticate(token, None, 0.0)


@pytest.mark.pop3("defect-3")
@given(token=st.binary(max_size=200), head=st.sampled_from([b"", NEGOTIATE[:12], b"NTLMSSP\0\x03\0\0\0"]))
def test_whatever_the_peer_sends_is_taken_or_refused(head: bytes, token: bytes) -> None:
    with suppress(InvalidToken):
        Acceptor("MAIL").challenge(head + token, bytes(8), 0.0)
    with suppress(InvalidToken, Unsupported):
        Challenged.from_wire(b"", CHALLENGE).authenticate(head + token, None, 0.0)


def test_a_binding_is_no_bytes() -> None:
    with pytest.raises(TypeError):
        Challenged.from_wire(b"", CHALLENGE).authenticate(b"", bytes(16), 0.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_hash_or_key_is_16_octets(length: int) -> None:
    with pytest.raises(ValueError, match=r"^nt_hash is 16 octets$"):
        Credential.from_nt_hash(bytes(length))
    with pytest.raises(ValueError, match=r"^a session key is 16 octets$"):
        SessionKey(bytes(length))


@pytest.mark.parametrize("text", ["", "X" * 32, "a" * 31, "a" * 33, "NO PASSWORD", "ä" * 16, "\udc80" * 32])
def test_a_hash_in_hexadecimal_is_32_digits(text: str) -> None:
    with pytest.raises(ValueError, match=r"^an NT hash is 32 hexadecimal digits$"):
        Credential.from_hex(text)


@pytest.mark.parametrize("kind", [Challenged, ChannelBinding, Claim, Credential, Established])
def test_what_a_step_makes_is_made_by_nothing_else(kind: type) -> None:
    with pytest.raises(TypeError):
        kind()


def test_bindings_are_equal_by_value() -> None:
    binding, same, other = (ChannelBinding.tls_server_end_point(bytes([octet])) for octet in (1, 1, 2))
    assert binding == same
    assert hash(binding) == hash(same)
    assert binding != other
