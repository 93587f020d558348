"""The corpus of dialogues, and random changes of it, under the fuzzer's oracle."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

import pytest
from tests.fuzz.changes import change
from tests.fuzz.oracle import check

CORPUS: Final = {
    file.name: file.read_bytes() for file in sorted((Path(__file__).parent / "corpus").iterdir())
}
CHANGES: Final = 60  # of each


@pytest.mark.pop3("session-11")
@pytest.mark.parametrize("name", CORPUS)
def test_a_dialogue_and_random_changes_of_it_break_nothing(name: str) -> None:
    generator = random.Random(name)  # noqa: S311 - the same each time
    check(CORPUS[name])
    for _ in range(CHANGES):
        check(change(CORPUS[name], tuple(CORPUS.values()), generator))
