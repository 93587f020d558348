#!/usr/bin/env python3
"""Makes docs/conformance.md: what a POP3 server must show, and the tests that show it.

    scripts/conformance.py            writes it
    scripts/conformance.py --check    exit 1 if it is not as it would be written

The lines are those of tests/conformance/lines.toml; `@pytest.mark.pop3("login-7")` marks a test that shows
one. Exit 2, and nothing is written, if a line has no test or a marker names no line.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).parent.parent
LINES: Final = ROOT / "tests/conformance/lines.toml"
PAGE: Final = ROOT / "docs/conformance.md"

SECTIONS: Final = {
    "session": "Session",
    "login": "Login",
    "maildrop": "Maildrop",
    "asked": "What users of other servers ask for",
    "defect": "Defects of others",
}

HEAD: Final = """\
# What is shown, and by which tests

`scripts/conformance.py` makes this page from `tests/conformance/lines.toml` and from the tests' markers.
The build fails if a line has no test, or none that passes.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One promise."""

    name: str
    shows: str
    clause: str = ""
    later: str = ""

    @property
    def section(self) -> str:
        """The part of the page that it belongs to."""
        return self.name.partition("-")[0]


@dataclass(frozen=True, order=True, slots=True)
class Test:
    """A marked test."""

    file: str  # from the repository's root
    name: str


def main() -> None:
    """Ends the process."""
    lines = read_lines(LINES)
    shown = marked_tests(ROOT / "tests")
    if wrong := list(contradictions(lines, shown)):
        print(*wrong, sep="\n", file=sys.stderr)
        sys.exit(2)
    page = page_of(lines, shown)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
        sys.exit("docs/conformance.md is not what scripts/conformance.py makes: run it")


def read_lines(file: Path, /) -> list[Line]:
    """All lines, in order."""
    return [Line(name, **fields) for name, fields in tomllib.loads(file.read_text("utf-8")).items()]


def marked_tests(folder: Path, /) -> dict[str, list[Test]]:
    """The tests below a folder by the lines that they are marked with, without running any."""
    shown: dict[str, list[Test]] = {}
    for file in sorted(folder.rglob("test_*.py")):
        where = file.relative_to(folder.parent).as_posix()
        for name, lines in _marked(ast.parse(file.read_bytes())):
            for line in lines:
                shown.setdefault(line, []).append(Test(where, name))
    return shown


def contradictions(lines: list[Line], shown: Mapping[str, list[Test]], /) -> Iterator[str]:
    """What is wrong with lines and markers, a sentence each."""
    names = {line.name for line in lines}
    for line in lines:
        if line.section not in SECTIONS:
            yield f"{line.name}: there is no such section"
        if line.name not in shown and not line.later:
            yield f"{line.name}: no test shows it: {line.shows}"
        if line.name in shown and line.later:
            yield f"{line.name}: it is shown and yet to come later"
    for name in sorted(shown.keys() - names):
        yield f"{name}: no such line, but {shown[name][0].file} has it"


def page_of(lines: list[Line], shown: Mapping[str, list[Test]], /) -> str:
    """The page, in Markdown."""
    parts = [HEAD]
    for section, title in SECTIONS.items():
        rows = [_row(line, shown[line.name]) for line in lines if line.section == section and not line.later]
        parts.append(
            f"## {title}\n\n| | the server shows | clause | tests |\n|---|---|---|---|\n{''.join(rows)}"
        )
    if later := [f"* {line.name}: {line.shows} {line.later}\n" for line in lines if line.later]:
        parts.append(f"## Not yet\n\n{''.join(later)}")
    return "\n".join(parts)


def _row(line: Line, tests: list[Test]) -> str:
    links = []
    for file in sorted({test.file for test in tests}):
        names = ", ".join(_words(test.name) for test in sorted(tests) if test.file == file)
        links.append(f"[{Path(file).relative_to('tests')}](../{file}): {names}")
    return f"| {line.name} | {line.shows} | {line.clause} | {'<br>'.join(links)} |\n"


def _words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _marked(module: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """The names of a file's tests, and the lines that each is marked with."""
    of_all: list[str] = []
    for node in module.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            of_all = _lines_in(node.value)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name, of_all + [line for one in node.decorator_list for line in _lines_in(one)]


def _lines_in(node: ast.AST) -> list[str]:
    """The arguments of each `pytest.mark.pop3(…)` in there."""
    return [
        str(ast.literal_eval(argument))
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.pop3"
        for argument in call.args
    ]


if __name__ == "__main__":
    main()
