"""What all figures share: colours, size, round numbers at the axes, caption, and how a figure becomes a file.

The colours are those of M. Okabe and K. Ito, which stay apart for colour-blind readers (B. Wong, Nat. Methods 8,
441 (2011), doi:10.1038/nmeth.1618). Matplotlib is imported when a picture is drawn, not before.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mlipguide.records.task.structure import StructureSummary

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "os^DvPX<>hp*"
SIZE_INCHES = (10.0, 6.5)
DOTS_PER_INCH = 120
CAPTION_WIDTH = 118
LADDERS: tuple[tuple[float, ...], ...] = ((1,), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8))
"""Which values of every decade are labelled: the first that gives enough of them."""
ENOUGH = 4


def empty_figure(size_inches: tuple[float, float] = SIZE_INCHES) -> Figure:
    """Return a white figure that makes room for its texts."""
    from matplotlib.figure import Figure

    return Figure(figsize=size_inches, dpi=DOTS_PER_INCH, layout="constrained", facecolor="white")


def as_image(draw: Callable[[], Figure], form: str) -> bytes:
    """Return a figure as ``png`` or ``svg``.

    Text stays text in an SVG, two pictures of one result are the same file, and a dollar in a name is a dollar.
    """
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "mlipguide", "text.parse_math": False}):
        draw().savefig(buffer, format=form, metadata={"Date": None} if form == "svg" else None)
    return buffer.getvalue()


def dress_logarithmic(axes: Axes) -> None:
    """Put round numbers on both logarithmic axes, whose limits are set, and a grid behind."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

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


def round_values(low: float, high: float) -> list[float]:
    """Return a few round values from ``low`` to ``high``, for an axis that is logarithmic; the ends where none lies."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values: list[float] = []
    for ladder in LADDERS:
        values = [leading * 10.0**decade for decade in decades for leading in ladder]
        values = [value for value in values if low <= value <= high]
        if len(values) >= ENOUGH:
            break
    return values if len(values) > 1 else sorted({low, high})


def explain_legend(axes: Axes, note: str, *, loc: Literal["best", "upper left", "upper right"]) -> None:
    """Put a legend on the axes, with a note above its entries.

    Args:
        axes: Of the figure, whose series have labels.
        note: What bands, bars and marks mean.
        loc: Where, as matplotlib names it.
    """
    from matplotlib.font_manager import FontProperties

    legend = axes.legend(loc=loc, frameon=True, framealpha=0.9, edgecolor="0.85", fontsize=10)
    legend.set_title(note, prop=FontProperties(size=8))
    legend.set_alignment("left")


def structure_title(structure: StructureSummary) -> str:
    """Return the title of a figure that is about one structure."""
    return f"{structure.reduced_formula} ({structure.source})"


def write_caption(axes: Axes, title: str, lines: Sequence[str], *, linespacing: float = 1.2) -> None:
    """Write a title and lines that say what was run above the axes.

    Args:
        axes: Of the figure.
        title: What the figure is about.
        lines: Of the caption.
        linespacing: Distance of the lines in heights of the letters.
    """
    axes.annotate(
        "\n".join(lines),
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 8),
        textcoords="offset points",
        fontsize=9,
        color="0.35",
        linespacing=linespacing,
    )
    axes.set_title(title, loc="left", fontsize=14, fontweight="bold", pad=16 + 13 * len(lines))
