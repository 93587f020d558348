"""Shows the defect of 1997 beside the table: the same failed logins, and what each leaves behind.

python scripts/demo.py [--attempts N]
"""

from __future__ import annotations

import argparse
from itertools import count

from quitclaim import HandleTable


class Exchange:
    """Half a login: what a server knows between two lines."""

    def authenticate(self, response: bytes) -> str:
        """Refuses by raising, as every mechanism does."""
        if response != b"secret":
            message = "denied"
            raise PermissionError(message)
        return "alice"


class Exchange50:
    """A login as Exchange 5.0's information store did it: the success path cleans up (Microsoft Q214573)."""

    def __init__(self) -> None:
        """No handle is out yet."""
        self.handles = dict[int, Exchange]()
        self.numbers = count()

    def login(self, response: bytes) -> None:
        """Takes a handle, uses it, and gives it back. Or does it?"""
        handle = next(self.numbers)
        self.handles[handle] = Exchange()
        self.handles[handle].authenticate(response)
        del self.handles[handle]


class Quitclaim:
    """The same login through the table."""

    def __init__(self) -> None:
        """No handle is out yet."""
        self.handles = HandleTable[Exchange](1_000)

    def login(self, response: bytes) -> None:
        """Takes a handle and uses it. There is nothing to give back on the failure path."""
        with self.handles.owner("192.0.2.7:4711") as owner:
            handle = owner.acquire(Exchange())
            owner.step(handle, Exchange.authenticate, response)
            owner.free(handle)


def storm(server: Exchange50 | Quitclaim, attempts: int) -> None:
    """Fails to log in so many times."""
    for _ in range(attempts):
        try:
            server.login(b"guess")
        except PermissionError:
            continue


def main() -> None:
    """Prints the Handle Count of both, as the failed logins go on."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--attempts", type=int, default=50_000, help="failed logins in all (default: 50000)")
    attempts = parser.parse_args().attempts
    servers: dict[str, Exchange50 | Quitclaim] = {"as in 1997": Exchange50(), "quitclaim": Quitclaim()}
    print("failed logins" + "".join(f"{name:>24}" for name in servers))
    for done in range(0, attempts + 1, max(1, attempts // 5)):
        counts = "".join(f"{f'Handle Count {len(server.handles):,}':>24}" for server in servers.values())
        print(f"{done:>13,}{counts}")
        for server in servers.values():
            storm(server, max(1, attempts // 5))


if __name__ == "__main__":
    main()
