"""The curve of two Handle Counts as an SVG, for light screens, dark ones, and paper."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ("Chart", "Curve", "MARK", "svg", "ticks")  # noqa: RUF022 - sorted as Python sorts

MARK: Final = "quitclaim demo"
"""What both files say of who made them: only what says so is replaced."""


class Curve(NamedTuple):
    """A line of the chart: the points are failed logins and Handle Count."""

    name: str
    note: str
    points: Sequence[tuple[int, int]]


class Chart(NamedTuple):
    """What is to be seen. The first curve is the leaking one, the second the other."""

    title: str
    subtitle: str
    curves: tuple[Curve, Curve]

    @property
    def width(self) -> int:
        """The most failed logins, 1 at least."""
        return max(1, *(x for curve in self.curves for x, _ in curve.points))

    @property
    def height(self) -> int:
        """The highest Handle Count, 1 at least."""
        return max(1, *(y for curve in self.curves for _, y in curve.points))


def svg(chart: Chart, /) -> str:
    """The chart as an SVG document.

    >>> leak = Curve("exchange50", "keeps them", [(0, 0), (100, 100)])
    >>> none = Curve("quitclaim", "frees them", [(0, 0), (100, 0)])
    >>> svg(Chart("A title", "and more", (leak, none))).splitlines()[-1]
    '</svg>'
    """
    return "\n".join([*_frame(chart), *_curves(chart), "</svg>"]) + "\n"


def ticks(most: int, /) -> list[int]:
    """Round numbers from 0 to `most` or a little more, four to six of them.

    >>> ticks(3_000), ticks(200), ticks(7)
    ([0, 1000, 2000, 3000], [0, 50, 100, 150, 200], [0, 2, 4, 6, 8])
    """
    step = 1
    while most / step > _MOST_STEPS:
        # 1, 2, 5, 10, 20, 50, …
        step = step * 5 // 2 if str(step).startswith("2") else step * 2
    return list(range(0, most + step, step)) if most % step else list(range(0, most + 1, step))


def _frame(chart: Chart) -> Iterator[str]:
    """What stands around the curves: titles, axes with their units, a grid."""
    yield _HEAD.format(width=_WIDTH, height=_HEIGHT, mark=MARK, title=escape(chart.title))
    yield f'<text class="title" x="{_MARGIN}" y="40">{escape(chart.title)}</text>'
    yield f'<text class="note" x="{_MARGIN}" y="65">{escape(chart.subtitle)}</text>'
    yield f'<text class="note" x="{_MARGIN}" y="{_TOP - 18}">Handle Count: live credential handles</text>'
    for value in ticks(chart.height):
        height = _y(chart, value)
        yield f'<path class="grid" d="M{_LEFT} {height:.1f}H{_RIGHT}"/>'
        yield f'<text class="note end" x="{_LEFT - 10}" y="{height + 5:.1f}">{value:,}</text>'
    for value in ticks(chart.width):
        place = _x(chart, value)
        yield f'<path class="grid" d="M{place:.1f} {_BOTTOM}v6"/>'
        yield f'<text class="note middle" x="{place:.1f}" y="{_BOTTOM + 25}">{value:,}</text>'
    yield f'<text class="note end" x="{_RIGHT}" y="{_BOTTOM + 52}">failed NTLM logins</text>'


def _curves(chart: Chart) -> Iterator[str]:
    """The curves, and their names: left of one that climbs, above the end of one that does not."""
    leak, none = chart.curves
    x, y = leak.points[len(leak.points) * 3 // 4]
    for name, curve, place, baseline in (
        ("leak", leak, _x(chart, x) - 36, _y(chart, y) - 14),
        ("none", none, _x(chart, none.points[-1][0]), _BOTTOM - 33),
    ):
        path = "L".join(f"{_x(chart, one):.1f} {_y(chart, other):.1f}" for one, other in curve.points)
        yield f'<path class="curve {name}" d="M{path}"/>'
        yield f'<text class="name end {name}" x="{place:.1f}" y="{baseline:.1f}">{escape(curve.name)}</text>'
        yield f'<text class="note end" x="{place:.1f}" y="{baseline + 20:.1f}">{escape(curve.note)}</text>'


def _x(chart: Chart, value: int) -> float:
    return _LEFT + value / ticks(chart.width)[-1] * (_RIGHT - _LEFT)


def _y(chart: Chart, value: int) -> float:
    return _BOTTOM - value / ticks(chart.height)[-1] * (_BOTTOM - _TOP)


# In pixels of the document, which scales.
_WIDTH, _HEIGHT, _MARGIN = 860, 500, 32
_LEFT, _RIGHT, _TOP, _BOTTOM = 92, 820, 128, 420

_MOST_STEPS: Final = 5

# Blue and vermilion are told apart by colour-blind eyes too (Okabe and Ito); brighter in the dark.
_HEAD: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
<title>{title}</title>
<metadata>{mark}</metadata>
<style>
  text {{ font: 15px system-ui, "Segoe UI", Helvetica, Arial, sans-serif }}
  text {{ fill: #1c1c1c; paint-order: stroke; stroke: #fff; stroke-width: 5px }}
  .title {{ font-size: 21px; font-weight: 600 }}
  .name {{ font-size: 17px; font-weight: 600 }}
  .note {{ fill: #5c5c5c }}
  .end {{ text-anchor: end }}
  .middle {{ text-anchor: middle }}
  .grid {{ stroke: #dcdcdc; fill: none }}
  .curve {{ fill: none; stroke-width: 3.5; stroke-linejoin: round; stroke-linecap: round }}
  .curve.leak {{ stroke: #d55e00 }}
  .curve.none {{ stroke: #0072b2 }}
  .name.leak {{ fill: #d55e00 }}
  .name.none {{ fill: #0072b2 }}
  .paper {{ fill: #fff }}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #f0f0f0; stroke: #15181c }}
    .note {{ fill: #a8adb3 }}
    .grid {{ stroke: #363b42 }}
    .curve.leak {{ stroke: #ff8f3f }}
    .curve.none {{ stroke: #56b4e9 }}
    .name.leak {{ fill: #ff8f3f }}
    .name.none {{ fill: #56b4e9 }}
    .paper {{ fill: #15181c }}
  }}
</style>
<rect class="paper" width="100%" height="100%"/>"""
