"""What all figures share: colours, size, and how a figure becomes a file.

The colours are those of M. Okabe and K. Ito, which stay apart for colour-blind readers (B. Wong, Nat. Methods 8,
441 (2011), doi:10.1038/nmeth.1618).
"""

from __future__ import annotations

import io
from collections.abc import Callable

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from mlipguide.report.figures.scaling_axes import round_values

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "os^DvPX<>hp*"
SIZE_INCHES = (10.0, 6.5)
DOTS_PER_INCH = 120
CAPTION_WIDTH = 118


def empty_figure(size_inches: tuple[float, float] = SIZE_INCHES) -> Figure:
    """Return a white figure that makes room for its texts."""
    return Figure(figsize=size_inches, dpi=DOTS_PER_INCH, layout="constrained", facecolor="white")


def as_image(draw: Callable[[], Figure], form: str) -> bytes:
    """Return a figure as ``png`` or ``svg``.

    Text stays text in an SVG, two pictures of one result are the same file, and a dollar in a name is a dollar.
    """
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "mlipguide", "text.parse_math": False}):
        draw().savefig(buffer, format=form, metadata={"Date": None} if form == "svg" else None)
    return buffer.getvalue()


def dress_logarithmic(axes: Axes) -> None:
    """Put round numbers on both logarithmic axes, whose limits are set, and a grid behind."""
    for axis, limits, words in (
        (axes.xaxis, axes.get_xlim(), lambda value, _: f"{value:,.0f}"),
        (axes.yaxis, axes.get_ylim(), lambda value, _: f"{value:.3g}"),
    ):
        axis.set_major_locator(FixedLocator(round_values(*limits)))
        axis.set_major_formatter(FuncFormatter(words))
        axis.set_minor_formatter(NullFormatter())
    axes.grid(which="major", color="0.88", linewidth=0.8)
    axes.grid(which="minor", color="0.95", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=10)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.xaxis.label.set_fontsize(12)
    axes.yaxis.label.set_fontsize(12)
