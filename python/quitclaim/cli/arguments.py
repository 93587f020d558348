"""What the commands' arguments have in common: one sentence for a mistake, options as flags, the password."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from quitclaim.cli.ending import FAILED, USAGE, fail
from quitclaim.config import OPTIONS, Settings, default_data
from quitclaim.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn, TypeVar

    from quitclaim.config import Option

    T = TypeVar("T")

__all__ = (
    "Commands",
    "Parser",
    "add_data",
    "add_flag",
    "add_password",
    "ask_password",
    "data_folder",
    "existing",
    "number",
    "parsed_by",
    "said",
)


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence, and which takes flags by their whole names only.

    An abbreviation would be a promise that no flag is ever added which begins alike.
    """

    def __init__(self, *, prog: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Says what is wrong, and where help is."""
        fail(USAGE, f"{message} ({self.prog} --help)")

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401 - as argparse has it
        """Says of a command that there is none in other words than of a choice of a flag."""
        known = action.choices or ()
        if isinstance(action, argparse._SubParsersAction) and value not in known:  # noqa: SLF001 - see below
            self.error(f"there is no {str(action.metavar).lower()} {value!r}; there are: {', '.join(known)}")
        super()._check_value(action, value)


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001 - it has no public name


def parsed_by(function: Callable[[str], T], /) -> Callable[[str], T]:
    """Makes a `type` for `add_argument`: a ValueError's own sentence is what the user reads."""

    def parse(text: str) -> T:
        try:
            return function(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse


def number(least: int, most: int, /) -> Callable[[str], int]:
    """Makes a `type` for `add_argument`: a whole number in that range, which is said if it is not."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            message = f"{text!r} is not a whole number from {least} to {most}"
            raise argparse.ArgumentTypeError(message)
        return value

    return parse


def add_flag(parser: Parser, name: str, /) -> None:
    """Adds the flag of an option of `serve`. It is None if it is not given."""
    option = OPTIONS[name]
    if option.parse is None:
        parser.add_argument(f"--{name}", action="store_true", default=None, help=option.about)
        return
    repeated = "; may be repeated" if option.many else ""
    parser.add_argument(
        f"--{name}",
        metavar=option.metavar,
        type=parsed_by(option.parse),
        action="append" if option.many else "store",
        help=f"{option.about}{repeated} (default: {option.otherwise or _default(option)})",
    )


def said(arguments: argparse.Namespace, /) -> dict[str, Any]:
    """What the flags of options say, by fields of `Settings`; those that are not given say nothing."""
    given = {
        option.field: getattr(arguments, option.field, None)  # a command may have some of them only
        for option in OPTIONS.values()
    }
    return {
        field: tuple(value) if isinstance(value, list) else value
        for field, value in given.items()
        if value is not None
    }


def add_data(parser: Parser, /) -> None:
    """Adds `--data`."""
    add_flag(parser, "data")


def data_folder(arguments: argparse.Namespace, /) -> Path:
    """The data folder that is meant."""
    return default_data() if arguments.data is None else Path(arguments.data)


def existing(folder: Path, /, *, code: int = FAILED) -> Database:
    """The database of a folder that has one: a wrong `--data` must not make an empty one somewhere.

    Raises:
        SystemExit: there is none.
        StoreUnavailable: as for `Database`.
    """
    if not (folder / "quitclaim.db").exists():
        fail(
            code, f"there are no accounts in {folder}: make one by `quitclaim user add NAME`, or give --data"
        )
    return Database(folder)


def add_password(parser: Parser, /) -> None:
    """Adds `--password-stdin`."""
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="takes the first line of standard input as the password (default: asks for it on the terminal)",
    )


def ask_password(arguments: argparse.Namespace, /, *, twice: bool = False) -> str:
    """The password: the first line of stdin, or what is typed on the terminal, where it is not shown.

    Raises:
        SystemExit: there is none to be had, or what was typed differs.
    """
    if sys.stdin is None:
        fail(USAGE, "standard input is closed: there is nobody to give a password")
    if arguments.password_stdin:
        line = sys.stdin.buffer.readline(_LONGEST_LINE).removesuffix(b"\n").removesuffix(b"\r")
        try:
            password = line.decode()
        except UnicodeDecodeError:
            fail(USAGE, "the password on standard input is not UTF-8")
        if not password:
            fail(USAGE, "there is no password on the first line of standard input")
        return password
    if not sys.stdin.isatty():
        fail(USAGE, "there is no terminal to ask for a password on: use --password-stdin")
    password = _typed("Password: ")
    if twice and _typed("The same again: ") != password:
        fail(USAGE, "the two passwords differ: nothing was changed")
    return password


def _typed(prompt: str) -> str:
    """What is typed on the terminal; if it is nothing, by Enter or by Ctrl-D, it is over."""
    try:
        password = getpass.getpass(prompt)
    except EOFError:
        sys.stderr.write("\n")  # the prompt is still on the line
        password = ""
    if not password:
        fail(USAGE, "no password was given: nothing was changed")
    return password


def _default(option: Option) -> str:
    value = getattr(Settings(), option.field)
    if isinstance(value, Path):
        return _tilde(value)
    return ", ".join(map(str, value)) if option.many else str(value)


def _tilde(path: Path) -> str:
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)


_LONGEST_LINE: Final = 4_096  # octets; a password has 256 characters at most
