"""Seeds each defect of mutants.toml into a copy of the table and checks that its test notices.

A mutant is killed when its test passes on the code as it is and fails on the mutant, which must compile. The
copy and what cargo builds of it live under target/mutants.

    python scripts/mutants.py [--short] [PART-OF-A-NAME]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "mutants" / "checkout"
SOURCES = COPY / "rust" / "quitclaim" / "src"
SECONDS_A_TEST = 120.0
"""A mutant may loop for ever: that is noticed too."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One defect and the test that must notice it."""

    name: str
    file: str
    old: str
    new: str
    kind: str
    killer: str
    short: bool = False


def main() -> int:
    """Runs the mutants asked for; 0 if every one of them was killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="only those that are part of `make test`")
    parser.add_argument("part", nargs="?", default="", help="only those with this in their name")
    arguments = parser.parse_args()
    mutants = [
        mutant for mutant in read() if arguments.part in mutant.name and mutant.short >= arguments.short
    ]
    if not mutants:
        parser.error(f"no mutant is named like {arguments.part!r}")

    copy_table()
    failures = [
        killer for killer in sorted({(m.kind, m.killer) for m in mutants}) if run(*killer) != "passed"
    ]
    for kind, killer in failures:
        print(f"mutants: {killer} ({kind}) does not pass on the code as it is: make it, then come back")
    if failures:
        return 1
    survivors = [mutant for mutant in mutants if not killed(mutant)]
    print(f"mutants: {len(mutants) - len(survivors)} of {len(mutants)} killed")
    return 1 if survivors else 0


def read() -> list[Mutant]:
    """All mutants, in the order of the file."""
    with (Path(__file__).with_suffix(".toml")).open("rb") as file:
        return [Mutant(**entry) for entry in tomllib.load(file)["mutant"]]


def copy_table() -> None:
    """Copies the table's crate, as it is in the working tree, into a workspace of its own."""
    shutil.rmtree(COPY, ignore_errors=True)
    ignore = shutil.ignore_patterns("target")
    # copy, not copy2: with its old time a file would look to cargo like the mutant that it built last.
    shutil.copytree(
        ROOT / "rust" / "quitclaim", COPY / "rust" / "quitclaim", ignore=ignore, copy_function=shutil.copy
    )
    shutil.copy(ROOT / "Cargo.lock", COPY)
    text = (ROOT / "Cargo.toml").read_text()
    start = text.index("members = ")
    end = text.index("\n", start)
    (COPY / "Cargo.toml").write_text(text[:start] + 'members = ["rust/quitclaim"]' + text[end:])


def killed(mutant: Mutant) -> bool:
    """Seeds one mutant, runs its test, and puts the code back."""
    source = SOURCES / mutant.file
    original = source.read_text()
    if original.count(mutant.old) != 1:
        times = original.count(mutant.old)
        print(f"  STALE     {mutant.name}: {mutant.file} has its old text {times} times, not once")
        return False
    source.write_text(original.replace(mutant.old, mutant.new))
    try:
        outcome = run(mutant.kind, mutant.killer)
    finally:
        source.write_text(original)
    verdict = {"failed": "killed", "passed": "SURVIVED", "broken": "NOT BUILT"}[outcome]
    print(f"  {verdict:<9} {mutant.name}: {mutant.killer}", flush=True)
    return outcome == "failed"


def run(kind: str, test: str) -> str:
    """Builds and runs one test of the copy: passed, failed, or broken (not compiled, or nothing ran)."""
    environment = os.environ | {"CARGO_TARGET_DIR": str(COPY.parent / "target"), "RUST_BACKTRACE": "0"}
    # Few rounds and the default preemptions: these are tests of the tests.
    environment["RUSTFLAGS"] = "--cap-lints allow"
    target = ["--lib"]
    if kind == "loom":
        environment |= {"RUSTFLAGS": "--cap-lints allow --cfg loom", "LOOM_MAX_PREEMPTIONS": "3"}
        environment["CARGO_TARGET_DIR"] += "-loom"
        target += ["--release"]
    elif kind.startswith("tests/"):
        target = ["--test", kind.removeprefix("tests/")]
    command = ["cargo", "test", "--quiet", "--package", "quitclaim", *target]
    built = subprocess.run(
        [*command, "--no-run"], cwd=COPY, env=environment, capture_output=True, check=False
    )
    if built.returncode != 0:
        print(built.stderr.decode(errors="replace"))
        return "broken"
    try:
        ran = subprocess.run(
            [*command, test, "--", "--exact"],
            cwd=COPY,
            env=environment,
            capture_output=True,
            check=False,
            timeout=SECONDS_A_TEST,
        )
    except subprocess.TimeoutExpired:
        return "failed"
    if ran.returncode == 0 and b"1 passed" not in ran.stdout:
        return "broken"
    return "passed" if ran.returncode == 0 else "failed"


if __name__ == "__main__":
    sys.exit(main())
