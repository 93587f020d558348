"""The line with a bar, on terminals of all kinds."""

from __future__ import annotations

import io

import pytest

from quitclaim.cli.progress import Progress


class Terminal(io.TextIOWrapper):
    """A terminal that keeps what was written to it."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.written = io.BytesIO()
        super().__init__(self.written, encoding)

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")


def test_a_narrow_terminal_cuts_the_bar_and_not_the_text() -> None:
    Progress(terminal := Terminal(), 200).show(200, "200 of 200")
    assert terminal.written.getvalue().decode() == "\r200 of 200  ███████\x1b[K"


def test_an_encoding_without_blocks_gets_another_bar() -> None:
    Progress(terminal := Terminal("ascii"), 200).show(20, "20 of 200")
    assert terminal.written.getvalue() == b"\r20 of 200  ##......\x1b[K"


def test_on_a_dumb_terminal_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    Progress(terminal := Terminal(), 200).show(20, "20 of 200")
    assert terminal.written.getvalue() == b""
