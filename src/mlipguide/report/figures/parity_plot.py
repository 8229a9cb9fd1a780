"""Predictions against references as a PNG or SVG file: forces above, energies per atom below, one column a model.

Both axes of a row have one scale, so that columns compare. Points are a random sample of at most 20,000 components.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlipguide.evidence.accuracy.parity import ParityPoints
from mlipguide.records.accuracy.accuracy import Evaluation, ModelAccuracy
from mlipguide.report.figures.picture_files import write_picture
from mlipguide.report.figures.style import as_image, empty_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN_INCHES, ROW_INCHES = 3.6, 3.5
MOST_COLUMNS = 4
COLOUR, LINE = "#0072B2", "0.35"
MARGIN = 0.05
CORE = 99.8
"""Percent of the points that the axes hold for certain; the rest, where it is far, would squeeze them."""


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
    with_energies = any(len(points.energies(one.model)) for one in models)
    rows = 2 if with_energies else 1
    size = (max(5.0, COLUMN_INCHES * len(models) + 0.6), ROW_INCHES * rows + 0.5)
    figure = empty_figure(size)
    grid = figure.subplots(rows, len(models), squeeze=False)
    left_out = len(data.results) - len(models)
    more = f", the best {len(models)} of {len(data.results)} models" if left_out else ""
    figure.suptitle(f"{data.labels.source}{more}", fontsize=13, fontweight="bold", x=0.01, ha="left")
    forces = [points.forces(one.model) for one in models]
    energies = [points.energies(one.model) for one in models]
    force_limits, energy_limits = _limits(forces), _limits(energies)
    for column, one in enumerate(models):
        axes = grid[0][column]
        _draw(axes, forces[column], force_limits, size=4.0)
        _say(axes, f"MAE {one.force_mae_ev_per_angstrom.value:.3f} eV/Å{_slope(one)}")
        axes.set_title(one.model, fontsize=11, loc="left")
        axes.set_xlabel("Reference force (eV/Å)")
        if with_energies:
            lower = grid[1][column]
            _draw(lower, energies[column], energy_limits, size=14.0)
            mae = one.energy_mae_ev_per_atom
            _say(lower, "" if mae is None else f"MAE {mae.value * 1e3:.3g} meV/atom, shifted")
            lower.set_xlabel("Reference energy (eV/atom)")
    grid[0][0].set_ylabel("Predicted force (eV/Å)")
    if with_energies:
        grid[1][0].set_ylabel("Predicted energy (eV/atom)")
    return figure


def _slope(one: ModelAccuracy) -> str:
    return "" if one.force_slope is None else f"\nslope {one.force_slope.value:.2f}"


def _limits(pairs: list[NDArray[np.float64]]) -> tuple[float, float]:
    values = np.concatenate([one.ravel() for one in pairs]) if pairs else np.empty(0)
    if not values.size:
        return (0.0, 1.0)
    low, high = np.percentile(values, [(100 - CORE) / 2, (100 + CORE) / 2])
    span = max(float(high - low), 1e-6)
    return float(low) - MARGIN * span, float(high) + MARGIN * span


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


def _say(axes: Axes, text: str) -> None:
    axes.text(0.04, 0.96, text, transform=axes.transAxes, va="top", fontsize=9, color="0.2")


def save_parity(data: Evaluation, points: ParityPoints, path: Path) -> None:
    """Write the plot.

    Raises:
        InputError: The ending is not known.
        StorageError: It cannot be written.
    """
    write_picture(path, partial(rendered, data, points))
