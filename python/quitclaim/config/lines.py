"""In which line of a TOML file a key is, which `tomllib` does not tell."""

from __future__ import annotations

import re
import tomllib
from typing import Final

__all__ = ("key_lines",)


def key_lines(text: str, /) -> dict[tuple[str, ...], int]:
    r"""The line of each key and each table, by its whole name, where it is first.

    The text must be TOML. Keys inside of an inline table are left out: it is on the line of its own key.

    >>> key_lines('domain = "EXAMPLE"\n[limits]\nlogin-timeout = 60.0\n')
    {('domain',): 1, ('limits',): 2, ('limits', 'login-timeout'): 3}
    """
    lines: dict[tuple[str, ...], int] = {}
    line, depth = 1, 0
    table: tuple[str, ...] = ()
    names: list[str] = []
    in_value = False

    def note(path: tuple[str, ...]) -> None:
        for size in range(1, len(path) + 1):  # `limits.connections = 1` makes the table too
            lines.setdefault(path[:size], line)

    for token in _TOKEN.finditer(text):
        word = token[0]
        if in_value:
            depth += (word in {"[", "{"}) - (word in {"]", "}"})
            in_value = depth > 0 or word != "\n"
        elif token.lastgroup == "name":
            names.append(_plain(word))
        elif word == "=":
            note((*table, *names))
            names.clear()
            in_value = True
        elif word == "]" and names:
            table = tuple(names)
            note(table)
            names.clear()
        line += word.count("\n")
    return lines


def _plain(name: str) -> str:
    """What a key means, which may be in quotes."""
    return str(tomllib.loads(f"key = {name}")["key"]) if name[0] in "\"'" else name


# A string's last quotes may have one or two before them that belong to it.
_TOKEN: Final = re.compile(
    r'''
    (?P<name> """ (?: \\. | [^\\] )*? """ (?!") | \'\'\' .*? \'\'\' (?!\')
            | " (?: \\. | [^"\\] )* " | ' [^']* ' | [^\s\[\]{}=,.\#"']+ )
    | \# [^\n]* | [\[\]{}=,.\n]
    ''',
    re.VERBOSE | re.DOTALL,
)
