#!/usr/bin/env python3
"""Fuzzes a session, guided by coverage, for ten minutes: scripts/fuzz_session.py [SECONDS].

What it plays and what must hold is in tests/fuzz/oracle.py. It needs atheris: `pip install --group fuzz`. CI
runs tests/fuzz without it: the corpus and random changes of it. New scripts go to
target/fuzz/corpus/session, and what breaks to target/fuzz/artifacts/session, with a status that is not 0; the
corpus in tests/fuzz is changed by hand alone.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

try:
    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]  # it is no part of `dev`
except ImportError:
    sys.exit("fuzz-session: atheris missing here: .venv/bin/python -m pip install --group fuzz")

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["quitclaim"]):
    from tests.fuzz.oracle import check


def main() -> None:
    """Ends the process."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    logging.disable()
    found = ROOT / "target/fuzz/artifacts/session"
    corpus = ROOT / "target/fuzz/corpus/session"
    for folder in (found, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            str(ROOT / "tests/fuzz/corpus"),
            f"-artifact_prefix={found}/",
            f"-max_total_time={seconds}",
            "-max_len=20000",
            "-timeout=5",
            "-rss_limit_mb=512",
            "-print_final_stats=1",
        ],
        check,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
