"""Whether the time of a refusal tells an unknown user from a wrong password, through `quitclaim.ntlm`.

    python benches/ntlm_timing.py [--timings 20000]

Both are timed from the AUTHENTICATE to the refusal, with the look-up in between; each is a series twice, and
the four take turns by chance. So like is compared with like too, which shows what the machine makes of no
difference at all. The statistics:

* **AUC**: the share of all pairs in which the second took longer: Mann and Whitney's U by their number. At
  0.5 a timing says nothing; who guesses by one is right that often. With its 95 % interval.
* **Welch's t** of what is below the 90th percentile, as dudect has it: up to 4.5 is called no evidence.

Run it on a quiet machine, more than once. No test looks at it.
"""

from __future__ import annotations

import argparse
import gc
import math
import random
import statistics
import time
from typing import TYPE_CHECKING

import spnego

from quitclaim.accounts import MemoryAccounts
from quitclaim.errors import LogonDenied
from quitclaim.ntlm import Acceptor

if TYPE_CHECKING:
    from collections.abc import Sequence

ACCOUNTS = 1_000
NAMES = 100  # of each kind, so that neither is warm in a cache while the other is not
NONCE = b"8 octets"


def main() -> None:
    """Times, and prints."""
    parser = argparse.ArgumentParser(description="Unknown user against wrong password, timed.")
    parser.add_argument("--timings", type=int, default=20_000, help="of each series (default: 20000)")
    print(report(measure(parser.parse_args().timings)))  # noqa: T201 - what it prints is its result


def report(series: Sequence[list[int]]) -> str:
    """What is to be said of those four."""
    unknown, wrong, unknown_again, wrong_again = series
    lines = [f"4 series of {len(wrong):,} timings, in turns of chance; {ACCOUNTS:,} accounts"]
    for name, times in (("unknown user", unknown), ("wrong password", wrong)):
        low, middle, high = statistics.quantiles(times, n=4)
        lines.append(f"  {name:<15} median {middle:6.0f} ns, quartiles {low:.0f} and {high:.0f}")
    return "\n".join(
        [
            *lines,
            compared("unknown user, wrong password", unknown + unknown_again, wrong + wrong_again),
            compared("unknown user, unknown user", unknown, unknown_again),
            compared("wrong password, wrong password", wrong, wrong_again),
        ]
    )


def compared(what: str, first: list[int], second: list[int]) -> str:
    """A line for a pair."""
    difference = statistics.median(second) - statistics.median(first)
    area, margin = auc(first, second)
    t = welch(first, second)
    return f"  {what:<31} medians {difference:+4.0f} ns, AUC {area:.3f} ± {margin:.3f}, Welch's t {t:+.1f}"


def measure(timings: int) -> list[list[int]]:
    """Nanoseconds of so many refusals, in four series: unknown user, wrong password, and both again."""
    accounts = MemoryAccounts({f"known{number:03}": "open sesame" for number in range(ACCOUNTS)})
    acceptor, now = Acceptor("MAIL", domain="EXAMPLE"), time.time()
    series: list[list[int]] = [[], [], [], []]
    # Names of one length: that of the name is the peer's to choose, and no secret.
    attempts = [
        [attempt(acceptor, now, f"{kind}{number:03}") for number in range(NAMES)]
        for kind in ("other", "known", "other", "known")
    ]
    order = list(range(4)) * timings
    random.shuffle(order)
    gc.disable()
    for warm, sequence in ((True, order[: timings // 10]), (False, order)):
        for one in sequence:
            negotiate, authenticate = random.choice(attempts[one])  # noqa: S311 - no secret
            challenged, _ = acceptor.challenge(negotiate, NONCE, now)
            started = time.perf_counter_ns()
            claim = challenged.authenticate(authenticate, None, now)
            try:
                claim.verify(accounts.ntlm(claim))
            except LogonDenied:
                taken = time.perf_counter_ns() - started
            if not warm:
                series[one].append(taken)
    gc.enable()
    return series


def attempt(acceptor: Acceptor, now: float, username: str) -> tuple[bytes, bytes]:
    """The two messages of a login with a password that nobody has."""
    client = spnego.client(username, "a guess", protocol="ntlm")
    negotiate = client.step() or b""
    return negotiate, client.step(acceptor.challenge(negotiate, NONCE, now)[1]) or b""


def auc(first: Sequence[int], second: Sequence[int]) -> tuple[float, float]:
    """How often a value of the second is above one of the first, ties by half; and half its 95 % interval."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks = 0.0
    begin = 0
    while begin < len(ranked):
        end = begin
        while end < len(ranked) and ranked[end][0] == ranked[begin][0]:
            end += 1
        ranks += (begin + end + 1) / 2 * sum(kind for _, kind in ranked[begin:end])
        begin = end
    n, m = len(first), len(second)
    area = (ranks - m * (m + 1) / 2) / (n * m)
    return area, 1.96 * math.sqrt((n + m + 1) / (12 * n * m))


def welch(first: Sequence[int], second: Sequence[int]) -> float:
    """Welch's t, without the slowest tenth of all: there is the machine's noise."""
    limit = statistics.quantiles([*first, *second], n=10)[-1]
    one, two = ([value for value in values if value <= limit] for values in (first, second))
    spread = statistics.variance(one) / len(one) + statistics.variance(two) / len(two)
    return (statistics.fmean(two) - statistics.fmean(one)) / math.sqrt(spread)


if __name__ == "__main__":
    main()
