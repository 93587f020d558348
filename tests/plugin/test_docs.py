"""The tests in docs/testing.md pass as they stand, but for the one whose failure it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import quitclaim.testing  # noqa: F401 - pytester forgets what its runs import, and uvloop bears only one asyncio

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


def blocks(kind: str) -> list[str]:
    """The fenced blocks of that kind."""
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("example", blocks("python"), ids=["a server", "NTLM"])
def test_an_example_passes(pytester: pytest.Pytester, example: str) -> None:
    pytester.makepyfile(example)
    outcome = pytester.runpytest_inprocess("-W", "error")
    outcome.assert_outcomes(passed=example.count("def test_"))


def test_the_leak_is_found_and_shown_as_the_page_says(pytester: pytest.Pytester) -> None:
    (example,) = blocks("python leaks")
    (shown,) = blocks("text")
    pytester.makepyfile(example)
    outcome = pytester.runpytest_inprocess("-W", "error")
    outcome.assert_outcomes(passed=1, errors=1)
    outcome.stdout.fnmatch_lines(shown.splitlines())


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", PAGE.read_text()))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (PAGE.parent / link).exists()
