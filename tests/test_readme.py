"""The README's examples are true: Python's runs here, Rust's is the one that the crate's README tests."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def blocks(path: str, language: str) -> list[str]:
    """The fenced blocks of that language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / path).read_text(), re.DOTALL)


def test_the_server_of_the_readme_runs() -> None:
    server, _ = blocks("README.md", "python")
    run(server)


def test_the_table_of_the_readme_is_empty_in_the_end() -> None:
    _, table = blocks("README.md", "python")
    assert repr(run(table)["table"]) == "<HandleTable 0 of 10000 live>"


def run(example: str) -> dict[str, object]:
    """The names that an example leaves behind."""
    namespace: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), namespace)  # noqa: S102 - our own file
    return namespace


def test_rust_example_is_the_one_that_is_tested() -> None:
    assert blocks("README.md", "rust") == blocks("rust/quitclaim/README.md", "rust")


def test_commands_of_the_readme_are_targets_with_help() -> None:
    commands = re.findall(r"(?:\$ |`)make ([a-z-]+)", (ROOT / "README.md").read_text())
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(commands) <= set(targets)


def test_commands_of_the_package_are_commands_that_it_has() -> None:
    named = set(re.findall(r"\bquitclaim (\w+)[ \n]", " ".join(blocks("README.md", "console"))))
    assert named <= {"serve", "user", "deliver", "who", "restored", "storm", "demo"}
