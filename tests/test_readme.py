"""The README's examples are true: Python's runs here, Rust's is the one that the crate's README tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def blocks(path: str, language: str) -> list[str]:
    """The fenced blocks of that language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / path).read_text(), re.DOTALL)


def test_python_example_runs() -> None:
    (example,) = blocks("README.md", "python")
    namespace: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), namespace)  # noqa: S102 - our own file
    assert repr(namespace["table"]) == "<HandleTable 0 of 10000 live>"


def test_rust_example_is_the_one_that_is_tested() -> None:
    assert blocks("README.md", "rust") == blocks("rust/quitclaim/README.md", "rust")


def test_commands_of_the_readme_are_targets_with_help() -> None:
    commands = re.findall(r"(?:\$ |`)make ([a-z-]+)", (ROOT / "README.md").read_text())
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(commands) <= set(targets)


def test_the_demo_leaves_handles_behind_as_in_1997_and_none_with_the_table() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "demo.py"), "--attempts", "1000"]
    last = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()[-1]  # noqa: S603 - ours
    assert last.split() == ["1,000", "Handle", "Count", "1,000", "Handle", "Count", "0"]
