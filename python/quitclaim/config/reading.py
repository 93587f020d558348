"""What a TOML file says, and all that is wrong in it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from quitclaim.config.lines import key_lines
from quitclaim.config.options import LIMITS, OPTIONS
from quitclaim.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quitclaim.config.options import Option

__all__ = ("Mistake", "Reading", "read")


class Mistake(NamedTuple):
    """Something that is wrong in a file."""

    key: tuple[str, ...]
    """Its whole name; empty if it is none of a key."""
    what: str
    """What is wrong, and what to write."""
    meant: str = ""
    """The option that was to be said."""
    line: int | None = None
    """Where it is, if its key does not tell."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says, as far as it is right, and what is not."""

    path: Path
    said: dict[str, Any] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    lines: dict[tuple[str, ...], int] = field(default_factory=dict)

    def line(self, mistake: Mistake, /) -> int | None:
        """Where it is: in an inline table, the line of that."""
        return self.lines.get(mistake.key, self.lines.get(mistake.key[:1], mistake.line))

    def sentence(self, mistake: Mistake, /) -> str:
        """A mistake with its place: `FILE:LINE: KEY: what is wrong; write …`, without what is not known.

        >>> from pathlib import Path
        >>> Reading(Path("mail.toml"), lines={("data",): 7}).sentence(Mistake(("data",), "it is wrong"))
        'mail.toml:7: data: it is wrong'
        """
        line = self.line(mistake)
        place = str(self.path) if line is None else f"{self.path}:{line}"
        key = ".".join(one if _BARE.fullmatch(one) else repr(one) for one in mistake.key)
        return ": ".join(filter(None, (place, key, mistake.what)))


def read(path: Path, /) -> Reading:
    """Reads a file. A relative name of a file in it is relative to its folder.

    Raises:
        OSError: it cannot be read.
    """
    octets = path.read_bytes()
    try:
        text = octets.decode()
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        return Reading(path, mistakes=[Mistake((), "it is not UTF-8; write it in UTF-8", line=line)])
    except tomllib.TOMLDecodeError as error:
        return Reading(path, mistakes=[_no_toml(str(error), text)])
    except (RecursionError, ValueError):  # tomllib's own limits: of nesting, and of a number's digits
        return Reading(path, mistakes=[Mistake((), "it is too deep, or has a number too long; write less")])
    reading = Reading(path, lines=key_lines(text))
    for key, value in table.items():
        if key == "limits":
            _read_limits(value, reading)
        elif key in OPTIONS:
            option = OPTIONS[key]
            try:
                reading.said[option.field] = _value(option, value, path.parent)
            except ValueError as error:
                reading.mistakes.append(Mistake((key,), _with_example(error, key, option.example), key))
        else:
            reading.mistakes.append(_unknown(key, (key,)))
    return reading


def _no_toml(error: str, text: str) -> Mistake:
    """What `tomllib` says, which has the place at its end."""
    found = _PLACE.fullmatch(error)
    if found is None:
        return Mistake((), f"no TOML: {error}")
    said, number = found.groups()
    lines = text.rstrip("\n").split("\n")
    line = int(number) if number else len(lines)
    if said.startswith(("Cannot overwrite", "Cannot declare")):
        # The statement ends there: if all of it is in that line, so is its key.
        statement = _STATEMENT.match(lines[line - 1])
        key = (statement[1],) if statement else ()
        return Mistake(key, "it was said before; write it once", line=line)
    if said == "Invalid value":
        what = 'this is no value; write texts in "quotes", and true or false in small letters'
        return Mistake((), what, line=line)
    return Mistake((), f"no TOML: {said[0].lower()}{said[1:]}; write KEY = VALUE", line=line)


def _unknown(name: str, key: tuple[str, ...]) -> Mistake:
    """Says which key may have been meant, and where that belongs."""
    is_inside = len(key) > 1
    here, there = (_LIMITS, _TOP) if is_inside else (_TOP, _LIMITS)
    for cutoff in (1.0, 0.6):
        for known in (here, there):
            near = get_close_matches(name.lower().replace("_", "-"), known, n=1, cutoff=cutoff)
            if near:
                where = "" if known is here else f" {'above' if is_inside else 'below'} [limits]"
                return Mistake(key, f"there is no such key here; write {near[0]}{where}", near[0])
    return Mistake(key, f"there is no such key; there are: {', '.join(here)}")


def _with_example(error: object, key: str, example: object) -> str:
    return f"{error}; write, for example, {key} = {example}"


# --- a value of an option


def _value(option: Option, value: object, folder: Path) -> object:
    if option.parse is None:
        if not isinstance(value, bool):
            message = "it should be true or false"
            raise ValueError(message)
        return value
    if not option.many:
        return _one(option, value, folder)
    # One file needs no brackets: most have one certificate.
    values = [value] if isinstance(value, str) and option.metavar.startswith("FILE") else value
    if not isinstance(values, list) or not values:
        message = "it should be a list, with something in it"
        raise ValueError(message)
    return tuple(_one(option, one, folder) for one in values)


def _one(option: Option, value: object, folder: Path) -> object:
    if not isinstance(value, str):
        message = "it should be a text in quotes"
        raise ValueError(message)  # noqa: TRY004 - a file's mistake is no type error of a caller
    assert option.parse is not None, "it is no switch"  # noqa: S101 - our own mistake
    parsed = option.parse(value)
    if not isinstance(parsed, type(folder)):
        return parsed
    try:
        return folder / parsed.expanduser()
    except RuntimeError:
        message = f"{value!r} is of nobody here"
        raise ValueError(message) from None


# --- the table of limits


def _read_limits(value: object, reading: Reading) -> None:
    if not isinstance(value, dict):
        what = "it should be a table; write [limits], and the limits below"
        reading.mistakes.append(Mistake(("limits",), what, "limits"))
        return
    limits = {}
    for name, number in value.items():
        key = ("limits", name)
        if name not in LIMITS:
            reading.mistakes.append(_unknown(name, key))
        elif wrong := next(_wrong(name, number), None):
            reading.mistakes.append(Mistake(key, _with_example(wrong, name, LIMITS[name]), name))
        else:
            limits[name.replace("-", "_")] = number
    reading.said["limits"] = Limits(**limits)


def _wrong(name: str, number: object) -> Iterator[str]:
    """What is wrong with a limit: its type, its size, or what `Limits` says of it."""
    if isinstance(LIMITS[name], int):
        if isinstance(number, bool) or not isinstance(number, int):
            yield "it should be a whole number"
        elif number > _MOST:
            yield f"it should be {_MOST} at most"
    elif isinstance(number, bool) or not isinstance(number, int | float):
        yield "it should be a number of seconds"
    elif not number <= _MOST_SECONDS:  # nan is neither
        yield f"it should be {_MOST_SECONDS} seconds at most, which is a year"
    field = name.replace("-", "_")
    try:
        Limits(**{field: number})  # type: ignore[arg-type] # it is a number by now
    except ValueError as error:
        yield f"it {str(error).removeprefix(field + ' ')}"


_MOST: Final = 2**31 - 1  # far beyond what a machine holds, and what timers and tables can count
_MOST_SECONDS: Final = 365 * 86_400
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_TOP: Final = (*OPTIONS, "limits")
_LIMITS: Final = tuple(LIMITS)
_PLACE: Final = re.compile(r"(.+?) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)
_STATEMENT: Final = re.compile(r"\s*\[?\s*([A-Za-z0-9_-]+)\s*[=\]]")
