"""`quitclaim storm`: many NTLM logins at a server on this machine, counted and timed."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

from quitclaim.cli.arguments import add_password, ask_password, number
from quitclaim.cli.ending import FAILED, USAGE, fail
from quitclaim.cli.progress import Progress
from quitclaim.storm import StormReport, as_dict, storm, text

if TYPE_CHECKING:
    from argparse import Namespace

    from quitclaim.cli.arguments import Commands

__all__ = ("add_to",)


def add_to(commands: Commands, /) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "storm",
        prog="quitclaim storm",
        help="lets many logins fail, or succeed, and times them",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.set_defaults(run=_storm)
    parser.add_argument("address", metavar="HOST:PORT", help="the server; this machine's loopback only")
    parser.add_argument(
        "--user",
        required=True,
        metavar="U",
        help="who logs in; a {} in it becomes the connection's number, from 0",
    )
    add_password(parser)
    parser.add_argument(
        "--mode",
        choices=("fail", "ok", "mixed"),
        default="fail",
        help="wrong passwords; right ones, with STAT and QUIT; or both in turn (default: fail)",
    )
    for flag, metavar, most, default, about in (
        ("--connections", "N", 4_096, 64, "connections at once"),
        ("--attempts", "M", 10_000_000, 1_000, "logins in all"),
        (
            "--per-connection",
            "K",
            10_000,
            1,
            "logins on a connection before it is closed; 1 if they are good",
        ),
    ):
        help_ = f"{about}, {most:,} at most (default: {default:,})"
        parser.add_argument(flag, metavar=metavar, type=number(1, most), default=default, help=help_)
    parser.add_argument("--json", action="store_true", help="reports as one JSON object, times in seconds")


def _storm(arguments: Namespace) -> int:
    # Failing logins need no password: a wrong one is made, and it is none that anyone would choose.
    password = ask_password(arguments) if arguments.password_stdin or arguments.mode != "fail" else ""
    progress = Progress(sys.stderr, arguments.attempts)
    try:
        report = storm(
            arguments.address,
            username=arguments.user,
            password=password,
            mode=arguments.mode,
            connections=arguments.connections,
            attempts=arguments.attempts,
            per_connection=arguments.per_connection,
            progress=lambda done, _, unexpected: progress.show(
                done, f"{done:,} of {arguments.attempts:,} logins, {unexpected:,} not as expected"
            ),
        )
    except ValueError as error:
        fail(USAGE, str(error))
    finally:
        progress.clear()
    print(json.dumps(as_dict(report)) if arguments.json else text(report) + _advice(arguments, report))
    return FAILED if report.unexpected else 0


def _advice(arguments: Namespace, report: StormReport) -> str:
    """What to do where good logins of one user got into each other's way."""
    in_use = report.outcomes["right password"]["in use"]
    if not in_use or arguments.connections == 1 or "{}" in arguments.user:
        return ""
    return _ONE_SESSION


_ONE_SESSION: Final = """
  (one maildrop, one session: give each connection its account, --user 'user{}',
  or --connections 1)"""

_DESCRIPTION: Final = """\
Lets many NTLM logins fail, or succeed, at a POP3 server on this machine, and
reports how they ended and how long they took. For your own server: an address
that is not loopback is refused, and nothing is sent.
"""

_EPILOG: Final = """\
examples:
  quitclaim storm 127.0.0.1:1110 --user anna --attempts 20000
  quitclaim storm 127.0.0.1:1110 --user 'user{}' --mode ok

Meanwhile, on the server's side: `quitclaim who`, or `ls /proc/PID/fd | wc -l`
for a server of any make.

exit codes: 0 all ended as expected, 1 some did not, 2 wrong arguments, 130
Ctrl-C.
"""
