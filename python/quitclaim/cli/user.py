"""`quitclaim user`: accounts are added, changed, removed and listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quitclaim.accounts import administration
from quitclaim.cli.arguments import Parser, add_data, add_password, ask_password, data_folder, existing
from quitclaim.cli.ending import FAILED, USAGE, fail
from quitclaim.cli.lookup import must_be_free, must_be_known
from quitclaim.database import Database
from quitclaim.errors import MaildropInUse

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from quitclaim.cli.arguments import Commands

__all__ = ("add_to",)


def add_to(commands: Commands, /) -> None:
    """Adds the command."""
    description = "Adds, changes, removes and lists accounts.\nA server that runs knows it by the next login."
    parser = commands.add_parser(
        "user",
        prog="quitclaim user",
        help="adds, changes, removes and lists accounts",
        description=description,
        epilog=_EPILOG,
    )
    parser.set_defaults(run=lambda _: parser.error("it needs an action: add, passwd, remove or list"))
    actions = parser.add_subparsers(metavar="ACTION", title="actions")
    add = _action(actions, "add", "makes an account with an empty maildrop", _add)
    add.add_argument(
        "--no-ntlm",
        action="store_true",
        help="keeps no NT hash, from which a password is quickly guessed: no logins by NTLM then",
    )
    passwd = _action(actions, "passwd", "gives an account another password", _passwd)
    for with_password in (add, passwd):
        add_password(with_password)
    _action(actions, "remove", "removes an account, and its mail with it", _remove)
    _action(actions, "list", "lists accounts, and what their maildrops hold", _list, named=False)


def _action(
    actions: Commands, name: str, about: str, run: Callable[[Namespace], int], *, named: bool = True
) -> Parser:
    description = f"{about[0].upper()}{about[1:]}."
    prog = f"quitclaim user {name}"
    parser = actions.add_parser(
        name, prog=prog, help=about, description=description, epilog=_EXAMPLES[name] + _EXIT_CODES
    )
    parser.set_defaults(run=run)
    add_data(parser)
    if named:
        parser.add_argument("name", metavar="NAME", help="the account; names are compared without case")
    return parser


def _add(arguments: Namespace) -> int:
    with Database(data_folder(arguments)) as database:
        try:
            must_be_free(database, arguments.name)
            password = ask_password(arguments, twice=True)
            administration.add(database, arguments.name, password, ntlm=not arguments.no_ntlm)
        except ValueError as error:
            fail(USAGE, str(error))
    print(f"{arguments.name} can log in")
    return 0


def _passwd(arguments: Namespace) -> int:
    with existing(data_folder(arguments)) as database:
        must_be_known(database, [arguments.name])
        password = ask_password(arguments, twice=True)
        try:
            administration.passwd(database, arguments.name, password)
        except ValueError as error:
            fail(USAGE, str(error))
    print(f"{arguments.name} has another password")
    return 0


def _remove(arguments: Namespace) -> int:
    with existing(data_folder(arguments)) as database:
        try:
            administration.remove(database, arguments.name)
        except MaildropInUse as error:
            fail(FAILED, f"{error}: nothing was removed")
    print(f"{arguments.name} is removed, and so is the mail")
    return 0


def _list(arguments: Namespace) -> int:
    with existing(data_folder(arguments)) as database:
        accounts = administration.listing(database)
    width = max([len("NAME"), *(len(account.username) for account in accounts)])
    print(f"{'NAME':<{width}}  NTLM  {'MESSAGES':>8}  {'OCTETS':>15}")
    for account in accounts:
        ntlm = "yes" if account.ntlm else "no"
        print(f"{account.username:<{width}}  {ntlm:<4}  {account.messages:>8,}  {account.octets:>15,}")
    return 0


_EPILOG: Final = """\
examples:
  quitclaim user add anna
  quitclaim user list

`quitclaim user ACTION --help` has more.
"""

_EXAMPLES: Final = {
    "add": """\
examples:
  quitclaim user add anna                          asks for the password, twice
  quitclaim user add anna --password-stdin < file  takes the first line of it
""",
    "passwd": """\
example:
  quitclaim user passwd anna    asks for the password, twice

An account that is older than SCRAM can log in by it afterwards.
""",
    "remove": """\
example:
  quitclaim user remove anna    there is no question, and no way back
""",
    "list": """\
example:
  quitclaim user list
""",
}

_EXIT_CODES: Final = """
exit codes: 0 done, 1 not done (no such account, or one already; the store
cannot be used), 2 wrong arguments, name or password. A sentence on stderr says
which.
"""
