"""`quitclaim serve`: the server, whose failed logins leave no handle behind."""

from __future__ import annotations

import heapq
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quitclaim import config
from quitclaim.cli import daemon
from quitclaim.cli.arguments import add_data, parsed_by
from quitclaim.cli.ending import FAILED, fail
from quitclaim.config import Settings, default_data
from quitclaim.limits import Limits
from quitclaim.server import default_table

if TYPE_CHECKING:
    from argparse import Namespace

    from quitclaim.cli.arguments import Commands, Parser
    from quitclaim.handles import HandleTable
    from quitclaim.monitor.status import Handles
    from quitclaim.sasl import Exchange

__all__ = ("add_listeners", "add_to", "settings")


def add_to(commands: Commands, /) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "serve",
        prog="quitclaim serve",
        help="serves POP3 with NTLM",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.set_defaults(run=_serve)
    add_data(parser)
    add_listeners(parser)
    parser.add_argument(
        "--domain",
        metavar="NAME",
        type=parsed_by(config.domain),
        help="the NetBIOS name of the domain that NTLM clients are told (default: none)",
    )
    parser.add_argument(
        "--allow-plaintext",
        action="store_true",
        default=None,
        help="takes passwords in plaintext (USER, AUTH PLAIN) from other machines too, without TLS",
    )
    parser.add_argument(
        "--tls-cert",
        metavar="FILE.pem",
        type=Path,
        action="append",
        help="a certificate, and behind it those that lead to its root's: there is TLS then, by STLS and at"
        " pop3s://; may be repeated: clients get the one for the name that they ask for, or the first",
    )
    parser.add_argument(
        "--tls-key",
        metavar="FILE.pem",
        type=Path,
        action="append",
        help="its private key, not encrypted; may be repeated (default: in the certificate's file)",
    )
    parser.add_argument(
        "--config",
        metavar="FILE.toml",
        type=Path,
        help="takes from there what the flags do not say; its keys are their names: data,"
        " listen (a list), domain, allow-plaintext, tls-cert, tls-key (a file or a list)",
    )


def add_listeners(parser: Parser, /) -> None:
    """Adds `--listen`."""
    parser.add_argument(
        "--listen",
        metavar="[pop3[s]://]HOST:PORT",
        type=parsed_by(config.address),
        action="append",
        help="where to listen, with pop3s:// by TLS from the beginning; may be repeated; port 0 takes a free"
        " one (default: 127.0.0.1:1110)",
    )


def settings(arguments: Namespace, /) -> Settings:
    """What the flags say, over what the file says.

    Raises:
        SystemExit: the file cannot be read or used.
    """
    flags = Settings(
        data=arguments.data,
        listen=tuple(arguments.listen) if arguments.listen else None,
        domain=arguments.domain,
        allow_plaintext=arguments.allow_plaintext,
        tls_cert=tuple(arguments.tls_cert) if arguments.tls_cert else None,
        tls_key=tuple(arguments.tls_key) if arguments.tls_key else None,
    )
    if arguments.config is None:
        return flags
    try:
        return flags.over(config.load(arguments.config))
    except ValueError as error:
        fail(FAILED, str(error))
    except OSError as error:
        fail(FAILED, f"{arguments.config} cannot be read: {error.strerror}")


def _serve(arguments: Namespace) -> int:
    chosen = settings(arguments)
    limits = _limits(daemon.raise_descriptor_limit())
    table = default_table(limits)
    daemon.run(chosen, chosen.data or default_data(), table, lambda: _handles(table), limits=limits)
    return 0


def _limits(descriptors: int) -> Limits:
    """The default ones, but no more connections than there can be descriptors for."""
    limits = Limits()
    return replace(limits, connections=max(1, min(limits.connections, descriptors - _RESERVE)))


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


_RESERVE: Final = 128  # descriptors that are no connections: 64 lock files, the database, what listens
_MOST: Final = 1_000  # handles of a census

_DESCRIPTION: Final = """\
Serves the mail of a data folder by POP3, with NTLM (SPA), until SIGTERM or
Ctrl-C; then it lets sessions end, for ten seconds at most. A second signal
ends it at once. When it is ready it says so on stdout, a line for each socket:

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
  quitclaim serve --config quitclaim.toml, where that has, for example:

    data = "/var/lib/quitclaim"    # relative to the file, if it is relative
    listen = ["127.0.0.1:110", "pop3s://[::]:995"]
    tls-cert = "mail.pem"
    tls-key = "mail.key"
    domain = "EXAMPLE"
    allow-plaintext = false

`quitclaim user add NAME` makes an account, `quitclaim who` shows what the
server holds.

exit codes: 0 stopped by a signal, 1 it cannot serve (an address is taken, the
data folder or the configuration cannot be used), 2 wrong arguments. A sentence
on stderr says which.
"""
