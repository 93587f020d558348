#!/usr/bin/env python3
"""Makes contrib/quitclaim.toml in the package: every key of a configuration file, with its default.

    .venv/bin/python scripts/example_config.py            writes it
    .venv/bin/python scripts/example_config.py --check    exit 1 if it is not as it would be written

Keys and texts are those of `quitclaim.config.OPTIONS` and of the docstring of `Limits`. Where a default
cannot be written, the key is commented out, with an example.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quitclaim.config import LIMITS, OPTIONS, Settings
from quitclaim.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quitclaim.config import Option

FILE: Final = Path(__file__).parent.parent / "python/quitclaim/contrib/quitclaim.toml"

HEAD: Final = """\
# What `quitclaim serve --config FILE` reads: every key, with its default. Keep what you change.
#
# `quitclaim check-config FILE` says what is wrong in it, and what would be served. Flags go before the keys
# of their names. Names of files are relative to the folder of this one. There is no secret in here: a private
# key stays in its file, which tls-key names, and which the server's user alone should read.
"""

LIMITS_HEAD: Final = """\
# What a peer may make the server hold, and how often it may guess. Times are in seconds, sizes in octets.
[limits]
"""


def main() -> int:
    """Writes the file, or compares it."""
    text = "\n".join((HEAD, *map(key, OPTIONS.values()), LIMITS_HEAD, *limits()))
    if "--check" in sys.argv[1:]:
        if FILE.read_text(encoding="utf-8") != text:
            print(f"{FILE.name} is not as it would be written: scripts/example_config.py", file=sys.stderr)
            return 1
        return 0
    FILE.write_text(text, encoding="utf-8")
    return 0


def key(option: Option) -> str:
    """A key of the top, with its comment."""
    default = getattr(Settings(), option.field)
    # The data folder is another one for each user.
    is_written = default not in {None, ()} and not isinstance(default, Path)
    otherwise = "" if is_written else f" (default: {option.otherwise or 'as XDG has it for the user'})"
    line = f"{option.name} = {toml(default)}" if is_written else f"#{option.name} = {option.example}"
    about = option.about[0].upper() + option.about[1:]
    return f"{comment(about + otherwise)}{line}\n"


def limits() -> Iterator[str]:
    """The keys of `[limits]`, with the comments that `Limits` has for them."""
    arguments = (inspect.getdoc(Limits) or "").partition("Args:\n")[2].partition("\n\n")[0]
    for name, about in re.findall(r"^    (\w+): (.*(?:\n     .*)*)", arguments, re.MULTILINE):
        name_ = name.replace("_", "-")
        # Names of classes are for programmers.
        text = re.sub(r" \(`[A-Z]\w+`\)", "", " ".join(about.split()))
        yield f"{comment(f'{name_}: {text}')}{name_} = {LIMITS[name_]}\n"


def toml(value: object) -> str:
    """A value as a file has it."""
    return json.dumps([str(one) for one in value] if isinstance(value, tuple) else value)


def comment(text: str) -> str:
    """A sentence in lines."""
    filled = textwrap.fill(text.removesuffix(".") + ".", 110, break_on_hyphens=False)
    return textwrap.indent(filled, "# ") + "\n"


if __name__ == "__main__":
    sys.exit(main())
