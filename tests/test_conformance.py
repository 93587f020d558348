"""What a POP3 server must show: the page follows from lines and markers, and a line without a test fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
LINES: Final = tomllib.loads((ROOT / "tests/conformance/lines.toml").read_text(encoding="utf-8"))


def conformance(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the script."""
    command = [sys.executable, str(ROOT / "scripts/conformance.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours


def test_every_line_has_a_test_and_every_marker_a_line_and_the_page_follows() -> None:
    checked = conformance("--check")
    assert checked.stderr == ""
    assert checked.returncode == 0


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_a_sentence_with_a_name_of_its_section(name: str) -> None:
    line = LINES[name]
    section, _, number = name.partition("-")
    assert section in {"session", "login", "maildrop", "asked", "defect"}
    assert number.isdecimal()
    assert line["shows"].endswith(".")
    assert line.keys() <= {"shows", "clause", "later"}


# --- what is not shown fails the run

SUITE: Final = """
import pytest

@pytest.mark.pop3("login-1")
def test_shown():
    pass

@pytest.mark.pop3("login-1", "login-2")
def test_skipped():
    pytest.skip("no such client here")
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A project of two tests, of which one is skipped."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_lines.py").write_text(SUITE, encoding="utf-8")
    settings = '[tool.pytest.ini_options]\nmarkers = ["pop3(*lines): as ours"]\ntestpaths = ["tests"]\n'
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    return tmp_path


def outcome(suite: Path, *arguments: str, ci: str = "") -> tuple[int, str]:
    """Runs its tests, and gives pytest's exit status and what it says of lines."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.conformance.plugin", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CI": ci}
    run = subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    return run.returncode, "".join(re.findall(r"^    (\S+-\d+)$", run.stdout, re.MULTILINE))


@pytest.mark.parametrize("arguments", [(), ("tests",)])
def test_in_ci_a_line_whose_only_test_is_skipped_is_not_shown(
    suite: Path, arguments: tuple[str, ...]
) -> None:
    assert outcome(suite, *arguments, ci="true") == (1, "login-2")


def test_elsewhere_a_skipped_test_will_do(suite: Path) -> None:
    assert outcome(suite) == (0, "")


@pytest.mark.parametrize("arguments", [("tests/test_lines.py",), ("-k", "skipped"), ("--collect-only",)])
def test_a_part_of_the_tests_is_not_held_to_it(suite: Path, arguments: tuple[str, ...]) -> None:
    assert outcome(suite, *arguments, ci="true") == (0, "")


def test_a_test_that_fails_shows_nothing(suite: Path) -> None:
    file = suite / "tests" / "test_lines.py"
    file.write_text(SUITE.replace("    pass", "    assert False"), encoding="utf-8")
    assert outcome(suite, ci="true") == (1, "login-1login-2")


def test_a_test_that_leaves_something_behind_shows_nothing(suite: Path) -> None:
    leak = "@pytest.fixture(autouse=True)\ndef table():\n    yield\n    assert False\n"
    file = suite / "tests" / "test_lines.py"
    file.write_text(SUITE + leak, encoding="utf-8")
    assert outcome(suite, ci="true") == (1, "login-1login-2")
