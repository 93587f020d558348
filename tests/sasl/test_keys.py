"""SCRAM's keys: derived as the standard has it, refused if no client would take them, and told to nobody."""

from __future__ import annotations

import pytest

from quitclaim.accounts.keyring import Keyring, checked, pack
from quitclaim.scram import DIGESTS, FEWEST_ITERATIONS, ScramKeys

SALT = b"a salt of 16 oct"


def stored_key(password: str) -> bytes:
    return ScramKeys.from_password(password, "SCRAM-SHA-256", salt=SALT).stored_key


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("I\u00adX", "IX"),  # RFC 4013 §3
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("e\u0301", "\u00e9"),
        ("a\u00a0b", "a b"),
    ],
)
def test_a_password_is_prepared_as_clients_prepare_it(typed: str, sent: str) -> None:
    assert stored_key(typed) == stored_key(sent)


@pytest.mark.parametrize("password", ["\u00ad", "\u00ad\u200b"])
def test_a_password_of_nothing_visible_is_not_the_empty_one(password: str) -> None:
    assert stored_key(password) != stored_key("")


@pytest.mark.parametrize("password", ["Open", "\U0001f511", "tab\tstop", "\u05d0b"])
def test_a_password_may_have_what_saslprep_does_not_know(password: str) -> None:
    assert stored_key(password) != stored_key("open")


def test_a_lone_surrogate_is_no_password() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        ScramKeys.from_password("\ud800", "SCRAM-SHA-1")


def test_each_has_a_salt_of_its_own() -> None:
    first, second = (ScramKeys.from_password("same", "SCRAM-SHA-1") for _ in range(2))
    assert first.salt != second.salt
    assert first.stored_key != second.stored_key


def test_keys_tell_nothing() -> None:
    assert repr(ScramKeys.from_password("open sesame", "SCRAM-SHA-1")) == "ScramKeys(iterations=4096)"
    assert repr(Keyring({"anna": pack("open sesame")})) == "<Keyring>"


@pytest.mark.parametrize("iterations", [-1, 0, 4095, 10_000_001])
def test_no_client_takes_so_many_iterations(iterations: int) -> None:
    with pytest.raises(ValueError, match="iterations"):
        ScramKeys(iterations, SALT, b"", b"")


@pytest.mark.parametrize("salt", [b"", bytes(11), bytes(65)])
def test_no_client_takes_such_a_salt(salt: bytes) -> None:
    with pytest.raises(ValueError, match="salt"):
        ScramKeys(FEWEST_ITERATIONS, salt, b"", b"")


@pytest.mark.parametrize("mechanism", DIGESTS)
def test_packed_keys_are_what_they_were(mechanism: str) -> None:
    found = Keyring({"anna": pack("open sesame", iterations=5000, random=lambda _: SALT)}).find(
        "anna", mechanism
    )
    made = ScramKeys.from_password("open sesame", mechanism, salt=SALT, iterations=5000)
    assert (found.iterations, found.salt) == (made.iterations, made.salt)
    assert (found.stored_key, found.server_key) == (made.stored_key, made.server_key)


@pytest.mark.parametrize("packed", [b"", bytes(139), bytes(141), bytes(140), b"\xff" * 140])
def test_what_was_never_packed_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match=r"octets|iterations"):
        checked(packed)


@pytest.mark.pop3("login-27")
def test_whoever_is_known_is_looked_for_among_nobody_too(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    of_nobody = ScramKeys.of_nobody

    def counted(username: str, mechanism: str, **others: object) -> ScramKeys:
        made.append(username)
        return of_nobody(username, mechanism, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(ScramKeys, "of_nobody", counted)
    keyring = Keyring({"anna": pack("open sesame")})
    for username in ("anna", "mallory"):
        keyring.find(username, "SCRAM-SHA-256")
    assert made == ["anna", "mallory"]
