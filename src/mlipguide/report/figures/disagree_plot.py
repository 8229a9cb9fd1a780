"""Disagreement over time as a PNG or SVG file, with the expected error and the frames to label.

Above, the disagreement of forces along the run, with the band of the expected force MAE; the points right of it are
distorted copies, which have no time. Below, energy and stress.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.core.readable import simulated_time
from mlipguide.core.units import GPA_PER_EV_ANGSTROM3
from mlipguide.records.accuracy.disagreement import Disagreement, FrameDisagreement, FrameKind
from mlipguide.report.figures.picture_files import write_picture
from mlipguide.report.figures.style import (
    CAPTION_WIDTH,
    as_image,
    empty_figure,
    structure_title,
    write_caption,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORCES, EXPECTED, WORST, LABEL = "#0072B2", "#56B4E9", "#D55E00", "#E69F00"
ENERGY, STRESS = "#009E73", "#CC79A7"
OF_COMPONENT, OF_ATOM, TO_LABEL = "disagreement of a force component", "worst atom, force as a vector", "to label"
"""What points are."""
GAP = 0.06
"""Of the length of the run, between it and the first distorted copy, and from one to the next."""


def rendered(data: Disagreement, form: str) -> bytes:
    """Return the picture.

    Args:
        data: What was found.
        form: ``png`` or ``svg``.
    """
    return as_image(lambda: _figure(data), form)


def _figure(data: Disagreement) -> Figure:
    figure = empty_figure()
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.2, 1])
    run = [one for one in data.frames if one.kind is FrameKind.DYNAMICS]
    distorted = [one for one in data.frames if one.kind is FrameKind.DISTORTED]
    places = _places(run, distorted)
    _draw_forces(above, data, run, distorted, places)
    _draw_others(below, run, places)
    if distorted:
        begin = min(places[one.frame] for one in distorted) - _step(run) / 2
        end = max(places.values()) + _step(run) / 2
        for axes in (above, below):
            axes.axvspan(begin, end, color="0.95", zorder=0, linewidth=0)
        above.annotate(
            "distorted copies",
            (end, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-4, -12),
            horizontalalignment="right",
            textcoords="offset points",
            fontsize=9,
            color="0.35",
        )
    for axes in (above, below):
        axes.set(ylim=(0, None), xlim=(0, max(places.values(), default=1.0) + _step(run) / 2))
        axes.grid(which="major", color="0.88", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines["top"].set_visible(False)
    _mark_times(below, run)
    _caption(above, data)
    return figure


def expected_label(data: Disagreement) -> str:
    """Return what the band of the expected error is."""
    return f"expected force MAE, 90 % ({data.overall.expected_force_mae_ev_per_angstrom.basis.value})"


def _places(run: Sequence[FrameDisagreement], distorted: Sequence[FrameDisagreement]) -> dict[int, float]:
    """Return where each frame stands, in fs: those without a time to the right of the run."""
    places = {one.frame: (one.time_s or 0.0) * 1e15 for one in run}
    end = max(places.values(), default=0.0)
    for count, one in enumerate(distorted):
        places[one.frame] = end + (count + 1) * _step(run)
    return places


def _step(run: Sequence[FrameDisagreement]) -> float:
    end = max(((one.time_s or 0.0) * 1e15 for one in run), default=0.0)
    return GAP * end if end else 1.0


def _draw_forces(
    axes: Axes,
    data: Disagreement,
    run: Sequence[FrameDisagreement],
    distorted: Sequence[FrameDisagreement],
    places: dict[int, float],
) -> None:
    for frames, line in ((run, "-"), (distorted, "none")):
        across = [places[one.frame] for one in frames]
        axes.plot(
            across,
            [one.force_disagreement_ev_per_angstrom * 1e3 for one in frames],
            color=FORCES,
            linestyle=line,
            marker="o",
            markersize=4,
            linewidth=1.6,
            label=OF_COMPONENT if frames is run or not run else None,
            zorder=4,
        )
        expected = [one.expected_force_mae_ev_per_angstrom for one in frames]
        if line == "-":
            axes.fill_between(
                across,
                [one.at_least * 1e3 for one in expected],
                [one.at_most * 1e3 for one in expected],
                color=EXPECTED,
                alpha=0.2,
                linewidth=0,
                label=expected_label(data),
                zorder=2,
            )
        axes.plot(
            across,
            [one.largest_atom_disagreement_ev_per_angstrom * 1e3 for one in frames],
            color=WORST,
            linestyle="none",
            marker="^",
            markersize=4,
            alpha=0.8,
            label=OF_ATOM if frames is run or not run else None,
            zorder=3,
        )
    if data.to_label is not None:
        chosen = [one for one in data.frames if one.frame in data.to_label.frames and one.frame in places]
        axes.plot(
            [places[one.frame] for one in chosen],
            [one.force_disagreement_ev_per_angstrom * 1e3 for one in chosen],
            linestyle="none",
            marker="o",
            markersize=9,
            markerfacecolor="none",
            markeredgecolor=LABEL,
            markeredgewidth=1.6,
            label=TO_LABEL,
            zorder=5,
        )
    if data.tolerance_ev_per_angstrom is not None:
        axes.axhline(data.tolerance_ev_per_angstrom * 1e3, color="0.4", linewidth=1, linestyle=(0, (4, 2)))
    axes.set_ylabel("Forces (meV/Å)")
    axes.legend(loc="upper left", fontsize=9, frameon=True, framealpha=0.9, edgecolor="0.85", ncols=2)
    axes.set_ylim(top=1.25 * max(one.largest_atom_disagreement_ev_per_angstrom * 1e3 for one in data.frames) or 1.0)
    axes.spines["right"].set_visible(False)


def _draw_others(axes: Axes, run: Sequence[FrameDisagreement], places: dict[int, float]) -> None:
    energy = [
        (places[one.frame], one.energy_disagreement_ev_per_atom * 1e3)
        for one in run
        if one.energy_disagreement_ev_per_atom is not None
    ]
    stress = [
        (places[one.frame], one.stress_disagreement_ev_per_angstrom3 * GPA_PER_EV_ANGSTROM3)
        for one in run
        if one.stress_disagreement_ev_per_angstrom3 is not None
    ]
    axes.plot([x for x, _ in energy], [y for _, y in energy], color=ENERGY, linewidth=1.4, marker="o", markersize=3)
    axes.set_ylabel("Energy (meV/atom)", color=ENERGY)
    axes.set_ylim(top=1.15 * max((y for _, y in energy), default=1.0) or 1.0)
    if stress:
        right = axes.twinx()
        right.plot(
            [x for x, _ in stress], [y for _, y in stress], color=STRESS, linewidth=1.4, marker="s", markersize=3
        )
        right.set_ylabel("Stress (GPa)", color=STRESS)
        right.set_ylim(bottom=0, top=1.15 * max(y for _, y in stress) or 1.0)
        right.spines["top"].set_visible(False)


def _mark_times(axes: Axes, run: Sequence[FrameDisagreement]) -> None:
    """Put numbers only along the run: what is right of it has no time."""
    axes.set_xlabel("Simulated time (fs)" if run else "Distorted copies, one after another")
    end = max(((one.time_s or 0.0) * 1e15 for one in run), default=0.0)
    axes.set_xticks([tick for tick in axes.get_xticks() if 0 <= tick <= end])


def _caption(axes: Axes, data: Disagreement) -> None:
    run = data.run
    how = (
        "no run"
        if run is None
        else f"{simulated_time(run.simulated_s)} at {run.temperature_k:g} K in steps of "
        f"{simulated_time(run.timestep_s)} with {run.model}{', which exploded' if run.unstable else ''}"
    )
    words = f"{', '.join(data.models)} on {data.atoms} atoms; {how}"
    write_caption(axes, structure_title(data.structure), textwrap.wrap(words, CAPTION_WIDTH))


def save_disagreement(data: Disagreement, path: Path) -> None:
    """Write the picture.

    Raises:
        InputError: The ending is not known, or there is no folder.
        StorageError: It cannot be written.
    """
    write_picture(path, partial(rendered, data))
