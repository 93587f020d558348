"""`quitclaim serve`: the server, whose failed logins leave no handle behind."""

from __future__ import annotations

import heapq
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quitclaim.cli import daemon
from quitclaim.cli.arguments import add_flag, said
from quitclaim.cli.configured import configured
from quitclaim.cli.ending import FAILED, fail
from quitclaim.config import LIMITS, OPTIONS
from quitclaim.server import default_table

if TYPE_CHECKING:
    from argparse import Namespace

    from quitclaim.cli.arguments import Commands
    from quitclaim.handles import HandleTable
    from quitclaim.limits import Limits
    from quitclaim.monitor.status import Handles
    from quitclaim.sasl import Exchange

__all__ = ("add_to",)


def add_to(commands: Commands, /) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "serve",
        prog="quitclaim serve",
        help="serves POP3 with NTLM",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.usage = "quitclaim serve [--config FILE.toml] [OPTION]..."
    parser.set_defaults(run=_serve)
    for name in OPTIONS:
        add_flag(parser, name)
    parser.add_argument(
        "--config",
        metavar="FILE.toml",
        type=Path,
        help="takes from there what the flags do not say; the package's contrib/quitclaim.toml has every key",
    )


def _serve(arguments: Namespace) -> int:
    chosen = configured(said(arguments), arguments.config)
    limits = _with_descriptors(chosen.settings.limits, daemon.raise_descriptor_limit())
    table = default_table(limits)
    daemon.run(replace(chosen.settings, limits=limits), chosen.tls, table, lambda: _handles(table))
    return 0


def _with_descriptors(limits: Limits, descriptors: int) -> Limits:
    """These limits; of the connections that nobody has asked for, no more than there are descriptors for.

    Raises:
        SystemExit: there are too few for any connection, or for as many as somebody has asked for.
    """
    room = descriptors - _RESERVE
    if room <= 0:
        fail(FAILED, f"{descriptors} open files are too few, it needs more than {_RESERVE}: ulimit -n")
    if limits.connections <= room:
        return limits
    if limits.connections != LIMITS["connections"]:
        fail(
            FAILED,
            f"{limits.connections} connections need {limits.connections + _RESERVE} open files, and there may"
            f" be {descriptors}: ulimit -n, or write connections = {room}",
        )
    return replace(limits, connections=room)


def _handles(table: HandleTable[Exchange]) -> Handles:
    stats = table.stats()
    oldest = heapq.nlargest(_MOST, table.census(), key=lambda entry: entry.age)
    return {
        "live": stats.live,
        "high_water": stats.high_water,
        "capacity": stats.capacity,
        "acquired": stats.acquired,
        "freed": {str(cause): number for cause, number in stats.freed.items()},
        "refused": {str(reason): number for reason, number in stats.refused.items()},
        "census": [{"owner": one.owner, "age": one.age, "state": one.state} for one in oldest],
    }


# Descriptors that are no connections: 64 lock files, and 64 for the rest. That is the database, the log, the
# loop and what listens (23 of a server with one listener), eight who ask for the status, and whoever is being
# told to come again.
_RESERVE: Final = 64 + 64
_MOST: Final = 1_000  # handles of a census

_DESCRIPTION: Final = """\
Serves the mail of a data folder by POP3, with NTLM (SPA), until SIGTERM or
Ctrl-C; then it lets sessions end, for ten seconds unless a file says another
drain-timeout. A second signal ends it at once. When it is ready it says so on
stdout, a line for each socket:

  listening on 127.0.0.1:1110 pop3

Logins, failed logins and ends of sessions go to stderr. NTLM is old: without
TLS keep it on this machine, or in a network that you trust. SIGHUP makes it
read its certificates again; sessions that there are keep theirs.
"""

_EPILOG: Final = """\
examples:
  quitclaim serve
  quitclaim serve --listen 127.0.0.1:110 --listen '[::1]:110' --domain EXAMPLE
  quitclaim serve --listen 0.0.0.0:110 --listen pop3s://0.0.0.0:995 \\
      --tls-cert mail.pem --tls-key mail.key
  quitclaim serve --listen '10.0.0.7:110?proxy=1' --trusted-proxies 10.0.0.1
  quitclaim serve --config quitclaim.toml

exit codes: 0 stopped by a signal, 1 it cannot serve (an address is taken, the
data folder or the configuration cannot be used), 2 wrong arguments.
"""
