"""`quitclaim demo`: the defect of 1997 beside a server that cannot have it."""

from __future__ import annotations

import io
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quitclaim.cli.arguments import number
from quitclaim.cli.ending import INTERRUPTED
from quitclaim.demo.story import show

if TYPE_CHECKING:
    from argparse import Namespace
    from types import FrameType
    from typing import NoReturn

    from quitclaim.cli.arguments import Commands

__all__ = ("add_to",)


def add_to(commands: Commands, /) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "demo",
        prog="quitclaim demo",
        help="shows the defect of 1997 beside the server that cannot have it",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.set_defaults(run=_demo)
    parser.add_argument(
        "--attempts",
        metavar="N",
        type=number(1, 1_000_000),
        help="failed logins at each server (default: 3,000, or what this machine has room for)",
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        type=Path,
        default=Path(),
        help="where the curve goes (default: the current folder); only the demo's own files are replaced",
    )


def _demo(arguments: Namespace) -> int:
    for number_ in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number_, _leave)
    # Each line when it is said, even into a pipe.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    try:
        show(attempts=arguments.attempts, output=arguments.output)
    except KeyboardInterrupt:
        sys.stderr.write("\nquitclaim: stopped; both servers are gone, and so is their data folder\n")
        return INTERRUPTED
    return 0


def _leave(number_: int, _frame: FrameType | None) -> NoReturn:
    """Ends like Ctrl-C does: by an exception, on whose way all is cleaned up."""
    raise SystemExit(128 + number_)


_DESCRIPTION: Final = """\
Shows what it is about, in ten seconds: this server and one with the defect of
1997, side by side on a temporary data folder. Someone logs in to each by NTLM
and reads a message; then a storm of failed logins blows at both, and the
Handle Count of each is shown while it blows, after it, and after the servers
are stopped. The curve is left behind as handle-count.svg, and as
handle-count.png too where matplotlib is installed (the extra quitclaim[plot]).
"""

_EPILOG: Final = """\
example:
  quitclaim demo --attempts 1000 --output /tmp

exit codes: 0 shown, 1 it went wrong, 2 wrong arguments or a file of somebody
else's in the way, 130 Ctrl-C. Whatever the end, nothing but the curve is left
behind.
"""
