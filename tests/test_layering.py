"""Dependencies point one way, `unsafe` stays in its two files, and no file outgrows its reader."""

from __future__ import annotations

import ast
import re
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PYTHON = ROOT / "python"
RUST = ROOT / "rust"


def table(title: str) -> dict[str, set[str]]:
    """The table of docs/changing.md whose first column has that title: a name, and what it may import."""
    text = (ROOT / "docs" / "changing.md").read_text()
    rows = text.partition(f"| {title} |")[2].partition("\n\n")[0].splitlines()[2:]
    columns = [[set(re.findall(r"`([\w.]+)`", cell)) for cell in row.split("|")[1:3]] for row in rows]
    return {name: below for names, below in columns for name in names}


# A new room gets its line there. A room is a module, or a package with all that is in it.
MAY_IMPORT = table("Python room")
MAY_USE = table("module of the table")


def modules() -> dict[str, Path]:
    """Every module of the package: its Python files, and the stub for what is written in Rust."""
    paths = [*PYTHON.rglob("*.py"), *PYTHON.rglob("*.pyi")]
    parts = {path: path.relative_to(PYTHON).with_suffix("").parts for path in paths}
    return {".".join(names).removesuffix(".__init__"): path for path, names in parts.items()}


MODULES = modules()


def imports(module: str) -> Iterator[str]:
    """The package's modules that this one imports, at its top or deep inside."""
    package = module if MODULES[module].stem == "__init__" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                if inner in MODULES or source in MODULES:
                    yield inner if inner in MODULES else source


def room(module: str) -> str:
    """The line of the table that a module belongs to: the longest name that it begins with."""
    return max((one for one in MAY_IMPORT if is_in(module, one)), key=len)


def is_in(module: str, room: str) -> bool:
    """Whether a module is in a room; the package itself is a room without doors."""
    return module == room or (room != "quitclaim" and module.startswith(room + "."))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_is_below_its_room(module: str) -> None:
    here = room(module)
    above = [one for one in imports(module) if room(one) != here]
    assert [one for one in above if not any(is_in(one, below) for below in MAY_IMPORT[here])] == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {module: set(imports(module)) - {module} for module in MODULES}
    assert list(TopologicalSorter(graph).static_order())


def test_the_table_above_names_no_room_that_is_gone() -> None:
    assert {room(module) for module in MODULES} == MAY_IMPORT.keys()


def test_what_rust_imports_is_below_it() -> None:
    source = "".join(path.read_text() for path in (RUST / "quitclaim-python").rglob("*.rs"))
    imported = set(re.findall(r"import_exception!\(([\w.]+),", source))
    assert imported <= MAY_IMPORT[room("quitclaim._quitclaim")]


# --- Rust


@pytest.mark.parametrize("module", MAY_USE)
def test_a_module_of_the_table_uses_only_what_is_below_it(module: str) -> None:
    source = code(RUST / "quitclaim" / "src" / f"{module}.rs")
    used = {name for name in re.findall(r"\bcrate::(\w+)", source) if name in MAY_USE}
    assert used == MAY_USE[module]


def test_no_module_of_the_table_is_below_itself() -> None:
    order = list(MAY_USE)
    assert all(order.index(below) < order.index(module) for module in MAY_USE for below in MAY_USE[module])


def test_the_tables_modules_are_all_in_its_table() -> None:
    files = {path.stem for path in (RUST / "quitclaim" / "src").glob("*.rs")}
    assert files - {"lib"} == MAY_USE.keys()


def manifest(crate: str) -> dict[str, object]:
    """A crate's Cargo.toml."""
    return tomllib.loads((RUST / crate / "Cargo.toml").read_text())


def test_the_table_depends_on_nothing() -> None:
    table = manifest("quitclaim")
    targets = table.get("target", {})
    assert isinstance(targets, dict)
    # loom replaces the standard library's atomics in the model checker's own build, and in no other.
    unconditional = [target for target in targets if target != "cfg(loom)"]
    assert (table.get("dependencies", {}), table.get("build-dependencies", {}), unconditional) == ({}, {}, [])


UNSAFE = {
    Path("quitclaim/src/slot.rs"),
    Path("quitclaim/src/page.rs"),
    # loom's cell is not Sync, so that its user says so; it then fails the model where that was wrong.
    Path("quitclaim/src/tests/loom_table.rs"),
}
RUST_FILES = [path.relative_to(RUST) for path in sorted(RUST.rglob("*.rs"))]


def code(path: Path) -> str:
    """A Rust file without its comments."""
    return re.sub(r"//.*", "", path.read_text())


@pytest.mark.parametrize("path", [path for path in RUST_FILES if path not in UNSAFE], ids=str)
def test_a_rust_file_has_no_unsafe(path: Path) -> None:
    assert not re.search(r"\bunsafe\b", code(RUST / path))


@pytest.mark.parametrize("path", sorted(UNSAFE), ids=str)
def test_each_unsafe_block_says_why_it_is_sound(path: Path) -> None:
    lines = (RUST / path).read_text().splitlines()
    blocks = [number for number, line in enumerate(lines) if re.search(r"\bunsafe (\{|impl)", code_of(line))]
    unexplained = [number + 1 for number in blocks if not explained(lines[:number])]
    assert unexplained == []


def code_of(line: str) -> str:
    """A line without its comment."""
    return line.partition("//")[0]


def explained(before: list[str]) -> bool:
    """Whether the comment right above, or a line above within the same statement, says `SAFETY:`."""
    return any("SAFETY:" in line for line in before[-4:])


@pytest.mark.parametrize("crate", [path.name for path in sorted(RUST.iterdir()) if path.name != "quitclaim"])
def test_every_other_crate_forbids_unsafe(crate: str) -> None:
    assert "#![forbid(unsafe_code)]" in (RUST / crate / "src" / "lib.rs").read_text()


# --- size

SOURCES = [
    path.relative_to(ROOT)
    for folder in ("python", "rust", "tests", "benches", "scripts", "fuzz")
    for suffix in ("py", "pyi", "rs", "sh")
    for path in sorted((ROOT / folder).rglob(f"*.{suffix}"))
    if "target" not in path.parts
]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_file_is_not_too_long(path: Path) -> None:
    longest = 800 if "tests" in path.parts or path.suffix == ".pyi" else 500
    assert len((ROOT / path).read_text().splitlines()) <= longest
