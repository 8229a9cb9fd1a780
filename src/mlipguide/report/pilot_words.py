"""What a pilot found, in words and numbers that the page and the figure share."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.core.readable import duration, number
from mlipguide.records.estimate import Estimate
from mlipguide.records.pilot import PilotCurve, PilotData, PilotPoint, Reach, TestErrors
from mlipguide.records.training import Engine

MEV = 1e3
Model = tuple[Engine, str]


def label(engine: Engine, size: str) -> str:
    """Return what a model is called."""
    return f"{engine.value} {size}"


def mev(value: float) -> str:
    """Return eV as meV with three digits."""
    return number(value * MEV)


def between(estimate: Estimate) -> str:
    """Return the interval in meV: ``70 (66 to 75)``; the value alone where it is not known."""
    if estimate.low is None or estimate.high is None:
        return mev(estimate.value)
    return f"{mev(estimate.value)} ({mev(estimate.low)} to {mev(estimate.high)})"


def errors_words(errors: TestErrors) -> str:
    """Return the errors in a sentence's part."""
    parts = []
    if errors.force_mae_ev_per_angstrom is not None:
        parts.append(f"force MAE {between(errors.force_mae_ev_per_angstrom)} meV/Å")
    if errors.energy_mae_ev_per_atom is not None:
        parts.append(f"energy MAE {between(errors.energy_mae_ev_per_atom)} meV/atom")
    return ", ".join(parts)


def models_of(data: PilotData) -> list[Model]:
    """Return engines and sizes in the order in which they were fitted, cheap sizes first."""
    first: dict[Model, int] = {}
    for point in data.points:
        model = (point.engine, point.size)
        first[model] = min(point.parameters, first.get(model, point.parameters))
    engines = list(dict.fromkeys(engine for engine, _ in first))
    return sorted(first, key=lambda model: (engines.index(model[0]), first[model], model[1]))


def points_at(points: Sequence[PilotPoint], model: Model, frames: int) -> list[float]:
    """Return the force errors of a model's fits to so many frames."""
    return [
        point.errors.force_mae_ev_per_angstrom.value
        for point in points
        if (point.engine, point.size) == model
        and point.frames == frames
        and point.errors.force_mae_ev_per_angstrom is not None
    ]


def reach_words(curve: PilotCurve, target: float) -> str:
    """Return whether a model comes to the target, and with how many frames."""
    wanted = f"{mev(target)} meV/Å"
    farthest = curve.curve[-1].frames
    frames = curve.frames_for_target
    fewest = curve.fewest_frames_for_target
    if curve.reach is Reach.NEVER:
        return f"will not reach {wanted}: about {between(curve.floor_ev_per_angstrom)} meV/Å remain with any data."
    if curve.reach is Reach.BEYOND:
        chance = f"{curve.probability_of_target or 0.0:.0%}"
        return f"{wanted} is not within {farthest:,} frames, four times the data (chance {chance})."
    if frames is None and curve.reach is Reach.REACHED:
        return f"reaches {wanted} with the {curve.largest_frames:,} frames of its largest fit."
    if frames is None:
        least = "" if fewest is None else f" ({max(1, round(fewest)):,} at least)"
        return f"may reach {wanted} within {farthest:,} frames{least}: chance {curve.probability_of_target or 0.0:.0%}."
    ends = (
        ""
        if frames.low is None or frames.high is None
        else f" ({max(1, round(frames.low)):,} to {min(round(frames.high), 10 * farthest):,})"
    )
    verb = "reaches" if curve.reach is Reach.REACHED else "needs"
    if verb == "reaches":
        return f"reaches {wanted} with about {max(1, round(frames.value)):,} frames{ends}."
    return f"needs about {round(frames.value):,} frames{ends} for {wanted}."


def time_words(seconds: float | None) -> str:
    """Return a time, or a dash."""
    return "–" if seconds is None else duration(seconds)
