"""The statistics of benches/ntlm_timing.py are what they are called. No test looks at a time."""

from __future__ import annotations

import pytest
from benches.ntlm_timing import auc, measure, report, welch


@pytest.mark.parametrize(
    ("first", "second", "area"),
    [
        ([1, 2, 3], [4, 5, 6], 1.0),
        ([4, 5, 6], [1, 2, 3], 0.0),
        ([1, 2, 3], [1, 2, 3], 0.5),
        ([1, 1], [1, 2], 0.75),
        ([1, 3, 5], [2, 4], 0.5),
    ],
)
def test_auc_is_the_share_of_pairs_in_which_the_second_is_larger(
    first: list[int], second: list[int], area: float
) -> None:
    assert auc(first, second)[0] == area


def test_the_interval_narrows_with_the_root_of_the_number() -> None:
    few, many = (auc(range(number), range(number))[1] for number in (100, 10_000))
    assert few / many == pytest.approx(10, rel=0.01)


def test_welchs_t_is_that_of_the_textbook() -> None:
    # Twelve values each of variance 15/11, means 1 apart; the outlier is of the slowest tenth, and left out.
    t = 1 / (2 * 15 / 11 / 12) ** 0.5
    assert welch([1, 2, 3, 4] * 3, [2, 3, 4, 5] * 3 + [1_000]) == pytest.approx(t)


def test_as_many_refusals_are_timed_as_it_says() -> None:
    series = measure(10)
    assert [len(times) for times in series] == [10, 10, 10, 10]
    assert report(series).startswith("4 series of 10 timings")
