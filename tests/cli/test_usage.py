"""Help that a stranger can act on, and mistakes that are answered by one sentence."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

import quitclaim as package

if TYPE_CHECKING:
    from tests.cli.processes import Command

COMMANDS = [
    "serve",
    "check-config",
    "user add",
    "user passwd",
    "user remove",
    "user list",
    "deliver",
    "who",
    "storm",
    "demo",
]

MISTAKES = {
    "": "it needs a command",
    "sing": "there is no command 'sing'; there are: serve, check-config, user, deliver, who, restored, storm",
    "user": "it needs an action",
    "user sing": "there is no action 'sing'; there are: add, passwd, remove, list",
    "user add": "NAME",
    "user add anna --loud": "unrecognized arguments: --loud",
    "deliver": "NAME",
    "serve --allow": "unrecognized arguments: --allow",
    "serve --listen 127.0.0.1": "'127.0.0.1' is no address",
    "serve --listen 127.0.0.1:99999": "no such port",
    "serve --listen imap://127.0.0.1:143": "there are pop3:// and pop3s:// only",
    "serve --listen ::1:110": "[::1]:1110",
    "serve --domain two.words": "'two.words' is no NetBIOS name",
    "storm 127.0.0.1:1110": "--user",
    "storm 127.0.0.1:1110 --user anna --attempts 0": "'0' is not a whole number from 1 to 10000000",
    "storm 127.0.0.1:1110 --user anna --connections many": "'many' is not a whole number",
    "storm 192.0.2.7:1110 --user anna": "this machine only",
    "storm nowhere --user anna": "HOST:PORT",
    "storm 127.0.0.1:1110 --user anna --mode loud": "invalid choice: 'loud'",
    "demo --attempts none": "'none' is not a whole number",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_answered_by_one_sentence_and_exit_2(line: str, quitclaim: Command) -> None:
    code, out, err = quitclaim(*line.split())
    assert (code, out, err.count("\n"), err.startswith("quitclaim: ")) == (2, "", 1, True)
    assert MISTAKES[line] in err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_it_does_with_an_example_and_the_exit_codes(command: str, quitclaim: Command) -> None:
    code, out, err = quitclaim(*command.split(), "--help")
    assert (code, err) == (0, "")
    assert all(f"quitclaim {command} " in out or f"quitclaim {command}\n" in out for _ in "1")
    assert "example" in out
    assert "exit codes" in out


@pytest.mark.parametrize("command", ["", "user", *COMMANDS])
def test_help_fits_a_terminal(command: str, quitclaim: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("HOME", "/root")
    _, out, _ = quitclaim(*command.split(), "--help")
    assert [line for line in out.splitlines() if len(line) > 80] == []


def test_help_names_all_commands(quitclaim: Command) -> None:
    _, out, _ = quitclaim("--help")
    assert all(f"\n    {command.split()[0]}" in out for command in COMMANDS)


def test_the_version_is_the_packages(quitclaim: Command) -> None:
    assert quitclaim("--version") == (0, f"quitclaim {package.__version__}\n", "")


def test_python_m_quitclaim_is_quitclaim() -> None:
    command = [sys.executable, "-m", "quitclaim", "--version"]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout  # noqa: S603 - ours
    assert said == f"quitclaim {package.__version__}\n"


def test_what_the_system_says_has_no_number_before_it(
    quitclaim: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = PermissionError(13, "Permission denied", "/there")
    monkeypatch.setattr("quitclaim.monitor.status.read_all", Mock(side_effect=error))
    assert quitclaim("who") == (1, "", "quitclaim: /there: Permission denied\n")


def test_a_reader_that_goes_away_is_no_traceback(folder: str) -> None:
    command = f"{sys.executable} -m quitclaim user list --data {folder} | true"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, check=True, text=True)  # noqa: S603, S607 - ours
    assert "Traceback" not in ended.stderr
