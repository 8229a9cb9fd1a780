"""What stands above a figure: the structure as its title, and lines that say what was run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlipguide.records.task.structure import StructureSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def write_caption(axes: Axes, structure: StructureSummary, lines: Sequence[str], *, linespacing: float = 1.2) -> None:
    """Write title and lines above the axes.

    Args:
        axes: Of the figure.
        structure: That the figure is about.
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
    title = f"{structure.reduced_formula} ({structure.source})"
    axes.set_title(title, loc="left", fontsize=14, fontweight="bold", pad=16 + 13 * len(lines))
