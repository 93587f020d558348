"""Threads that reach for the same step, and the garbage collector, which is not needed."""

from __future__ import annotations

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from quitclaim.errors import OutOfSequence
from quitclaim.ntlm import Acceptor, Challenged, Claim, Credential, Established, SessionKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ntlm.conftest import Claims, Clients

ALICE = Credential.from_password("secret")
THREADS = 4
ROUNDS = 50


def race(step: Callable[[], object]) -> list[str]:
    """What becomes of a step that all threads take at once: the types of results and refusals."""
    start = threading.Barrier(THREADS)

    def run(_number: int) -> str:
        start.wait()
        try:
            return type(step()).__name__
        except OutOfSequence as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(THREADS) as pool:
        return sorted(pool.map(run, range(THREADS)))


def test_of_threads_that_verify_one_claim_one_wins(client: Clients, claim: Claims) -> None:
    for _ in range(ROUNDS):
        claimed = claim(client("alice", "secret"))
        assert race(partial(claimed.verify, ALICE)) == ["Established"] + ["OutOfSequence"] * 3


def test_of_threads_that_answer_one_challenge_one_wins(client: Clients) -> None:
    for _ in range(ROUNDS):
        alice, now = client("alice", "secret"), time.time()
        challenged, challenge = Acceptor("MAIL").challenge(alice.step() or b"", b"8 octets", now)
        answer = alice.step(challenge) or b""
        outcomes = race(partial(challenged.authenticate, answer, None, now))
        assert outcomes == ["Claim"] + ["OutOfSequence"] * 3


def test_threads_share_an_acceptor_and_a_credential(client: Clients, claim: Claims) -> None:
    acceptor = Acceptor("MAIL")

    def log_in(_number: int) -> str:
        return claim(client("alice", "secret"), acceptor).verify(ALICE).username

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(log_in, range(ROUNDS))) == {"alice"}


def alive() -> int:
    """Counts what the steps of an exchange make, without asking the collector to collect."""
    return sum(type(one) in (Challenged, Claim, Established, SessionKey) for one in gc.get_objects())


def test_an_exchange_is_gone_when_it_is_dropped(client: Clients, claim: Claims) -> None:
    before = alive()
    challenged, _ = Acceptor("MAIL").challenge(client("alice", "secret").step() or b"", bytes(8), 0.0)
    claimed, proven = (claim(client("alice", "secret")) for _ in range(2))
    established = proven.verify(ALICE)
    key = established.session_key
    assert alive() == before + 5
    del challenged, claimed, proven, established, key
    assert alive() == before
