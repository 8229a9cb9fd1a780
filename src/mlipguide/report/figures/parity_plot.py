"""Predictions against references as a PNG or SVG file: forces above, energies per atom below, one column a model.

Both axes of a row have one scale, so that columns compare. Points are a random sample of at most 20,000 components.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.evidence.accuracy.parity import ParityPoints
from mlipguide.records.accuracy.accuracy import Evaluation
from mlipguide.report.figures.parity_panels import energy_panels, force_panels
from mlipguide.report.figures.picture_files import write_picture
from mlipguide.report.figures.style import as_image, empty_figure

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

COLUMN_INCHES, ROW_INCHES = 3.6, 3.5
MOST_COLUMNS = 4
COLOUR, LINE = "#0072B2", "0.35"
SIZES = (4.0, 14.0)
"""Of a point, of forces and of energies, in square points."""


def rendered(data: Evaluation, points: ParityPoints, form: str) -> bytes:
    """Return the picture.

    Args:
        data: What was evaluated; the best models are drawn.
        points: Of each model.
        form: ``png`` or ``svg``.
    """
    return as_image(lambda: _figure(data, points), form)


def _figure(data: Evaluation, points: ParityPoints) -> Figure:
    models = data.results[:MOST_COLUMNS]
    rows = [panels for panels in (force_panels(models, points), energy_panels(models, points)) if panels]
    size = (max(5.0, COLUMN_INCHES * len(models) + 0.6), ROW_INCHES * len(rows) + 0.5)
    figure = empty_figure(size)
    grid = figure.subplots(len(rows), len(models), squeeze=False)
    left_out = len(data.results) - len(models)
    more = f", the best {len(models)} of {len(data.results)} models" if left_out else ""
    figure.suptitle(f"{data.labels.source}{more}", fontsize=13, fontweight="bold", x=0.01, ha="left")
    for row, panels in enumerate(rows):
        for column, panel in enumerate(panels):
            axes = grid[row][column]
            _draw(axes, panel.pairs, panel.limits, size=SIZES[row])
            axes.text(0.04, 0.96, "\n".join(panel.words), transform=axes.transAxes, va="top", fontsize=9, color="0.2")
            axes.set_xlabel(panel.reference_axis)
            if row == 0:
                axes.set_title(panel.model, fontsize=11, loc="left")
        grid[row][0].set_ylabel(panels[0].predicted_axis)
    return figure


def _draw(axes: Axes, pairs: NDArray[np.float64], limits: tuple[float, float], *, size: float) -> None:
    axes.plot(limits, limits, color=LINE, linewidth=0.9, zorder=1)
    axes.scatter(
        pairs[:, 0],
        pairs[:, 1],
        s=size,
        color=COLOUR,
        alpha=0.5 if len(pairs) < 2000 else 0.2,  # noqa: PLR2004  # many points would be one blot
        linewidths=0,
        rasterized=True,
        zorder=2,
    )
    axes.set(xlim=limits, ylim=limits)
    axes.set_aspect("equal")
    axes.locator_params(nbins=5)
    axes.grid(color="0.92", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def save_parity(data: Evaluation, points: ParityPoints, path: Path) -> None:
    """Write the plot.

    Raises:
        InputError: The ending is not known.
        StorageError: It cannot be written.
    """
    write_picture(path, partial(rendered, data, points))
