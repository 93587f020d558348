"""`quitclaim restored`: what is to be said once to a data folder that came from a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quitclaim.accounts import administration
from quitclaim.cli.arguments import add_data, data_folder, existing

if TYPE_CHECKING:
    from argparse import Namespace

    from quitclaim.cli.arguments import Commands

__all__ = ("add_to",)


def add_to(commands: Commands, /) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "restored",
        prog="quitclaim restored",
        help="after a backup was put in place: keeps clients from taking new mail for old",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.set_defaults(run=_restored)
    add_data(parser)


def _restored(arguments: Namespace) -> int:
    with existing(data_folder(arguments)) as database:
        administration.restored(database)
    return 0


_DESCRIPTION: Final = """\
Say it once, after a data folder was restored from a backup and before it is
served again. The numbers that were given to mail since the backup was made
come again; with this, new mail gets names (UIDLs) that no client has seen.
Mail that is there keeps its own. Once too often does no harm.
"""

_EPILOG: Final = """\
example, with the server stopped:
  cp backup/quitclaim.db ~/.local/share/quitclaim/
  quitclaim restored
  quitclaim serve

exit codes: 0 done, 1 the data folder cannot be used, 2 wrong arguments.
"""
