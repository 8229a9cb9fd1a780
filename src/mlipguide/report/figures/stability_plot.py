"""The curves behind the tests of stability as a PNG or SVG file.

Top: total energy at constant energy for half the step, the step and twice the step; thin as it is, thick without what
the integrator causes. Bottom: energy over volume, and along the scan of a bond. One colour a model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlipguide.records.accuracy.stability import DriftCurve, ModelStability, StabilityData
from mlipguide.report.figures.picture_files import write_picture
from mlipguide.report.figures.stability_curves import (
    BOND_AXES,
    DRIFT_AXES,
    DRIFT_LEGEND,
    FACTORS,
    VOLUME_AXES,
    along_bond,
    drift_panels,
    drift_words,
    over_volume,
    times_ps,
)
from mlipguide.report.figures.style import COLOURS, as_image, empty_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE_INCHES = (10.5, 7.5)


def rendered(data: StabilityData, form: str) -> bytes:
    """Return the picture.

    Args:
        data: What was found.
        form: ``png`` or ``svg``.
    """
    return as_image(lambda: _figure(data), form)


def _figure(data: StabilityData) -> Figure:
    figure = empty_figure(SIZE_INCHES)
    above, below = np.asarray(figure.subfigures(2, 1, height_ratios=(1.15, 1.0))).ravel()
    panels = above.subplots(1, len(FACTORS), sharey=True, squeeze=False)[0]
    lower = below.subplots(1, 2, squeeze=False)[0]
    colours = {one.model: COLOURS[place % len(COLOURS)] for place, one in enumerate(data.results)}
    for axes, panel in zip(panels, drift_panels(data), strict=True):
        for model, curve in panel.curves:
            _drift(axes, model, curve, colours[model.model])
        axes.set_title(panel.title, fontsize=10)
        axes.set_xlabel(DRIFT_AXES[0])
    panels[0].set_ylabel(DRIFT_AXES[1])
    for model in data.results:
        _scan(lower[0], model, over_volume(model), colours[model.model])
        _scan(lower[1], model, along_bond(model), colours[model.model])
    for axes, (across, up) in zip(lower, (VOLUME_AXES, BOND_AXES), strict=True):
        axes.set(xlabel=across, ylabel=up)
    for axes in (*panels, *lower):
        _dress(axes)
    handles, labels = panels[1].get_legend_handles_labels()
    if handles:
        panels[1].legend(handles, labels, fontsize=8, loc="best", frameon=True, framealpha=0.9, edgecolor="0.85")
    above.suptitle(
        f"{data.structure.formula} at {data.temperature_k:g} K. {DRIFT_LEGEND}",
        fontsize=10,
        x=0.01,
        ha="left",
    )
    return figure


def _drift(axes: Axes, model: ModelStability, curve: DriftCurve, colour: str) -> None:
    times = times_ps(curve)
    axes.plot(times, curve.energy_mev_per_atom, color=colour, linewidth=0.6, alpha=0.55)
    corrected = [math.nan if value is None else value for value in curve.corrected_mev_per_atom]
    axes.plot(times, corrected, color=colour, linewidth=2.0, label=drift_words(model, curve))


def _scan(axes: Axes, model: ModelStability, points: Sequence[tuple[float, float]], colour: str) -> None:
    if not points:
        return
    x, y = zip(*points, strict=True)
    axes.plot(x, y, color=colour, marker="o", markersize=3.5, linewidth=1.2, label=model.name)
    axes.legend(fontsize=8, frameon=True, framealpha=0.9, edgecolor="0.85")


def _dress(panel: Axes) -> None:
    panel.grid(color="0.9", linewidth=0.7)
    panel.set_axisbelow(True)
    panel.tick_params(labelsize=9)
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)


def save_stability(data: StabilityData, path: Path) -> None:
    """Write the plot.

    Raises:
        InputError: The ending is not known.
        StorageError: It cannot be written.
    """
    write_picture(path, partial(rendered, data))
