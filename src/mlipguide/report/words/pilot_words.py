"""What a pilot found, in words and numbers that the page and the figure share."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.core.readable import duration, number
from mlipguide.records.estimate import Estimate
from mlipguide.records.training.pilot import HeldOutErrors, PilotCurve, PilotData, PilotPoint, Reach
from mlipguide.records.training.training import Engine
from mlipguide.report.words.error_words import gap_words
from mlipguide.report.words.formatting import cut, error_with_interval

MEV = 1e3
RESOLVED_EV = 1e-5
"""Electronic structure codes converge energies to some 1e-5 eV and forces no better: below, digits are noise."""
Model = tuple[Engine, str]


def label(engine: Engine, size: str) -> str:
    """Return what a model is called."""
    return f"{engine.value} {size}"


def mev(value: float) -> str:
    """Return eV as meV with three digits; what no label resolves, such as forces that symmetry forbids, as that."""
    if 0 < abs(value) < RESOLVED_EV:
        return f"<{RESOLVED_EV * MEV:g}"
    return number(value * MEV)


def between(estimate: Estimate) -> str:
    """Return value and interval in meV: ``70 (66 to 75)``; the value alone where the interval is not known."""
    if max(abs(estimate.at_least), abs(estimate.at_most)) < RESOLVED_EV:
        return mev(estimate.value)
    return error_with_interval(estimate, mev)


def errors_words(errors: HeldOutErrors) -> str:
    """Return the errors in a sentence's part."""
    parts = []
    if errors.force_mae_ev_per_angstrom is not None:
        parts.append(f"force MAE {force_words(errors)}")
    if errors.energy_mae_ev_per_atom is not None or errors.energy_gap is not None:
        parts.append(f"energy MAE {energy_words(errors)}")
    return ", ".join(parts)


def force_words(errors: HeldOutErrors) -> str:
    """Return the force MAE with its interval, or why there is none; a dash where the frames have no forces."""
    force = errors.force_mae_ev_per_angstrom
    return "–" if force is None else f"{between(force)} meV/Å{gap_words(errors.force_gap)}"


def energy_words(errors: HeldOutErrors) -> str:
    """Return the energy MAE with its interval, or why there is none; a dash where the frames have no energies."""
    energy = errors.energy_mae_ev_per_atom
    if energy is None:
        return "–" if errors.energy_gap is None else f"not known{gap_words(errors.energy_gap)}"
    return f"{between(energy)} meV/atom{gap_words(errors.energy_gap)}"


def models_of(data: PilotData) -> list[Model]:
    """Return engines and sizes in the order in which they were fitted, cheap sizes first."""
    first: dict[Model, int] = {}
    for point in data.points:
        model = (point.engine, point.size)
        first[model] = min(point.parameters, first.get(model, point.parameters))
    engines = list(dict.fromkeys(engine for engine, _ in first))
    return sorted(first, key=lambda model: (engines.index(model[0]), first[model], model[1]))


def points_at(points: Sequence[PilotPoint], model: Model, frames: int) -> list[Estimate]:
    """Return the force errors of a model's fits to so many frames."""
    found = [
        point.errors.force_mae_ev_per_angstrom
        for point in points
        if (point.engine, point.size) == model and point.frames == frames
    ]
    return [one for one in found if one is not None]


def mean_words(errors: Sequence[Estimate]) -> str:
    """Return the mean error in meV, with no more digits than those of the least certain mean something."""
    mean = sum(one.value for one in errors) / len(errors)
    return cut(mean, mev, min(one.digits for one in errors))


def reach_words(curve: PilotCurve, target: float) -> str:
    """Return whether a model comes to the target, and with how many frames."""
    wanted = f"{mev(target)} meV/Å"
    last, frames = curve.curve[-1], curve.frames_for_target
    if curve.reach is Reach.NEVER:
        there = between(last.force_mae_ev_per_angstrom)
        return f"will not reach {wanted}: {there} meV/Å are expected even with {last.frames:,} frames."
    if curve.reach is Reach.BEYOND:
        chance = f"{curve.probability_of_target or 0.0:.0%}"
        return f"{wanted} is not expected within {last.frames:,} frames, four times the data (chance {chance})."
    if curve.reach is Reach.REACHED:
        enough = (
            "" if frames is None or frames.value >= curve.largest_frames else _enough(frames, curve.smallest_frames)
        )
        return f"reaches {wanted} with the {curve.largest_frames:,} frames of its largest fit{enough}."
    least = curve.fewest_frames_for_target
    words = "" if least is None else f", {max(1, round(least)):,} at least"
    if frames is None:
        return f"may reach {wanted} within {last.frames:,} frames{words}."
    between_frames = frames_interval(frames, last.frames)
    if between_frames:
        words = f" {between_frames}"
    else:
        words += f"; chance within {last.frames:,} frames {curve.probability_of_target or 0.0:.0%}"
    return f"needs about {round(frames.value):,} frames{words} for {wanted}."


def frames_words(curve: PilotCurve) -> str:
    """Return how many frames a model needs for the target: ``450 (310 to 700)``; a dash where that is not known."""
    frames, least = curve.frames_for_target, curve.fewest_frames_for_target
    if frames is None:
        return "–"
    told = frames_interval(frames, curve.curve[-1].frames) or (
        "" if least is None else f"({max(1, round(least)):,} at least)"
    )
    return f"{max(1, round(frames.value)):,} {told}".rstrip()


def frames_interval(frames: Estimate, most: int) -> str:
    """Return the interval of a number of frames in brackets; empty where it ends beyond ``most``."""
    if frames.low is None or frames.high is None or frames.high > most:
        return ""
    return f"({max(1, round(frames.low)):,} to {round(frames.high):,})"


def _enough(frames: Estimate, smallest: int) -> str:
    return f"; about {max(smallest, round(frames.value)):,} may do"


def time_words(seconds: float | None) -> str:
    """Return a time, or a dash."""
    return "–" if seconds is None else duration(seconds)
