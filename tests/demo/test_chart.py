"""The curve as an SVG."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quitclaim.demo.chart import MARK, Chart, Curve, svg, ticks

CHART = Chart(
    "A <title>",
    "a & b",
    (
        Curve("exchange50", "keeps", [(0, 0), (50, 50), (100, 100)]),
        Curve("quitclaim", "frees", [(0, 0), (100, 0)]),
    ),
)
SVG = "{http://www.w3.org/2000/svg}"


def test_it_is_well_formed_whatever_the_texts() -> None:
    document = ET.fromstring(svg(CHART))  # noqa: S314 - our own
    texts = [one.text for one in document.iter(f"{SVG}text")]
    assert {"A <title>", "a & b", "exchange50", "quitclaim", "failed NTLM logins"} <= set(texts)


def test_its_curves_go_from_corner_to_corner() -> None:
    document = ET.fromstring(svg(CHART))  # noqa: S314 - our own
    leak, none = [one.get("d") for one in document.iter(f"{SVG}path") if "curve" in (one.get("class") or "")]
    assert (leak, none) == ("M92.0 420.0L456.0 274.0L820.0 128.0", "M92.0 420.0L820.0 420.0")


def test_it_says_who_made_it_and_reads_in_the_dark() -> None:
    assert MARK in svg(CHART)
    assert "prefers-color-scheme: dark" in svg(CHART)


@given(st.integers(1, 10_000_000))
def test_ticks_are_few_and_reach_the_end(most: int) -> None:
    found = ticks(most)
    assert found[0] == 0
    assert found[-2] < most <= found[-1]
    assert 2 <= len(found) <= 7


@pytest.mark.parametrize("most", [1, 2, 3])
def test_small_numbers_are_whole(most: int) -> None:
    assert ticks(most) == list(range(most + 1))
