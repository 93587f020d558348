"""What `quitclaim` calls: reads the arguments, runs the command, and ends with a sentence if it must."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Final

from quitclaim._quitclaim import __version__
from quitclaim.cli import check_config, deliver, demo, restored, serve, storm, user, who
from quitclaim.cli.arguments import Parser
from quitclaim.cli.ending import FAILED, INTERRUPTED, fail, sentence
from quitclaim.errors import QuitclaimError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("main",)


def main(arguments: Sequence[str] | None = None, /) -> int:
    """Runs the command that these arguments name, or those of this process, and gives its exit code.

    Raises:
        SystemExit: the arguments are wrong (2), or help was asked for (0).
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that this terminal cannot show is no failure.
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = _parser()
    parsed = parser.parse_args(arguments)
    run: Callable[[object], int] | None = getattr(parsed, "run", None)
    if run is None:
        parser.error("it needs a command: serve, check-config, user, deliver, who, restored, storm or demo")
    try:
        return run(parsed)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone, as `head` does. Python would complain when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (QuitclaimError, OSError) as error:
        fail(FAILED, sentence(error))


def _parser() -> Parser:
    parser = Parser(prog="quitclaim", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument(
        "--version", action="version", version=f"quitclaim {__version__}", help="prints the version"
    )
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for command in (serve, check_config, user, deliver, who, restored, storm, demo):
        command.add_to(commands)
    return parser


_DESCRIPTION: Final = """\
A POP3 server with NTLM (SPA) whose failed logins leave no credential handle
behind.
"""

_EPILOG: Final = """\
begin with:
  quitclaim user add anna            makes an account, and asks for its password
  quitclaim deliver anna < message   puts a message into its maildrop
  quitclaim serve                    serves it at 127.0.0.1:1110

Or let `quitclaim demo` show what it is about. `quitclaim COMMAND --help` has
more, with examples and exit codes.
"""
