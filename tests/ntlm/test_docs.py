"""The examples in docs/ntlm.md run, in their order, and print what stands below them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).parents[2] / "docs" / "ntlm.md"


def blocks(language: str) -> list[str]:
    """The fenced blocks of that language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_examples_run_and_print_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, object] = {}
    for example in blocks("python"):
        exec(compile(example, PAGE.name, "exec"), namespace)  # noqa: S102 - our own file
    assert capsys.readouterr().out == "".join(blocks("text"))


def test_the_files_that_it_names_are_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    links = re.findall(r"\]\((\.\./[^)#]+)\)", text)
    named = re.findall(r"`((?:benches|tests)/[^`]+)`", text)
    assert links
    assert [path for path in links if not (PAGE.parent / path).exists()] == []
    assert [path for path in named if not (PAGE.parents[1] / path).exists()] == []
