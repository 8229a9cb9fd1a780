"""The curves behind the tests of stability as a PNG or SVG file.

Top: total energy at constant energy for half the step, the step and twice the step; thin as it is, thick without what
the integrator causes. Bottom: energy over volume, and along the scan of a bond. One colour a model.
"""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlipguide.records.accuracy.stability import Curve, ModelStability, StabilityData
from mlipguide.report.figures.picture_files import write_picture
from mlipguide.report.figures.style import COLOURS, as_image, empty_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE_INCHES = (10.5, 7.5)
MOST_COLUMNS = 3


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
    panels = above.subplots(1, MOST_COLUMNS, sharey=True, squeeze=False)[0]
    lower = below.subplots(1, 2, squeeze=False)[0]
    for position, model in enumerate(data.results):
        colour = COLOURS[position % len(COLOURS)]
        _drifts(panels, model, data.timestep_s, colour)
        _curve(lower[0], model, model.equation_of_state, colour, per_atom=True)
        _curve(lower[1], model, model.bond_scan, colour, per_atom=False)
    panels[0].set_ylabel("Total energy (meV/atom)")
    for panel, factor in zip(panels, (0.5, 1.0, 2.0), strict=True):
        panel.set_title(f"constant energy, {data.timestep_s * factor * 1e15:g} fs", fontsize=10)
        panel.set_xlabel("Time (ps)")
    lower[0].set(xlabel="Volume (Å³/atom)", ylabel="Energy (meV/atom)")
    lower[1].set(xlabel="Displacement along the shortest bond (Å)", ylabel="Energy (eV)")
    for panel in (*panels, *lower):
        _dress(panel)
    handles, labels = panels[1].get_legend_handles_labels()
    if handles:
        panels[1].legend(handles, labels, fontsize=8, loc="best", frameon=True, framealpha=0.9, edgecolor="0.85")
    above.suptitle(
        f"{data.structure.formula} at {data.temperature_k:g} K. Thin: total energy; thick: without what the integrator "
        "causes",
        fontsize=10,
        x=0.01,
        ha="left",
    )
    return figure


def _drifts(panels: object, model: ModelStability, timestep_s: float, colour: str) -> None:
    for curve in model.drifts:
        panel: Axes = panels[round(math.log2(curve.timestep_s / timestep_s)) + 1]  # type: ignore[index]
        times = [time * 1e12 for time in curve.times_s]
        panel.plot(times, curve.energy_mev_per_atom, color=colour, linewidth=0.6, alpha=0.55)
        corrected = [math.nan if value is None else value for value in curve.corrected_mev_per_atom]
        label = f"{model.name}: {curve.drift_mev_per_atom_ps:.2g} meV/atom/ps"
        panel.plot(times, corrected, color=colour, linewidth=2.0, label=label)


def _curve(panel: Axes, model: ModelStability, curve: Curve | None, colour: str, *, per_atom: bool) -> None:
    if curve is None:
        return
    lowest = min(curve.energy_ev)
    if per_atom:
        x = [value / model.atoms for value in curve.x]
        y = [(energy - lowest) / model.atoms * 1e3 for energy in curve.energy_ev]
    else:
        x, y = list(curve.x), [energy - lowest for energy in curve.energy_ev]
    panel.plot(x, y, color=colour, marker="o", markersize=3.5, linewidth=1.2, label=model.name)
    panel.legend(fontsize=8, frameon=True, framealpha=0.9, edgecolor="0.85")


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
