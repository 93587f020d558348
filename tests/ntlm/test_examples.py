"""The examples in NTLM's stub, which is the reference, run as they stand; and they leave out no method."""

from __future__ import annotations

import ast
import doctest
from pathlib import Path

import pytest

import quitclaim

STUB = Path(quitclaim.__file__).with_name("_ntlm.pyi")
MODULE = ast.parse(STUB.read_text())
CLASSES = [item for item in MODULE.body if isinstance(item, ast.ClassDef)]
ITEMS: dict[str, ast.ClassDef | ast.FunctionDef] = {one.name: one for one in CLASSES} | {
    f"{one.name}.{item.name}": item
    for one in CLASSES
    for item in one.body
    if isinstance(item, ast.FunctionDef)
}


def text(item: ast.Module | ast.ClassDef | ast.FunctionDef) -> str:
    """Its docstring."""
    return ast.get_docstring(item) or ""


EXAMPLES = [name for name, item in ITEMS.items() if ">>>" in text(item)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_stub_runs(name: str) -> None:
    parser = doctest.DocTestParser()
    examples = [*parser.get_examples(text(MODULE)), *parser.get_examples(text(ITEMS[name]), name)]
    report: list[str] = []
    test = doctest.DocTest(examples, {}, name, str(STUB), 0, None)
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    assert not report, "".join(report)


def is_property(item: ast.ClassDef | ast.FunctionDef) -> bool:
    """Whether it is shown by its class's example."""
    return "property" in {ast.unparse(one) for one in item.decorator_list}


@pytest.mark.parametrize("name", [name for name in ITEMS if ".__" not in name])
def test_a_class_or_method_of_the_stub_has_an_example(name: str) -> None:
    assert name in EXAMPLES or is_property(ITEMS[name])


@pytest.mark.parametrize("name", ITEMS)
def test_an_item_of_the_stub_says_what_it_is_in_one_line(name: str) -> None:
    first, _, rest = text(ITEMS[name]).partition("\n")
    assert first.endswith((".", ".**"))
    assert not rest.partition("\n")[0], "the second line is blank"
