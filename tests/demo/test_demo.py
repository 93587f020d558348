"""`quitclaim demo`, as a process: from end to end, and cut off."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the demo with a folder for temporary ones, where everything that it makes must be."""
    started: list[subprocess.Popen[str]] = []
    (tmp_path / "temporary").mkdir()

    def run(*arguments: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(  # noqa: S603 - ours
            [sys.executable, "-m", "quitclaim", "demo", "--output", str(tmp_path), *map(str, arguments)],
            env=os.environ | {"TMPDIR": str(tmp_path / "temporary")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def left(tmp_path: Path) -> tuple[list[str], list[Path]]:
    """What is left of it: processes, by their command line, and temporary files."""
    processes = [
        command
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if str(tmp_path / "temporary") in (command := read(path))
    ]
    return processes, list((tmp_path / "temporary").iterdir())


def read(path: Path) -> str:
    try:
        return path.read_text().replace("\0", " ")
    except OSError:  # it has ended
        return ""


def rows(said: str) -> dict[str, list[str]]:
    """The table: failed logins, Handle Count before, peak, after the storm, after stop."""
    found = re.findall(r"^  (quitclaim|exchange50) +((?:[\d,]+ *){5})$", said, re.MULTILINE)
    return {name: numbers.split() for name, numbers in found}


def test_it_shows_the_leak_and_that_there_is_none(start: Start, tmp_path: Path) -> None:
    process = start("--attempts", "200")
    said, complaints = process.communicate()
    assert (process.returncode, complaints) == (0, "")
    assert said.count('anna logs in by NTLM and reads "Your handle"') == 2
    table = rows(said)
    assert table["exchange50"] == ["200", "0", "200", "200", "0"]
    failed, before, most, after, stopped = table["quitclaim"]
    assert (failed, before, after, stopped) == ("200", "0", "0", "0")
    assert 1 <= int(most) <= 32
    assert "  quitclaim   0  exchange50 200  200 of 200  " in said
    assert [line for line in said.partition("Seen from outside")[0].splitlines() if len(line) > 80] == []
    assert (tmp_path / "handle-count.svg").exists()
    assert left(tmp_path) == ([], [])


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_cut_off_it_leaves_no_process_and_no_folder(
    number: signal.Signals, code: int, start: Start, tmp_path: Path
) -> None:
    process = start("--attempts", "3000")
    assert process.stdout is not None
    while " of 3,000  " not in process.stdout.readline():
        pass
    process.send_signal(number)
    _, complaints = process.communicate()
    assert (process.returncode, "Traceback" in complaints) == (code, False)
    assert left(tmp_path) == ([], [])
    assert not (tmp_path / "handle-count.svg").exists()


def test_killed_it_leaves_no_process_and_no_folder_either(start: Start, tmp_path: Path) -> None:
    process = start("--attempts", "3000")
    assert process.stdout is not None
    while " of 3,000  " not in process.stdout.readline():
        pass
    process.kill()
    process.communicate()
    while left(tmp_path) != ([], []):
        pass


def test_a_file_of_somebody_elses_is_not_replaced(start: Start, tmp_path: Path) -> None:
    (tmp_path / "handle-count.svg").write_text("<svg/>")
    process = start("--attempts", "200")
    said, complaint = process.communicate()
    assert (process.returncode, said, complaint.count("\n")) == (2, "", 1)
    assert str(tmp_path / "handle-count.svg") in complaint
    assert (tmp_path / "handle-count.svg").read_text() == "<svg/>"


def test_a_file_of_its_own_is_replaced(start: Start, tmp_path: Path) -> None:
    (tmp_path / "handle-count.svg").write_text("<svg><metadata>quitclaim demo</metadata></svg>")
    process = start("--attempts", "2")
    process.communicate()
    assert process.returncode == 0
    assert "2 failed logins" in (tmp_path / "handle-count.svg").read_text()


def test_more_attempts_than_descriptors_are_refused_with_the_reason(start: Start, tmp_path: Path) -> None:
    process = start("--attempts", "1000000")
    _, complaint = process.communicate()
    assert (process.returncode, complaint.count("\n"), "descriptor" in complaint) == (2, 1, True)
    assert left(tmp_path) == ([], [])


def test_an_output_that_is_no_folder_is_refused(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    process = start("--output", tmp_path / "file")
    _, complaint = process.communicate()
    assert (process.returncode, complaint.count("\n"), "no folder" in complaint) == (2, 1, True)


def test_an_output_that_cannot_be_made_is_refused_before_anything_starts(start: Start) -> None:
    process = start("--output", "/proc/x")
    said, complaint = process.communicate()
    assert (process.returncode, said) == (2, "")
    assert complaint == (
        "quitclaim: /proc/x is no folder that files can be written to (No such file or directory):"
        " give another by --output\n"
    )


def test_an_output_folder_is_made_only_for_the_curve(start: Start, tmp_path: Path) -> None:
    process = start("--attempts", "1000000", "--output", tmp_path / "new" / "folder")
    process.communicate()
    assert (process.returncode, (tmp_path / "new").exists()) == (2, False)
