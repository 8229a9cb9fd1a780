"""What a pilot that was done here says of one model: frames for a target, the error to be expected, and the times.

Errors follow the learning curve of the pilot's fits (``training/learning_curve.py``), which is believed up to four
times the data. The time of training follows t = t0 (n / n0)^k from the largest fits, n0: k is fitted to all fits of the
model within the data. Beyond it k lies between the fitted one and 1 for least squares, whose equations are set up frame
by frame while solving them costs the same, and between 0 and the fitted one for training in a fixed number of steps,
where only the judgements on the way grow with the frames. The time of a step is taken in proportion to the atoms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mlipguide.core.readable import duration, number
from mlipguide.records.advice.strategy import Reckoned
from mlipguide.records.estimate import Basis, Estimate, around, exactly
from mlipguide.records.training.kept_training import KeptCurve, KeptPilot
from mlipguide.records.training.training import Engine
from mlipguide.stats.bursts import NORMAL_90
from mlipguide.training.pilot.learning_curve import CERTAIN, FittedCurve, Need

LEAST_SQUARES = frozenset({Engine.POD})
"""Engines whose time grows with the frames; the others take a fixed number of steps."""
EXPONENTS = (0.0, 1.0)
DRIFT = 0.1
"""Relative standard deviation of a time at another moment, at least: the speed of a shared machine drifts by as much
(measured; see the README)."""
REACH_OF_DOUBLING = 1.05
"""By which the time for an atom may change with each doubling of the atoms: caches, neighbour lists (a judgement)."""
FIXED_SHARE = 0.1
"""Of a step of the timed structure that may not depend on its atoms, at most (a judgement)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TriedModel:
    """One model of a pilot.

    Attributes:
        pilot: Of which.
        kept: Its fits and times.
        curve: Behind the errors; None from fits with fewer than three numbers of frames.
        here: Whether its times hold for the hardware that is asked about.
        at_hand: Labelled frames that are there to be learned from.
    """

    pilot: KeptPilot
    kept: KeptCurve
    curve: FittedCurve | None
    here: bool
    at_hand: int

    @property
    def name(self) -> str:
        """What it is called."""
        base = "" if self.kept.base_model is None else f" of {self.kept.base_model}"
        return f"{self.kept.engine.value} {self.kept.size}{base}"

    @property
    def by(self) -> str:
        """The pilot in words."""
        return f"your pilot in {self.pilot.folder} ({self.pilot.made_at[:10]})"

    @property
    def source(self) -> str:
        """The pilot as a source."""
        return f"pilot {self.name} in {self.pilot.folder}, {self.pilot.made_at[:10]}"


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a model comes to on a system.

    Attributes:
        frames: To be learned from in all; None where that cannot be said.
        error: Force MAE with them, eV/Å; where their number cannot be said, with the most that can be predicted.
        words: Both, in a sentence.
        rejections: Why it will not reach the wanted error.
        doubts: Why it may not.
    """

    frames: Estimate | None
    error: Estimate
    words: str
    rejections: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def outlook(model: TriedModel, limit: float | None) -> Outlook:
    """Return the frames that a model needs and its error with them.

    Args:
        model: That was tried.
        limit: The force error to reach, eV/Å; None where none is asked.
    """
    largest, curve = model.kept.most_frames, model.curve
    tried = _error_at(model, largest)
    found = (
        f"By {model.by}, {model.name} errs by {_mev(tried)} meV/Å on its test frames with {largest:,} frames to learn "
        f"from{_floor_words(model)}"
    )
    enough = max(largest, _believed(model, model.at_hand))
    if limit is None:
        return Outlook(frames=exactly(enough, source=model.source), error=_error_at(model, enough), words=f"{found}.")
    wanted = f"{limit * 1e3:.3g} meV/Å"
    mean = _mean_at(model, largest)
    need = None if curve is None else curve.need(limit)
    if need is None or curve is None:
        return _without_curve(model, limit, f"{found}.", mean)
    if mean > limit and need.frames is None:
        return _out_of_reach(model, curve, need, wanted)
    if need.frames is None or need.frames.value <= enough:
        error, frames = _error_at(model, enough), exactly(enough, source=model.source)
        doubts = _straddling(model, error, limit, wanted, need)
        fewest = "" if need.frames is None else f"; about {max(curve.smallest, need.frames.value):,.0f} reach {wanted}"
        return Outlook(frames=frames, error=error, words=f"{found}{fewest}.", doubts=doubts)
    count = min(round(need.frames.value), curve.farthest)
    known = math.isfinite(need.frames.high) and need.frames.high <= curve.farthest
    frames = Estimate(
        value=float(count),
        low=min(need.frames.low, count) if known else None,
        high=max(need.frames.high, count) if known else None,
        basis=Basis.FITTED if count <= largest else Basis.EXTRAPOLATED,
        source=model.source,
    )
    span = f" ({need.frames.low:,.0f} to {need.frames.high:,.0f})" if known else ""
    chance = (
        f"{model.name} reaches {wanted} within four times the frames tried with a chance of {need.probability:.0%}."
    )
    doubts = () if need.probability >= CERTAIN else (chance,)
    return Outlook(
        frames=frames,
        error=_error_at(model, count),
        words=f"{found}; about {count:,} frames{span} reach {wanted}.",
        doubts=doubts,
    )


def training_time(model: TriedModel, frames: Estimate) -> Reckoned | None:
    """Return how long a model trains on a number of frames; None where it was not timed on this machine."""
    timed = [(fit.frames, fit.train_s) for fit in model.kept.fits if fit.train_s is not None and fit.train_s > 0]
    if not model.here or not timed:
        return None
    sizes, times = (np.log(np.array(ends, dtype=float)) for ends in zip(*timed, strict=True))
    largest = max(count for count, _ in timed)
    start = float(times[sizes == sizes.max()].mean())
    slope, scatter = 1.0 if model.kept.engine in LEAST_SQUARES else 0.0, DRIFT
    if np.ptp(sizes) > 0:
        slope, level = np.polyfit(sizes, times, 1)
        rest = times - slope * sizes - level
        slope = float(np.clip(slope, *EXPONENTS))
        scatter = max(DRIFT, float(np.sqrt((rest**2).sum() / max(1, len(rest) - 2))))
    along = math.log(frames.value / largest)
    low, high = slope, slope
    if along > 0:
        low, high = (slope, EXPONENTS[1]) if model.kept.engine in LEAST_SQUARES else (EXPONENTS[0], slope)
    exponent = (low + high) / 2
    each = around(
        math.exp(start) / largest**exponent,
        math.exp(math.hypot(NORMAL_90 * scatter, (high - low) / 2 * along)),
        basis=Basis.MEASURED if frames.value == largest else Basis.FITTED if along <= 0 else Basis.EXTRAPOLATED,
        source=model.source,
    )
    found = each.times(frames.raised(exponent))
    law = (
        f"least squares, growing as the frames to the power of {exponent:.2g}"
        if model.kept.engine in LEAST_SQUARES
        else "a fixed number of steps, so that more frames take hardly longer"
    )
    return Reckoned(
        estimate=found,
        words=(
            f"Training: {model.name} took {duration(math.exp(start))} with {largest:,} frames in that pilot ({law}): "
            f"{duration(found.value)} with {frames.told(number)}."
        ),
    )


def timed_step(per_atom_s: Estimate, timed_atoms: int, atoms: int, *, name: str, source: str) -> Reckoned:
    """Return the time of a step from that of a structure of another size on the same machine.

    Args:
        per_atom_s: Time of a step over the atoms of the timed structure.
        timed_atoms: Its atoms.
        atoms: Of the structure that is asked about.
        name: Of the potential.
        source: Of the timing.
    """
    carried = 1.0 + FIXED_SHARE * max(0.0, timed_atoms / atoms - 1.0)
    doublings = abs(math.log2(atoms / timed_atoms))
    moved = Estimate(
        value=1.0,
        low=math.exp(-NORMAL_90 * DRIFT) * REACH_OF_DOUBLING**-doublings,
        high=math.exp(NORMAL_90 * DRIFT) * max(carried, REACH_OF_DOUBLING**doublings),
        basis=Basis.MEASURED if atoms == timed_atoms else Basis.EXTRAPOLATED,
        source=source,
    )
    step = per_atom_s.scaled(atoms)
    low, high = moved.at_least * step.at_least, moved.at_most * step.at_most
    basis = max(step.basis, moved.basis, key=lambda one: one.rank)
    return Reckoned(
        estimate=Estimate(value=step.value, low=low, high=high, basis=basis, source=source),
        words=(
            f"{name} takes {number(per_atom_s.value * 1e6)} µs for an atom and a step on this machine, measured with "
            f"{timed_atoms:,} atoms."
        ),
    )


def step_time(model: TriedModel, atoms: int) -> Reckoned | None:
    """Return the time of a step of so many atoms; None where it was not timed on this machine."""
    kept = model.kept
    if not model.here or kept.time_per_atom_s is None or kept.timed_atoms is None:
        return None
    return timed_step(kept.time_per_atom_s, kept.timed_atoms, atoms, name=model.name, source=model.source)


def _without_curve(model: TriedModel, limit: float, found: str, mean: float) -> Outlook:
    """Return what fits with one or two numbers of frames say: nothing of others."""
    largest = model.kept.most_frames
    error = _error_at(model, largest)
    if mean <= limit:
        return Outlook(frames=exactly(largest, source=model.source), error=error, words=found)
    doubt = f"Whether {model.name} reaches {limit * 1e3:.3g} meV/Å with more frames cannot be told from so few fits."
    return Outlook(frames=None, error=error, words=found, doubts=(doubt,))


def _out_of_reach(model: TriedModel, curve: FittedCurve, need: Need, wanted: str) -> Outlook:
    """Return that a target is not expected within what the curve is believed for; for certain, or probably."""
    error = _error_at(model, curve.farthest)
    expected = f"{_mev(error)} meV/Å are expected even with {curve.farthest:,} frames"
    if need.probability_reachable <= 1 - CERTAIN:
        words = f"By {model.by}, {model.name} will not reach {wanted}: {expected}."
        return Outlook(frames=None, error=error, words=words, rejections=(words,))
    words = (
        f"By {model.by}, {wanted} is not expected of {model.name} within four times the frames tried (chance "
        f"{need.probability:.0%}): {expected}."
    )
    return Outlook(frames=None, error=error, words=words, doubts=(words,))


def _straddling(model: TriedModel, error: Estimate, limit: float, wanted: str, need: Need) -> tuple[str, ...]:
    """Return the doubt of a fit that may lie on either side of the target, unless more frames are known to do.

    A fit that was done and reached it on the test frames is not in doubt.
    """
    reached = error.basis is Basis.MEASURED and error.value <= limit
    if reached or error.at_most <= limit or need.probability >= CERTAIN:
        return ()
    return (f"By {model.by}, a fit of {model.name} may err by {_mev(error)} meV/Å; {wanted} asked.",)


def _mean_at(model: TriedModel, frames: int) -> float:
    errors = [fit.force_mae_ev_per_angstrom for fit in model.kept.fits if fit.frames == frames]
    return sum(errors) / len(errors)


def _error_at(model: TriedModel, frames: int) -> Estimate:
    """Return the error with so many frames: as measured where fits had them, else that of the next fit by the curve.

    What was measured has the interval of the curve's mean; without a curve it is not known.
    """
    curve, largest = model.curve, model.kept.most_frames
    if curve is None or frames == largest:
        mean = _mean_at(model, largest)
        known = None if curve is None else curve.mean_at(largest)
        return Estimate(
            value=mean,
            low=None if known is None else min(known.low, mean),
            high=None if known is None else max(known.high, mean),
            basis=Basis.MEASURED,
            source=model.source,
        )
    found = curve.fit_at(frames)
    basis = Basis.FITTED if frames < largest else Basis.EXTRAPOLATED
    return Estimate(value=found.value, low=found.low, high=found.high, basis=basis, source=model.source)


def _believed(model: TriedModel, frames: int) -> int:
    """Return the frames, as far as the errors can be predicted."""
    return min(frames, model.kept.most_frames if model.curve is None else model.curve.farthest)


def _floor_words(model: TriedModel) -> str:
    if model.curve is None:
        return ""
    floor = model.curve.floor
    return f" and falls towards {floor.value * 1e3:.3g} ({floor.low * 1e3:.3g} to {floor.high * 1e3:.3g}) with more"


def _mev(error: Estimate) -> str:
    spread = "" if error.low is None or error.high is None else f" ({error.low * 1e3:.3g} to {error.high * 1e3:.3g})"
    return f"{error.scaled(1e3).told(number)}{spread}"
