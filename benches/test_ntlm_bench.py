"""What a login by NTLM costs the server's side, whole and refused, by the number of accounts.

Times are of one login. Beside ours: pyspnego's acceptor, of which only the second of its two steps is timed,
and what one writes by hand: two HMACs over a response that is parsed already, with the NT hashes in a dict.
"""

from __future__ import annotations

import hmac
import struct
import time
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import spnego
from spnego.exceptions import SpnegoError

from quitclaim.accounts import MemoryAccounts
from quitclaim.errors import LogonDenied
from quitclaim.ntlm import Acceptor, Credential

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

USER = "user7"  # of all numbers of accounts
PASSWORD = "open sesame"  # noqa: S105 - opens nothing
GUESS = "a guess"
NONCE = b"8 octets"

OK_10 = pytest.mark.benchmark(group="NTLM, a login: 10 accounts")
OK_1_000 = pytest.mark.benchmark(group="NTLM, a login: 1,000 accounts")
OK_100_000 = pytest.mark.benchmark(group="NTLM, a login: 100,000 accounts")
REFUSED_10 = pytest.mark.benchmark(group="NTLM, a wrong password: 10 accounts")
REFUSED_1_000 = pytest.mark.benchmark(group="NTLM, a wrong password: 1,000 accounts")
REFUSED_100_000 = pytest.mark.benchmark(group="NTLM, a wrong password: 100,000 accounts")


class Benchmark(Protocol):
    """pytest-benchmark's fixture, as used here."""

    def pedantic(
        self,
        target: Callable[..., None],
        *,
        setup: Callable[[], tuple[tuple[Any, ...], dict[str, Any]]] | None = None,
        rounds: int = 1,
        iterations: int = 1,
        warmup_rounds: int = 0,
    ) -> None:
        """Measures it."""


@OK_10
def test_ok_10_quitclaim(benchmark: Benchmark) -> None:
    quitclaim(benchmark, 10, PASSWORD)


@OK_10
def test_ok_10_pyspnego(benchmark: Benchmark, users: Users) -> None:
    pyspnego(benchmark, users, 10, PASSWORD)


@OK_10
def test_ok_10_dict(benchmark: Benchmark) -> None:
    by_hand(benchmark, 10, PASSWORD)


@OK_1_000
def test_ok_1_000_quitclaim(benchmark: Benchmark) -> None:
    quitclaim(benchmark, 1_000, PASSWORD)


@OK_1_000
def test_ok_1_000_pyspnego(benchmark: Benchmark, users: Users) -> None:
    pyspnego(benchmark, users, 1_000, PASSWORD)


@OK_1_000
def test_ok_1_000_dict(benchmark: Benchmark) -> None:
    by_hand(benchmark, 1_000, PASSWORD)


@OK_100_000
def test_ok_100_000_quitclaim(benchmark: Benchmark) -> None:
    quitclaim(benchmark, 100_000, PASSWORD)


@OK_100_000
def test_ok_100_000_pyspnego(benchmark: Benchmark, users: Users) -> None:
    pyspnego(benchmark, users, 100_000, PASSWORD)


@OK_100_000
def test_ok_100_000_dict(benchmark: Benchmark) -> None:
    by_hand(benchmark, 100_000, PASSWORD)


@REFUSED_10
def test_refused_10_quitclaim(benchmark: Benchmark) -> None:
    quitclaim(benchmark, 10, GUESS)


@REFUSED_10
def test_refused_10_pyspnego(benchmark: Benchmark, users: Users) -> None:
    pyspnego(benchmark, users, 10, GUESS)


@REFUSED_10
def test_refused_10_dict(benchmark: Benchmark) -> None:
    by_hand(benchmark, 10, GUESS)


@REFUSED_1_000
def test_refused_1_000_quitclaim(benchmark: Benchmark) -> None:
    quitclaim(benchmark, 1_000, GUESS)


@REFUSED_1_000
def test_refused_1_000_pyspnego(benchmark: Benchmark, users: Users) -> None:
    pyspnego(benchmark, users, 1_000, GUESS)


@REFUSED_1_000
def test_refused_1_000_dict(benchmark: Benchmark) -> None:
    by_hand(benchmark, 1_000, GUESS)


@REFUSED_100_000
def test_refused_100_000_quitclaim(benchmark: Benchmark) -> None:
    quitclaim(benchmark, 100_000, GUESS)


@REFUSED_100_000
def test_refused_100_000_pyspnego(benchmark: Benchmark, users: Users) -> None:
    pyspnego(benchmark, users, 100_000, GUESS)


@REFUSED_100_000
def test_refused_100_000_dict(benchmark: Benchmark) -> None:
    by_hand(benchmark, 100_000, GUESS)


# --- the contenders


def quitclaim(benchmark: Benchmark, accounts: int, password: str) -> None:
    """All three messages: challenge, authenticate, look up, verify, MIC and all."""
    known = MemoryAccounts(credentials(accounts))
    acceptor, now, denied = Acceptor("MAIL", domain="EXAMPLE"), time.time(), 0
    client = spnego.client(USER, password, protocol="ntlm")
    negotiate = client.step() or b""
    # The same nonce and time each time make the same CHALLENGE, so one answer is good for all.
    answer = client.step(acceptor.challenge(negotiate, NONCE, now)[1]) or b""

    def log_in() -> None:
        nonlocal denied
        challenged, _ = acceptor.challenge(negotiate, NONCE, now)
        claim = challenged.authenticate(answer, None, now)
        try:
            claim.verify(known.ntlm(claim))
        except LogonDenied:
            denied += 1

    benchmark.pedantic(log_in, rounds=100, iterations=500, warmup_rounds=2)
    assert bool(denied) == (password == GUESS)


def pyspnego(benchmark: Benchmark, users: Users, accounts: int, password: str) -> None:
    """The AUTHENTICATE alone. It reads the file of all users each time."""
    users(accounts)
    denied = 0

    def challenge() -> tuple[tuple[Any, ...], dict[str, Any]]:
        server = spnego.server(protocol="ntlm")
        client = spnego.client(USER, password, protocol="ntlm")
        return (server, client.step(server.step(client.step() or b""))), {}

    def authenticate(server: spnego.ContextProxy, answer: bytes) -> None:
        nonlocal denied
        try:
            server.step(answer)
        except SpnegoError:
            denied += 1

    benchmark.pedantic(authenticate, setup=challenge, rounds=50 if accounts <= 1_000 else 5, warmup_rounds=1)
    assert bool(denied) == (password == GUESS)


def by_hand(benchmark: Benchmark, accounts: int, password: str) -> None:
    """NTOWFv2 and the proof, and neither parsing, nor policy, nor a MIC, nor a session key."""
    hashes = {name: credential.nt_hash for name, credential in credentials(accounts).items()}
    client = spnego.client(USER, password, protocol="ntlm")
    _, challenge = Acceptor("MAIL").challenge(client.step() or b"", NONCE, time.time())
    answer = client.step(challenge) or b""
    length, start = struct.unpack_from("<HxxI", answer, 20)
    response, denied = answer[start : start + length], 0

    def log_in() -> None:
        nonlocal denied
        key = hmac.digest(hashes[USER], USER.upper().encode("utf-16-le"), "md5")
        if not hmac.compare_digest(hmac.digest(key, NONCE + response[16:], "md5"), response[:16]):
            denied += 1

    benchmark.pedantic(log_in, rounds=100, iterations=500, warmup_rounds=2)
    assert bool(denied) == (password == GUESS)


@cache
def credentials(accounts: int) -> dict[str, Credential]:
    """So many accounts, all with one password: what they are does not matter, how many there are does."""
    secret = Credential.from_password(PASSWORD)
    return {f"user{number}": Credential.from_nt_hash(secret.nt_hash) for number in range(accounts)}


class Users(Protocol):
    """Writes down so many users for pyspnego."""

    def __call__(self, accounts: int, /) -> None:
        """Writes them."""


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Users:
    """Where pyspnego finds its users: smbpasswd's form, which is its faster one; ours in the middle."""

    def write(accounts: int, /) -> None:
        nt_hash = Credential.from_password(PASSWORD).nt_hash.hex()
        names = [f"other{number}" for number in range(accounts)]
        names[accounts // 2] = USER
        file = tmp_path / "users"
        file.write_text("".join(f"{name}:0:{'0' * 32}:{nt_hash}:[U]:LCT-0\n" for name in names))
        monkeypatch.setenv("NTLM_USER_FILE", str(file))

    return write
