"""Names as they are compared, and what a peer can make of that."""

from __future__ import annotations

from quitclaim.identity import fold


def test_a_name_is_composed_after_it_is_in_lower_case() -> None:
    assert fold("ZOE\u0308") == fold("Zo\u00eb") == "zo\u00eb"


def test_a_name_of_more_than_255_characters_is_not_composed() -> None:
    # To put so many marks in order takes the square of their number.
    marks = "\u0345\u0316\u0300" * 1_500
    assert fold(f"A{marks}") == f"a{marks}".lower()
