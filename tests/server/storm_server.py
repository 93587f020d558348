"""A server in a process of its own, which tells its parent what it holds. Run, not imported."""

from __future__ import annotations

import gc
import json
import resource
import sys
from pathlib import Path

from quitclaim import HandleTable
from quitclaim.accounts.memory import MemoryAccounts
from quitclaim.limits import Limits
from quitclaim.maildrop.memory import MemoryStore
from quitclaim.sasl import Exchange
from quitclaim.testing import Controller


def main() -> None:
    """Says its address; then, for each line that it is told, what it holds."""
    table = HandleTable[Exchange]()
    accounts = MemoryAccounts({"anna": "open sesame"})
    limits = Limits(
        login_failures=50,
        connections_per_address=1_000,
        commands_before_login=1_000,
        octets_before_login=1_000_000,
    )
    with Controller(accounts=accounts, store=MemoryStore(), table=table, limits=limits) as controller:
        server = controller.server
        _tell(controller.address)
        for _ in sys.stdin:
            connected = controller.call(lambda: server.connected)  # first: what follows is true once it is 0
            gc.collect()
            stats = table.stats()
            _tell(
                {
                    "live": len(table),
                    "connected": connected,
                    "octets": _resident(),
                    "acquired": stats.acquired,
                    "freed": sum(stats.freed.values()),
                    "counters": server.counters.as_dict(),
                }
            )


def _resident() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def _tell(what: object) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 - to its parent


if __name__ == "__main__":
    main()
