"""The examples in the docstrings of `quitclaim.pop3` run as they stand."""

from __future__ import annotations

import doctest
import importlib
import inspect
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = [
    f"quitclaim.pop3.{name}" for name in ("commands", "connection", "events", "grammar", "replies", "state")
]


def examples() -> Iterator[doctest.DocTest]:
    """Each docstring that has an example."""
    for name in MODULES:
        yield from (
            one for one in doctest.DocTestFinder().find(importlib.import_module(name)) if one.examples
        )


EXAMPLES = {one.name: one for one in examples()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name: str) -> None:
    report: list[str] = []
    doctest.DocTestRunner().run(EXAMPLES[name], out=report.append)
    assert not report, "".join(report)


def documented() -> Iterator[str]:
    """Every public class, function and method."""
    for name in MODULES:
        module = importlib.import_module(name)
        for export in module.__all__:
            item = getattr(module, export)
            if inspect.isfunction(item) or (inspect.isclass(item) and item.__module__ == name):
                yield f"{name}.{export}"
                members = vars(item) if inspect.isclass(item) else {}
                public = {key: one for key, one in members.items() if not key.startswith("_")}
                kinds = {
                    key for key, one in public.items() if inspect.isfunction(one) or isinstance(one, property)
                }
                yield from (f"{name}.{export}.{key}" for key in kinds)


@pytest.mark.parametrize("name", sorted(documented()))
def test_a_public_item_has_an_example(name: str) -> None:
    assert name in EXAMPLES
