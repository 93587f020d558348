"""pyspnego's acceptor beside ours: one verdict and one session key where it is right, and where it is not.

It is a second opinion by somebody who has read the same specification. Both are shown the same octets: its
CHALLENGE goes to a client, and what the client answers goes to both. The second half is why ours is another.
"""

from __future__ import annotations

import copy
import struct
import time
from typing import TYPE_CHECKING

import pytest
import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError
from tests.ntlm.initiator import (
    KEY,
    NT,
    USER,
    Initiator,
    with_field,
    with_flags,
    with_mic,
    without_mic_field,
)

from quitclaim.errors import AuthenticationError, InvalidToken, LogonDenied, OutOfSequence, Unsupported
from quitclaim.ntlm import Acceptor, Challenged, ChannelBinding, Credential

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PASSWORD = "open sesame"  # noqa: S105 - opens nothing
USERS = "".join(
    f"{name}:{PASSWORD}\n" for name in ("EXAMPLE:anna", ":anna", ":anna@example.org", ":müller", ":straße")
)
ANNA = Credential.from_password(PASSWORD)


@pytest.fixture(autouse=True)
def _users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom pyspnego knows."""
    file = tmp_path / "users"
    file.write_text(USERS, encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(file))


class Exchange:
    """The first two messages of an exchange: pyspnego's acceptor answered, and both wait for the third."""

    def __init__(self, negotiate: bytes, /, *, bindings: GssChannelBindings | None = None) -> None:
        self._negotiate = negotiate
        self._theirs = spnego.server(protocol="ntlm", channel_bindings=bindings)
        self.challenge = self._theirs.step(negotiate) or b""

    def theirs(self, authenticate: bytes) -> bytes:
        """The session key of a login at pyspnego's; each is the first."""
        context = copy.copy(self._theirs)
        context.step(authenticate)
        assert context.complete
        return context.session_key

    def ours(self, authenticate: bytes, *, ntlmv1: bool = False) -> bytes:
        """The session key of a login at ours."""
        challenged = Challenged.from_wire(self._negotiate, self.challenge, ntlmv1=ntlmv1)
        return challenged.authenticate(authenticate, None, time.time()).verify(ANNA).session_key.octets


def begin(initiator: Initiator) -> tuple[Exchange, bytes]:
    """An exchange, and the AUTHENTICATE of that client."""
    negotiate = initiator.negotiate()
    exchange = Exchange(negotiate)
    return exchange, initiator.authenticate(negotiate, exchange.challenge)


# --- where it is right

LOGINS = {
    "MIC": Initiator(),
    "MIC, no key exchange": Initiator(key_exchange=False),
    "no MIC": Initiator(mic=False),
    "OEM": Initiator(oem=True, mic=False),
    "domain": Initiator(domain="EXAMPLE"),
    "UPN": Initiator(username="anna@example.org"),
    "upper case": Initiator(username="ANNA"),
    "ü": Initiator(username="müller", hashed_as="MÜLLER"),
    "no workstation": Initiator(workstation=""),
    "a pair that nobody knows": Initiator(pairs=struct.pack("<HH4s", 0x7F, 4, b"what")),
}


@pytest.mark.parametrize("initiator", LOGINS.values(), ids=LOGINS)
def test_whom_both_let_in_has_one_session_key(initiator: Initiator) -> None:
    exchange, authenticate = begin(initiator)
    assert exchange.ours(authenticate) == exchange.theirs(authenticate)


@pytest.mark.parametrize("login", ["anna", "EXAMPLE\\anna", "anna@example.org", "müller"])
def test_its_own_client_has_the_same_session_key_as_both(login: str) -> None:
    client = spnego.client(login, PASSWORD, protocol="ntlm")
    exchange = Exchange(client.step() or b"")
    authenticate = client.step(exchange.challenge) or b""
    assert exchange.ours(authenticate) == exchange.theirs(authenticate) == client.session_key


REFUSED = {
    "wrong password": (Initiator(password=PASSWORD.title()), bytes),
    "wrong password, no MIC": (Initiator(password="", mic=False), bytes),
    "wrong MIC": (Initiator(), lambda one: with_mic(one, b"\1" * 16)),
    "MIC of zeros": (Initiator(), lambda one: with_mic(one, bytes(16))),
    "another's name": (Initiator(), lambda one: with_field(one, USER, "müller".encode("utf-16-le"))),
    "a pair that comes twice": (Initiator(pairs=struct.pack("<HHI", 6, 4, 0)), bytes),
    "another domain": (Initiator(domain="EXAMPLE", hashed_domain="ELSEWHERE"), bytes),
}


@pytest.mark.parametrize(("initiator", "edit"), REFUSED.values(), ids=REFUSED)
def test_both_refuse(initiator: Initiator, edit: Callable[[bytes], bytes]) -> None:
    exchange, authenticate = begin(initiator)
    with pytest.raises(AuthenticationError):
        exchange.ours(edit(authenticate))
    with pytest.raises(SpnegoError):
        exchange.theirs(edit(authenticate))


def test_no_bit_of_an_authenticate_with_a_mic_may_be_another() -> None:
    exchange, authenticate = begin(Initiator(domain="EXAMPLE"))
    assert [
        bit for bit in range(8 * len(authenticate)) if lets_in(exchange.ours, flip(authenticate, bit))
    ] == []


@pytest.mark.parametrize("oem", [False, True], ids=["Unicode", "OEM"])
def test_without_a_mic_whom_we_let_in_has_the_session_key_it_has_there(*, oem: bool) -> None:
    exchange, authenticate = begin(Initiator(mic=False, oem=oem))
    # A bit of each octet, because pyspnego takes 4 ms.
    edited = [flip(authenticate, 8 * octet + octet % 8) for octet in range(len(authenticate))]
    good = [one for one in edited if lets_in(exchange.ours, one)]
    assert len(good) > len(edited) // 10
    assert [exchange.ours(one) for one in good] == [exchange.theirs(one) for one in good]


def flip(message: bytes, bit: int) -> bytes:
    """With that bit changed."""
    edited = bytearray(message)
    edited[bit // 8] ^= 1 << bit % 8
    return bytes(edited)


def lets_in(acceptor: Callable[[bytes], bytes], authenticate: bytes) -> bool:
    """Whether that is a login."""
    try:
        return bool(acceptor(authenticate))
    except AuthenticationError:
        return False


# --- where it lets in whom we refuse, on purpose


LET_IN_THERE = {
    "the MIC is announced and gone, CVE-2019-1040": (Initiator(), without_mic_field, InvalidToken),
    "the clock is of 1601": (Initiator(ahead=-1.3e10), bytes, Unsupported),
    "the key has 15 octets": (
        Initiator(mic=False),
        lambda one: with_field(one, KEY, bytes(15)),
        InvalidToken,
    ),
    "there is no key": (Initiator(mic=False), lambda one: with_field(one, KEY, b""), InvalidToken),
    "NTLMv1": (Initiator(version="NTLMv1"), bytes, Unsupported),
    "NTLMv1+ESS": (Initiator(version="NTLMv1+ESS"), bytes, Unsupported),
}


@pytest.mark.parametrize(("initiator", "edit", "error"), LET_IN_THERE.values(), ids=LET_IN_THERE)
def test_it_lets_in_whom_we_refuse(
    initiator: Initiator, edit: Callable[[bytes], bytes], error: type[AuthenticationError]
) -> None:
    exchange, authenticate = begin(initiator)
    exchange.theirs(edit(authenticate))
    with pytest.raises(error):
        exchange.ours(edit(authenticate))


def test_it_takes_a_second_authenticate_to_one_challenge() -> None:
    anna, theirs = Initiator(), spnego.server(protocol="ntlm")
    challenge = theirs.step(anna.negotiate()) or b""
    with pytest.raises(SpnegoError):
        theirs.step(Initiator(password="").authenticate(anna.negotiate(), challenge))
    theirs.step(anna.authenticate(anna.negotiate(), challenge))
    assert theirs.complete

    challenged, challenge = Acceptor("MAIL").challenge(anna.negotiate(), b"8 octets", time.time())
    guess = Initiator(password="").authenticate(anna.negotiate(), challenge)
    with pytest.raises(LogonDenied):
        challenged.authenticate(guess, None, time.time()).verify(ANNA)
    with pytest.raises(OutOfSequence):
        challenged.authenticate(anna.authenticate(anna.negotiate(), challenge), None, time.time())


def test_it_takes_a_binding_of_zeros_where_one_is_wanted() -> None:
    anna = Initiator(binding=bytes(16))
    bindings = GssChannelBindings(application_data=b"tls-server-end-point:" + bytes(32))
    exchange = Exchange(anna.negotiate(), bindings=bindings)
    assert exchange.theirs(anna.authenticate(anna.negotiate(), exchange.challenge))

    acceptor = Acceptor("MAIL", channel_binding="require")
    challenged, challenge = acceptor.challenge(anna.negotiate(), b"8 octets", time.time())
    binding = ChannelBinding.tls_server_end_point(bytes(32))
    with pytest.raises(Unsupported, match="there is no channel binding"):
        challenged.authenticate(anna.authenticate(anna.negotiate(), challenge), binding, time.time())


# --- where it refuses whom we let in, on purpose

LET_IN_HERE = {
    "hashed with an empty domain, MS-NLMP §3.2.5.1.2": (Initiator(domain="EXAMPLE", hashed_domain=""), bytes),
    "ß, which has no upper case": (Initiator(username="straße", hashed_as="STRAßE"), bytes),
    "flags of zero, as JavaMail": (
        Initiator(mic=False, key_exchange=False),
        lambda one: with_flags(one, 0),
    ),
}


@pytest.mark.parametrize(("initiator", "edit"), LET_IN_HERE.values(), ids=LET_IN_HERE)
def test_it_refuses_whom_we_let_in(initiator: Initiator, edit: Callable[[bytes], bytes]) -> None:
    exchange, authenticate = begin(initiator)
    assert exchange.ours(edit(authenticate))
    with pytest.raises(SpnegoError):
        exchange.theirs(edit(authenticate))


# --- what it raises on octets of a stranger

FOREIGN = {
    "a header and no more": lambda _: b"NTLMSSP\0\3\0\0\0",
    "cut in its fields": lambda one: one[:40],
    "half a character": lambda one: with_field(one, USER, b"a\0n"),
    "a lone surrogate": lambda one: with_field(one, USER, b"\0\xd8"),
    "an NT response of 25 octets": lambda one: with_field(one, NT, bytes(25)),
}


@pytest.mark.parametrize("edit", FOREIGN.values(), ids=FOREIGN)
def test_it_raises_what_no_caller_expects(
    edit: Callable[[bytes], bytes],
) -> None:
    exchange, authenticate = begin(Initiator())
    with pytest.raises((struct.error, ValueError, LookupError)) as raised:
        exchange.theirs(edit(authenticate))
    assert not isinstance(raised.value, SpnegoError)
    with pytest.raises(InvalidToken):
        exchange.ours(edit(authenticate))
