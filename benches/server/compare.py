"""What a login attempt costs the server: ours, whole, beside canned replies, in one run.

`make bench-server` runs it. The figure is CPU of the server's process, user and system, for an attempt; the
storm is on the other core. Ours is `quitclaim serve` as users start it: SQLite, all limits, counters, log.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from quitclaim.accounts.administration import add
from quitclaim.database import Database
from quitclaim.maildrop.sqlite import SqliteStore
from quitclaim.storm import storm

if TYPE_CHECKING:
    from collections.abc import Iterator

Mode = Literal["fail", "ok"]

HERE = Path(__file__).parent
PASSWORD = "open sesame"  # noqa: S105 - of nobody
CONNECTIONS = 128
WORKLOADS: dict[
    str, tuple[Mode, int, float]
] = {  # name: (mode of the storm, attempts per connection, the plan's goal beside the floor)
    "failed login, 1 per connection": ("fail", 1, 1.6),
    "failed login, 3 per connection": ("fail", 3, 1.9),
    "login, STAT, QUIT": ("ok", 1, 2.6),
}


def main() -> None:
    """Measures each workload in interleaved rounds, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--attempts", type=int, default=6_000)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-1:])  # the storm's; the servers have the first
    print(f"{CONNECTIONS} connections, {options.attempts} attempts a round, {options.rounds} rounds")
    print("CPU of the server, in µs an attempt:")
    print(f"{'':34}{'canned':>8}{'ours':>8}{'ratio':>8}{'(spread)':>16}{'goal':>8}")
    for workload, (mode, each, goal) in WORKLOADS.items():
        with ExitStack() as stack:
            floor = stack.enter_context(canned(mode, cores[0]))
            ours = stack.enter_context(quitclaim(cores[0]))
            for server in (floor, ours):
                server.cost(mode, each, CONNECTIONS * 8)  # a warm-up
            costs = [
                (floor.cost(mode, each, options.attempts), ours.cost(mode, each, options.attempts))
                for _ in range(options.rounds)
            ]
        ratios = sorted(mine / least for least, mine in costs)
        least, mine = (statistics.median(column) for column in zip(*costs, strict=True))
        spread = f"({ratios[0]:.2f}..{ratios[-1]:.2f})"
        ratio = statistics.median(ratios)
        print(f"{workload:34}{least:8.1f}{mine:8.1f}{ratio:8.2f}{spread:>16}{goal:8.1f}")


class Server:
    """A server's process, and where it listens."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.pid = process.pid
        host, _, port = process.stdout.readline().split()[2].rpartition(":")
        self.address = f"{host}:{port}"

    def cost(self, mode: Mode, each: int, attempts: int) -> float:
        """Microseconds of CPU for an attempt of a storm."""
        before = self.cpu()
        report = storm(
            self.address,
            username="load{}",
            password=PASSWORD,
            mode=mode,
            connections=CONNECTIONS,
            attempts=attempts,
            per_connection=each,
        )
        after = self.cpu()
        if report.unexpected:
            sys.exit(f"{report.unexpected} of {attempts} attempts went otherwise than expected:\n{report}")
        return (after - before) / 1_000 / attempts

    def cpu(self) -> int:
        """Nanoseconds of CPU that its threads have had."""
        threads = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)


@contextmanager
def canned(mode: str, core: int) -> Iterator[Server]:
    """The floor."""
    with running([sys.executable, str(HERE / "canned.py"), mode], core) as server:
        yield server


@contextmanager
def quitclaim(core: int) -> Iterator[Server]:
    """Ours, with an account and five messages for each connection of the storm."""
    with tempfile.TemporaryDirectory() as folder:
        names = [f"load{number}" for number in range(CONNECTIONS)]
        with Database(Path(folder)) as database:
            for name in names:
                add(database, name, PASSWORD)
            for _ in range(5):
                SqliteStore(database).deliver(names, b"Subject: hello\n\n" + b"Hello.\n" * 10)
        serve = [sys.executable, "-m", "quitclaim", "serve", "--data", folder, "--listen", "127.0.0.1:0"]
        with running(serve, core) as server:
            yield server


@contextmanager
def running(command: list[str], core: int) -> Iterator[Server]:
    """A server's process on one core, ended at the end; its log goes to a file, as an operator's would."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, [core]),  # noqa: PLW1509 - no thread of ours is running yet
        )
        try:
            yield Server(process)
        finally:
            process.terminate()
            process.wait(timeout=20)
            assert process.stdout is not None
            process.stdout.close()


if __name__ == "__main__":
    main()
