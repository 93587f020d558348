"""The same curve as a PNG, where matplotlib is installed: the extra `quitclaim[plot]`."""

from __future__ import annotations

import importlib
import logging
from io import BytesIO
from typing import TYPE_CHECKING, Final

from quitclaim.demo.chart import MARK, ticks

if TYPE_CHECKING:
    from quitclaim.demo.chart import Chart

__all__ = ("png",)


def png(chart: Chart, /) -> bytes | None:
    """The chart as a PNG file, or None without matplotlib."""
    try:
        # Not `import`: it is not there where the types are checked, and pyplot would look for a screen.
        figures = importlib.import_module("matplotlib.figure")
    except ModuleNotFoundError:
        return None
    # It says on stderr how it gets on with fonts and its own folder.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    figure = figures.Figure(figsize=(8.6, 5.0), dpi=150, facecolor="white")
    axes = figure.add_axes((0.1, 0.14, 0.86, 0.6))
    figure.text(0.037, 0.915, chart.title, fontsize=13.5, fontweight="bold", color=_INK)
    figure.text(0.037, 0.86, chart.subtitle, fontsize=9.5, color=_QUIET)
    for curve, colour in zip(chart.curves, _COLOURS, strict=True):
        axes.plot(*zip(*curve.points, strict=True), color=colour, linewidth=2.6, clip_on=False, zorder=3)
    leak, none = chart.curves
    places = ((leak.points[len(leak.points) * 3 // 4], (-16, 12)), (none.points[-1], (0, 24)))
    for curve, colour, (point, offset) in zip(chart.curves, _COLOURS, places, strict=True):
        for text, down, weight, ink, size in (
            (curve.name, 0, "bold", colour, 11),
            (curve.note, -13, "normal", _QUIET, 9.5),
        ):
            axes.annotate(
                text,
                point,
                (offset[0], offset[1] + down),
                textcoords="offset points",
                ha="right",
                color=ink,
                fontsize=size,
                fontweight=weight,
            )
    axes.set_title(
        "Handle Count: live credential handles", fontsize=9.5, color=_QUIET, loc="left", x=-0.07, pad=12
    )
    axes.set_xlabel("failed NTLM logins", fontsize=9.5, color=_QUIET, loc="right")
    axes.set_xlim(0, ticks(chart.width)[-1])
    axes.set_ylim(0, ticks(chart.height)[-1])
    axes.grid(axis="y", color="#dcdcdc", linewidth=0.8)
    axes.tick_params(length=0, colors=_QUIET, labelsize=9.5)
    for axis, most in ((axes.xaxis, chart.width), (axes.yaxis, chart.height)):
        axis.set_ticks(ticks(most))
        axis.set_major_formatter("{x:,.0f}")
    for spine in axes.spines.values():
        spine.set_visible(False)
    file = BytesIO()
    figure.savefig(file, format="png", metadata={"Software": MARK})
    return file.getvalue()


_INK: Final = "#1c1c1c"
_QUIET: Final = "#5c5c5c"
_COLOURS: Final = ("#d55e00", "#0072b2")
