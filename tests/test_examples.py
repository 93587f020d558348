"""The examples in the docstrings of the package run as they stand; `pop3` has a stricter test of its own."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from typing import TYPE_CHECKING

import pytest

import quitclaim

if TYPE_CHECKING:
    from collections.abc import Iterator


def examples() -> Iterator[doctest.DocTest]:
    """Each docstring of a Python module that has an example."""
    for module in pkgutil.walk_packages(quitclaim.__path__, "quitclaim."):
        if module.name in {"quitclaim._quitclaim", "quitclaim.__main__"} or module.name.startswith(
            "quitclaim.pop3"
        ):
            continue
        found = doctest.DocTestFinder().find(importlib.import_module(module.name))
        yield from (one for one in found if one.examples)


EXAMPLES = {one.name: one for one in examples()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name: str) -> None:
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(EXAMPLES[name], out=report.append)
    assert not report, "".join(report)
