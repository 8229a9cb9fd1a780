"""What a picture of learning curves shows, drawn or on a page: the fits of each model, its law, models beside it."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.estimate import Estimate
from mlipguide.records.training.pilot import ErrorAt, PilotCurve, PilotData
from mlipguide.report.words.pilot_words import label, mev, models_of

FRAMES_TITLE, ERROR_TITLE = "Frames learned from", "Force MAE on the test frames (meV/Å)"
BAND_WORDS = "bands: 90 % intervals of the mean; dashed beyond the data"
MOST_PRETRAINED = 4
"""Pretrained models beside the curves, the most accurate; more would hide them."""


@dataclass(frozen=True, kw_only=True)
class LearningSeries:
    """A model that was fitted to several numbers of frames.

    Attributes:
        label: Its name, with the time of a step where that is known.
        points: Frames and force MAE in eV/Å of each fit.
        curve: The law; None where there were too few fits.
    """

    label: str
    points: tuple[tuple[int, Estimate], ...]
    curve: PilotCurve | None


def learning_series(data: PilotData) -> tuple[LearningSeries, ...]:
    """Return the models in the order in which they are told."""
    curves = {(curve.engine, curve.size): curve for curve in data.learning_curve}
    speeds = {(one.engine, one.size): one.time_per_atom_s.value * 1e6 for one in data.speeds}
    return tuple(
        LearningSeries(
            label=label(*model) + (f", {speeds[model]:.3g} µs/atom" if model in speeds else ""),
            points=tuple(
                (point.frames, point.errors.force_mae_ev_per_angstrom)
                for point in data.points
                if (point.engine, point.size) == model and point.errors.force_mae_ev_per_angstrom is not None
            ),
            curve=curves.get(model),
        )
        for model in models_of(data)
    )


def parts_of(curve: PilotCurve) -> tuple[list[ErrorAt], list[ErrorAt]]:
    """Return the law as far as there are fits, and beyond; both have the point between."""
    inside = [one for one in curve.curve if one.frames <= curve.largest_frames]
    return inside, [one for one in curve.curve if one.frames >= curve.largest_frames]


def pretrained_beside(data: PilotData) -> tuple[tuple[str, Estimate], ...]:
    """Return pretrained models in words with their force MAE in eV/Å, the most accurate first."""
    known = [
        (f"{one.model}, pretrained", one.errors.force_mae_ev_per_angstrom)
        for one in data.pretrained
        if one.errors.force_mae_ev_per_angstrom is not None
    ]
    return tuple(sorted(known, key=lambda pair: (pair[1].value, pair[0]))[:MOST_PRETRAINED])


def target_words(target_ev_per_angstrom: float) -> str:
    """Return the goal as it stands at its line."""
    return f"target {mev(target_ev_per_angstrom)} meV/Å"


def frames_title(data: PilotData) -> str:
    """Return what the picture is about: the elements and the file of the labels."""
    return f"{' '.join(data.data.elements)} ({data.data.source.rpartition('/')[2]})"
