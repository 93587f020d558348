"""Holds pytest to docs/conformance.md: when all tests have run, one that passed must have shown each line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from _pytest.terminal import TerminalReporter

__all__ = ("not_shown", "pytest_configure")


def pytest_configure(config: pytest.Config) -> None:
    """Watches this run."""
    config.pluginmanager.register(_Watch(config))


def not_shown(
    shown_by: Mapping[str, AbstractSet[str]],
    *,
    passed: AbstractSet[str],
    skipped: AbstractSet[str],
    strict: bool,
) -> Iterator[str]:
    """The lines of which no test has passed; where it is not strict, one that was skipped will do.

    >>> shown_by = {"login-1": {"a", "b"}, "login-2": {"c"}, "login-3": {"d"}}
    >>> list(not_shown(shown_by, passed={"a"}, skipped={"b", "c"}, strict=False))
    ['login-3']
    >>> list(not_shown(shown_by, passed={"a"}, skipped={"b", "c"}, strict=True))
    ['login-2', 'login-3']
    """
    for line, tests in shown_by.items():
        if tests.isdisjoint(passed) and (strict or tests.isdisjoint(skipped)):
            yield line


class _Watch:
    """One run of pytest: judged only if all tests have run, for a part of them shows nothing of the rest."""

    def __init__(self, config: pytest.Config, /) -> None:
        self._config = config
        folders = {config.invocation_params.dir / argument for argument in config.args}
        self._is_whole = config.rootpath / "tests" in folders
        self._shown_by: dict[str, set[str]] = {}  # node ids
        self._passed: set[str] = set()
        self._skipped: set[str] = set()
        self._not_shown: list[str] = []

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Notes that some tests are left out."""
        if items:
            self._is_whole = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Notes which lines each test shows."""
        for item in session.items:
            for mark in item.iter_markers("pop3"):
                for line in mark.args:
                    self._shown_by.setdefault(line, set()).add(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes how a test has ended."""
        if report.skipped:
            self._skipped.add(report.nodeid)
        elif report.failed:
            self._passed.discard(report.nodeid)
        elif report.when == "call":
            self._passed.add(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fails the run if a line was not shown."""
        if not self._is_whole or session.shouldstop or session.shouldfail or self._config.option.collectonly:
            return
        strict = bool(os.environ.get("CI"))
        self._not_shown.extend(
            not_shown(self._shown_by, passed=self._passed, skipped=self._skipped, strict=strict)
        )
        if self._not_shown and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Names the lines that were not shown."""
        if self._not_shown:
            terminalreporter.section("not shown", red=True)
            terminalreporter.line("docs/conformance.md: of these lines no test has passed:")
            for line in self._not_shown:
                terminalreporter.line(f"    {line}")
