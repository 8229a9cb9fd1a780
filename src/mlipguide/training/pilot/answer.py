"""From the finished fits of a pilot to what it says: points, curves, the best of each, the potential."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from mlipguide.records.accuracy.accuracy import ErrorGap
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.training.pilot import (
    BestAt,
    ErrorAt,
    GroupErrors,
    HeldOutErrors,
    LeftOut,
    ModelSpeed,
    PilotCurve,
    PilotPoint,
    Reach,
    TrainedPotential,
)
from mlipguide.records.training.training import Engine, FrameDeviation
from mlipguide.stats.energy_shifts import ShiftedEnergies
from mlipguide.stats.errors import energy_mae, force_mae, force_rmse
from mlipguide.stats.frame_means import FrameMean
from mlipguide.training.fit.held_out_errors import is_worse_than_nothing
from mlipguide.training.pilot.learning_curve import CERTAIN, CurveDatum, FittedCurve, Need, Range, fit_curve
from mlipguide.training.pilot.pilot_plan import Skipped
from mlipguide.training.pilot.run import DoneFit

CURVE_POINTS = 33
Model = tuple[Engine, str]


def errors_together(
    errors: Sequence[FrameDeviation], source: str, *, shifted: ShiftedEnergies | None = None
) -> HeldOutErrors:
    """Return the errors on all frames together.

    Args:
        errors: Of the frames.
        source: What they are of.
        shifted: Errors of the energies after a shift for each element; None for the energies as they are.
    """
    force = force_mae(errors)
    energy = energy_mae(errors) if shifted is None else shifted.mae
    return HeldOutErrors(
        frames=len(errors),
        independent_frames=None if force is None else force.independent,
        force_gap=_gap(force),
        force_mae_ev_per_angstrom=_measured(force, source),
        force_rmse_ev_per_angstrom=force_rmse(errors),
        energy_gap=_gap(energy) if shifted is None else shifted.gap,
        energy_mae_ev_per_atom=_measured(energy, source),
    )


def _gap(mean: FrameMean | None) -> ErrorGap | None:
    return ErrorGap.TOO_FEW_FRAMES if mean is not None and mean.low is None else None


def group_errors(errors: Sequence[FrameDeviation], source: str) -> tuple[GroupErrors, ...]:
    """Return the errors of each group; nothing where the frames name none."""
    groups: dict[str, list[FrameDeviation]] = defaultdict(list)
    for one in errors:
        if one.group is not None:
            groups[one.group].append(one)
    return tuple(
        GroupErrors(group=name, errors=errors_together(known, source)) for name, known in sorted(groups.items())
    )


def points_of(done: Sequence[DoneFit]) -> tuple[PilotPoint, ...]:
    """Return the fits that gave a potential, by model and number of frames."""
    return tuple(
        PilotPoint(
            engine=one.fit.engine,
            size=one.fit.size,
            frames=one.fit.frames,
            repeat=one.fit.repeat,
            parameters=one.record.potential.parameters,
            errors=errors_together(one.record.errors, one.folder.name),
            train_s=one.record.potential.train_s,
            fit=one.folder.name,
        )
        for one in sorted(done, key=lambda one: one.fit)
        if one.record.potential is not None
    )


def curves_of(points: Sequence[PilotPoint], target: float | None) -> tuple[PilotCurve, ...]:
    """Return the learning curve of each model of which enough fits were done."""
    found = []
    for (engine, size), mine in by_model(points).items():
        data = [
            CurveDatum(point.frames, point.errors.force_mae_ev_per_angstrom.value, point.repeat)
            for point in mine
            if point.errors.force_mae_ev_per_angstrom is not None
        ]
        curve = fit_curve(data)
        if curve is not None:
            found.append(_curve(engine, size, data, curve, target))
    return tuple(found)


def _curve(
    engine: Engine, size: str, data: Sequence[CurveDatum], curve: FittedCurve, target: float | None
) -> PilotCurve:
    source = f"{len(data)} fits"
    need = None if target is None else curve.need(target)
    frames = None if need is None or need.frames is None else need.frames
    finite = frames is not None and math.isfinite(frames.high)
    basis = Basis.FITTED if frames is not None and frames.value <= curve.largest else Basis.EXTRAPOLATED
    return PilotCurve(
        engine=engine,
        size=size,
        fits=len(data),
        smallest_frames=curve.smallest,
        largest_frames=curve.largest,
        floor_ev_per_angstrom=_fitted(curve.floor, source),
        scale_ev_per_angstrom=_fitted(curve.scale, source),
        exponent=_fitted(curve.exponent, source),
        curve=tuple(
            ErrorAt(
                frames=count,
                force_mae_ev_per_angstrom=_fitted(curve.mean_at(count), source, beyond=count > curve.largest),
                one_fit_ev_per_angstrom=_fitted(curve.fit_at(count), source, beyond=count > curve.largest),
            )
            for count in _steps(curve)
        ),
        reach=None if need is None or target is None else _reach(need, data, target),
        frames_for_target=None
        if frames is None
        else Estimate(
            value=frames.value,
            low=frames.low if finite else None,
            high=frames.high if finite else None,
            basis=basis,
            source=source,
        ),
        fewest_frames_for_target=None if need is None else need.low,
        probability_of_target=None if need is None else need.probability,
    )


def _reach(need: Need, data: Sequence[CurveDatum], target: float) -> Reach:
    largest = max(one.frames for one in data)
    last = [one.error for one in data if one.frames == largest]
    if sum(last) / len(last) <= target:
        return Reach.REACHED
    if need.frames is not None:
        return Reach.REACHABLE
    return Reach.NEVER if need.probability_reachable <= 1 - CERTAIN else Reach.BEYOND


def best_at(points: Sequence[PilotPoint], curves: Sequence[PilotCurve]) -> tuple[BestAt, ...]:
    """Return the most accurate model at each number of frames that any was fitted on."""
    found = []
    for frames in sorted({point.frames for point in points}):
        means: dict[Model, float] = {}
        for model, mine in by_model(points).items():
            errors = [
                point.errors.force_mae_ev_per_angstrom.value
                for point in mine
                if point.frames == frames and point.errors.force_mae_ev_per_angstrom is not None
            ]
            if errors:
                means[model] = sum(errors) / len(errors)
        if not means:
            continue
        engine, size = min(means, key=lambda model: (means[model], model))
        intervals = {
            (curve.engine, curve.size): at.force_mae_ev_per_angstrom
            for curve in curves
            for at in curve.curve
            if at.frames == frames
        }
        mine_interval = intervals.get((engine, size))
        others = [interval for model, interval in intervals.items() if model != (engine, size)]
        found.append(
            BestAt(
                frames=frames,
                engine=engine,
                size=size,
                force_mae_ev_per_angstrom=means[(engine, size)],
                clearly=mine_interval is not None
                and 0 < len(others) == len(means) - 1
                and all(mine_interval.at_most < other.at_least for other in others),
            )
        )
    return tuple(found)


def best_potential(
    done: Sequence[DoneFit],
    speeds: Mapping[Model, ModelSpeed],
    *,
    target: float | None,
    trivial_ev_per_angstrom: float,
) -> TrainedPotential | None:
    """Return the potential that is worth using: the fastest that reaches the target, else the most accurate.

    Of each model only the fits to the most frames count.

    Args:
        done: Finished fits.
        speeds: Of the models.
        target: Wanted force MAE, eV/Å; None when none was asked for.
        trivial_ev_per_angstrom: Error of no forces at all; what is not better is none.
    """
    most: dict[Model, int] = {}
    for one in done:
        if one.record.potential is not None:
            most[one.fit.model] = max(one.fit.frames, most.get(one.fit.model, 0))
    usable = [
        one
        for one in done
        if one.fit.frames == most.get(one.fit.model)
        and one.record.potential is not None
        and not is_worse_than_nothing(one.record.errors, trivial_ev_per_angstrom)
    ]

    def error(one: DoneFit) -> float:
        mean = force_mae(one.record.errors)
        return math.inf if mean is None else mean.value

    def time_s(one: DoneFit) -> float:
        speed = speeds.get(one.fit.model)
        return math.inf if speed is None else speed.time_per_atom_s.value

    reached = [one for one in usable if target is not None and error(one) <= target]
    chosen = min(
        reached or usable,
        key=lambda one: (time_s(one), error(one)) if reached else (error(one), time_s(one)),
        default=None,
    )
    return None if chosen is None else trained_potential(chosen, speeds.get(chosen.fit.model))


def trained_potential(one: DoneFit, speed: ModelSpeed | None) -> TrainedPotential:
    """Return a finished fit as a potential that can be used."""
    potential = one.record.potential
    assert potential is not None
    return TrainedPotential(
        recipe=potential.recipe,
        folder=potential.folder,
        files=potential.files,
        frames=potential.frames,
        parameters=potential.parameters,
        train_s=potential.train_s,
        errors=errors_together(one.record.errors, one.folder.name),
        groups=group_errors(one.record.errors, one.folder.name),
        time_per_atom_s=None if speed is None else speed.time_per_atom_s,
    )


def left_out(skipped: Sequence[Skipped]) -> tuple[LeftOut, ...]:
    """Return what was not done, the repeats of a fit as one."""
    groups: dict[tuple[Engine, str, int, str], list[Skipped]] = defaultdict(list)
    for one in skipped:
        groups[(one.fit.engine, one.fit.size, one.fit.frames, one.reason)].append(one)
    return tuple(
        LeftOut(engine=engine, size=size, frames=frames, fits=len(mine), reason=reason, expected_s=mine[0].expected_s)
        for (engine, size, frames, reason), mine in groups.items()
    )


def by_model(points: Sequence[PilotPoint]) -> dict[Model, list[PilotPoint]]:
    """Return points by engine and size, in their order."""
    found: dict[Model, list[PilotPoint]] = defaultdict(list)
    for point in points:
        found[(point.engine, point.size)].append(point)
    return found


def _steps(curve: FittedCurve) -> list[int]:
    """Return whole numbers from the smallest subset as far as the curve is believed, the subsets' halves among them."""
    spaced = np.geomspace(curve.smallest, curve.farthest, CURVE_POINTS)
    halves = [math.ceil(curve.largest / 2**power) for power in range(8)]
    doubled = [curve.largest * 2, curve.farthest]
    return sorted({round(one) for one in spaced} | {one for one in halves if one >= curve.smallest} | set(doubled))


def _fitted(known: Range, source: str, *, beyond: bool = False) -> Estimate:
    basis = Basis.EXTRAPOLATED if beyond else Basis.FITTED
    return Estimate(value=known.value, low=known.low, high=known.high, basis=basis, source=source)


def _measured(mean: FrameMean | None, source: str) -> Estimate | None:
    return None if mean is None else mean.estimate(source)
