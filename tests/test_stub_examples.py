"""The examples in the stub, which is the reference, run as they stand."""

from __future__ import annotations

import ast
import doctest
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import quitclaim

if TYPE_CHECKING:
    from collections.abc import Iterator

STUB = Path(quitclaim.__file__).with_name("_quitclaim.pyi")


def docstrings(node: ast.Module | ast.ClassDef, name: str) -> Iterator[tuple[str, str]]:
    """Each docstring with the name of what it is about."""
    yield name, ast.get_docstring(node) or ""
    for child in node.body:
        if isinstance(child, ast.ClassDef):
            yield from docstrings(child, child.name)
        elif isinstance(child, ast.FunctionDef):
            yield f"{name}.{child.name}", ast.get_docstring(child) or ""


MODULE, *ITEMS = docstrings(ast.parse(STUB.read_text()), "quitclaim")
EXAMPLES = {name: text for name, text in ITEMS if ">>>" in text}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_stub_runs(name: str) -> None:
    shared = doctest.DocTestParser().get_examples(MODULE[1])
    own = doctest.DocTestParser().get_examples(EXAMPLES[name], name)
    report: list[str] = []
    test = doctest.DocTest([*shared, *own], {}, name, str(STUB), 0, None)
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    assert not report, "".join(report)


def test_the_stub_has_examples() -> None:
    assert len(EXAMPLES) > 20
