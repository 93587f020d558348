"""`quitclaim deliver`: a message from standard input into maildrops, all of them or none."""

from __future__ import annotations

import sys
import traceback
from itertools import chain
from typing import TYPE_CHECKING, Final, cast

from quitclaim.cli.arguments import add_data, data_folder, existing
from quitclaim.cli.ending import NO_MESSAGE, NO_USER, TRY_AGAIN, fail, sentence
from quitclaim.cli.lookup import must_be_known
from quitclaim.errors import StoreUnavailable, UnknownUser
from quitclaim.maildrop.sqlite import SqliteStore

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
    from io import BufferedReader

    from quitclaim.cli.arguments import Commands

__all__ = ("add_to",)


def add_to(commands: Commands, /) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "deliver",
        prog="quitclaim deliver",
        help="puts a message into maildrops",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.set_defaults(run=_deliver)
    add_data(parser)
    parser.add_argument(
        "names", metavar="NAME", nargs="+", help="an account; the message is stored once for all"
    )


def _deliver(arguments: Namespace) -> int:
    try:
        with existing(data_folder(arguments), code=TRY_AGAIN) as database:
            must_be_known(database, arguments.names)
            SqliteStore(database).deliver(arguments.names, _message())
    except UnknownUser as error:
        fail(NO_USER, f"{error}: nothing was delivered")
    except (StoreUnavailable, OSError) as error:
        # Whatever it is: a mail transport keeps the message for 75, and would return it for 1.
        fail(TRY_AGAIN, f"{sentence(error)}: nothing was delivered")
    except Exception:  # noqa: BLE001 - our own mistake, which shall cost nobody a message
        traceback.print_exc()
        fail(TRY_AGAIN, "that is a mistake of quitclaim's: nothing was delivered")
    return 0


def _message() -> Iterator[bytes]:
    if sys.stdin is None:
        fail(TRY_AGAIN, "standard input is closed: nothing was delivered")
    if sys.stdin.isatty():
        sys.stderr.write("type the message, end it by Ctrl-D\n")
    # Not `read`: it reads on until it has all that it was asked for, and a terminal's end is no end for it.
    stream = cast("BufferedReader", sys.stdin.buffer)
    pieces = iter(lambda: stream.read1(_PIECE), b"")
    first = next(pieces, None)
    if first is None:
        fail(NO_MESSAGE, "there is no message on standard input: nothing was delivered")
    return chain((first,), pieces)


_PIECE: Final = 65_536  # octets

_DESCRIPTION: Final = """\
Puts the message on standard input into the maildrops of these accounts: all of
them, or none. It ends with 0 when the message is on disk, safe from a loss of
power. LF becomes CRLF; nothing else of the message is touched.
"""

_EPILOG: Final = """\
example:
  quitclaim deliver anna bert < message

exit codes, for mail transports (sysexits.h): 0 delivered to all, 65 standard
input is empty, 67 one of them is unknown, 75 not now (the store is busy, full
or not to be used), 2 wrong arguments. Unless it is 0, nothing was delivered,
and a sentence on stderr says why.
"""
