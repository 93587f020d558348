"""What must not get out: into a log, a repr, an exception or a pickle."""

from __future__ import annotations

import copy
import pickle
import traceback
from typing import TYPE_CHECKING

import pytest

from quitclaim.errors import AuthenticationError, LogonDenied
from quitclaim.ntlm import Acceptor, ChannelBinding, Credential, SessionKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ntlm.conftest import Claims, Clients

SECRET = "hunter2"  # noqa: S105 - of nobody
ALICE = Credential.from_password(SECRET)
HEX = ALICE.nt_hash.hex()


def shown(one: object) -> str:
    """All that a log could have of it."""
    if isinstance(one, BaseException):
        causes = (one.__cause__, one.__context__)
        frames = "".join(traceback.format_exception_only(one))
        return " ".join([repr(one), str(one), repr(vars(one)), repr(one.args), frames, *map(repr, causes)])
    return f"{one!r} {one}"


def raised(call: Callable[[], object]) -> Exception:
    """What that raises."""
    with pytest.raises((AuthenticationError, ValueError, TypeError)) as info:
        call()
    assert isinstance(info.value, Exception)
    return info.value


def test_a_credential_shows_nothing() -> None:
    assert SECRET not in shown(ALICE)
    assert HEX not in shown(ALICE).lower()
    assert repr(ALICE.nt_hash) not in shown(ALICE)


def test_a_session_key_shows_nothing() -> None:
    assert "hunter2hunter2hu" not in shown(SessionKey(b"hunter2hunter2hu"))


@pytest.mark.parametrize(
    "call",
    [
        lambda: Credential.from_password(SECRET + "\udc80"),
        lambda: Credential.from_password(SECRET.encode()),  # type: ignore[arg-type]
        lambda: Credential.from_hex(SECRET),
        lambda: Credential.from_hex(SECRET + "\udc80"),
        lambda: Credential.from_nt_hash(SECRET.encode()),
        lambda: Credential.from_nt_hash(SECRET),  # type: ignore[arg-type]
        lambda: ALICE.accepts_password(SECRET.encode()),  # type: ignore[arg-type]
        lambda: SessionKey(SECRET.encode()),
        lambda: SessionKey(SECRET),  # type: ignore[arg-type]
    ],
)
def test_a_refused_secret_is_not_in_the_exception(call: Callable[[], object]) -> None:
    assert SECRET not in shown(raised(call))


def test_a_password_with_a_lone_surrogate_is_nobodys() -> None:
    assert not ALICE.accepts_password(SECRET + "\udc80")


def test_a_claim_shows_names_and_no_response(client: Clients, claim: Claims) -> None:
    claimed = claim(client("EXAMPLE\\alice", SECRET))
    assert shown(claimed).count('<Claim to be "alice" of "EXAMPLE" at ') == 2
    assert claimed.nt_response.hex() not in shown(claimed)
    claimed.verify(ALICE)
    assert repr(claimed) == "<Claim, used up>"


def test_a_login_shows_names_and_no_key(client: Clients, claim: Claims) -> None:
    established = claim(client("alice", SECRET)).verify(ALICE)
    assert repr(established) == '<Established "alice" of "", NTLMv2, with MIC>'
    assert repr(established.session_key).startswith("<quitclaim.ntlm.SessionKey object at ")


def test_a_refusal_repeats_nothing_of_the_peers(client: Clients, claim: Claims) -> None:
    claimed = claim(client("alice", "guess"))
    refusal = raised(lambda: claimed.verify(ALICE))
    assert shown(refusal).replace("LogonDenied", "") == shown(LogonDenied("logon denied")).replace(
        "LogonDenied", ""
    )
    assert "alice" not in shown(refusal)


def test_an_invalid_token_is_not_in_its_exception() -> None:
    token = b"NTLMSSP\0" + SECRET.encode() * 5
    assert SECRET not in shown(raised(lambda: Acceptor("MAIL").challenge(token, bytes(8), 0.0)))


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.copy, copy.deepcopy])
def test_nothing_is_pickled_or_copied(
    client: Clients, claim: Claims, duplicate: Callable[[object], object]
) -> None:
    challenged, _ = Acceptor("MAIL").challenge(client("alice", SECRET).step() or b"", bytes(8), 0.0)
    claimed, proven = (claim(client("alice", SECRET)) for _ in range(2))
    established = proven.verify(ALICE)
    binding = ChannelBinding.tls_server_end_point(b"")
    key = established.session_key
    for one in (Acceptor("MAIL"), challenged, claimed, established, ALICE, key, binding):
        with pytest.raises(TypeError, match=f"^{type(one).__name__} cannot be pickled or copied: "):
            duplicate(one)
