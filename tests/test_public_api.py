"""What is public, and that it is documented; and that each invariant is written down and tested."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import quitclaim

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "python" / "quitclaim"
TABLE = ROOT / "rust" / "quitclaim"

PUBLIC: dict[str, list[str]] = tomllib.loads((ROOT / "tests" / "public_api.toml").read_text())


def module_names() -> list[str]:
    """Every module of the package that is written in Python, by its dotted name."""
    paths = [path.relative_to(PACKAGE.parent).with_suffix("") for path in PACKAGE.rglob("*.py")]
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)


def test_the_list_of_public_names_has_every_module() -> None:
    assert sorted(PUBLIC) == module_names()


@pytest.mark.parametrize("name", PUBLIC)
def test_a_module_exports_these_names_and_no_others(name: str) -> None:
    assert list(importlib.import_module(name).__all__) == PUBLIC[name]


@pytest.mark.parametrize("name", PUBLIC)
def test_all_is_a_sorted_tuple(name: str) -> None:
    exported = importlib.import_module(name).__all__
    assert exported == tuple(sorted(exported))


@pytest.mark.parametrize("name", PUBLIC)
def test_all_names_something(name: str) -> None:
    module = importlib.import_module(name)
    assert [export for export in module.__all__ if not hasattr(module, export)] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_a_module_says_what_it_is(name: str) -> None:
    assert first_line(importlib.import_module(name))


def first_line(documented: object) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def test_every_public_name_is_documented_at_run_time() -> None:
    public = [getattr(quitclaim, name) for name in quitclaim.__all__ if name != "__version__"]
    assert [item for item in public if not first_line(item)] == []


def test_every_exception_is_a_quitclaim_error() -> None:
    errors: ModuleType = importlib.import_module("quitclaim.errors")
    exceptions = [getattr(errors, name) for name in errors.__all__]
    assert [one for one in exceptions if not issubclass(one, quitclaim.QuitclaimError)] == []


def test_every_exception_is_drawn_in_the_tree() -> None:
    errors: ModuleType = importlib.import_module("quitclaim.errors")
    drawn = re.findall(r"^ *[-*x+] (\w+)", errors.__doc__ or "", re.MULTILINE)
    assert sorted(drawn) == sorted(errors.__all__)


def test_the_version_is_the_crates() -> None:
    manifest = (ROOT / "Cargo.toml").read_text()
    assert f'version = "{quitclaim.__version__}"' in manifest


# --- the stub, which is the reference


def stub_items() -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef]]:
    """Classes and functions of the stub, by dotted name; of overloads, the last, which carries the text."""
    for item in ast.parse((PACKAGE / "_quitclaim.pyi").read_text()).body:
        if isinstance(item, ast.ClassDef):
            yield item.name, item
            members = {member.name: member for member in item.body if isinstance(member, ast.FunctionDef)}
            yield from ((f"{item.name}.{name}", member) for name, member in members.items())
        elif isinstance(item, ast.FunctionDef):
            yield item.name, item


STUB = dict(stub_items())


@pytest.mark.parametrize("name", STUB)
def test_an_item_of_the_stub_says_what_it_is_in_one_line(name: str) -> None:
    first, _, rest = (ast.get_docstring(STUB[name]) or "").partition("\n")
    assert first.endswith((".", ".**")), name
    assert not rest.partition("\n")[0], "the second line is blank"


@pytest.mark.parametrize("name", [name for name, item in STUB.items() if isinstance(item, ast.ClassDef)])
def test_a_class_of_the_stub_has_an_example(name: str) -> None:
    assert ">>>" in (ast.get_docstring(STUB[name]) or "")


def members(decorated: str) -> list[str]:
    """Public methods or properties of the stub."""
    functions = {name: item for name, item in STUB.items() if isinstance(item, ast.FunctionDef)}
    return [
        name
        for name, item in functions.items()
        if not name.partition(".")[2].startswith("__")
        and (decorated in {ast.unparse(one) for one in item.decorator_list}) == bool(decorated)
    ]


@pytest.mark.parametrize("name", [name for name in members("") if name not in members("property")])
def test_a_method_of_the_stub_has_an_example(name: str) -> None:
    assert ">>>" in (ast.get_docstring(STUB[name]) or "")


# --- the invariants, which the table's crate promises

INVARIANTS = [f"I{number}" for number in range(1, 8)]


def rust_lines(folder: Path) -> Iterator[str]:
    """Every line of the Rust files there."""
    for path in sorted(folder.rglob("*.rs")):
        yield from path.read_text().splitlines()


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_an_invariant_is_written_in_a_doc_comment(invariant: str) -> None:
    written = re.compile(rf"^\s*//[/!].*\b{invariant}\b")
    assert any(written.search(line) for line in rust_lines(TABLE / "src"))


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_an_invariant_has_a_test_that_carries_its_number(invariant: str) -> None:
    test = re.compile(rf"\bfn {invariant.lower()}_\w+")
    assert any(test.search(line) for line in rust_lines(TABLE))
