"""The examples of docs/embedding.md run as they stand, and leave nothing behind."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

TEXT = (Path(__file__).parent.parent / "docs" / "embedding.md").read_text()
EXAMPLES = dict(
    re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?```python\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE)
)


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_runs(title: str) -> None:
    namespace: dict[str, object] = {"__name__": "example"}
    exec(compile(EXAMPLES[title], title, "exec"), namespace)  # noqa: S102 - our own file
    assert "quitclaim-server" not in {thread.name for thread in threading.enumerate()}


def test_every_section_but_the_last_has_an_example() -> None:
    *titles, last = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    assert list(EXAMPLES) == titles
    assert last.startswith("What goes wrong")


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", TEXT))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (Path(__file__).parent.parent / "docs" / link).exists()
