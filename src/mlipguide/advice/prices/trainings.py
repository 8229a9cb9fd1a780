"""What a training that was done here says of a model: frames for a target, the error to be expected, and the times.

Errors hold wherever it was done; times only on the machine that they were taken on.

Errors follow the learning curve of the pilot's fits (``training/pilot/learning_curve.py``), which is believed up to
four times the data. The time of training follows t = t0 (n / n0)^k from the largest fits, n0: k is fitted to all fits
of the model within the data. Beyond it k lies between the fitted one and 1 for least squares, whose equations are set
up frame by frame while solving them costs the same, and between 0 and the fitted one for training in a fixed number of
steps, where only the judgements on the way grow with the frames. The time of a step is taken in proportion to the
atoms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from mlipguide.advice.prices.labels import Labels, by_a_model
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.strategy import Reckoned, TrainedBefore, TrainingKind
from mlipguide.records.estimate import Basis, Estimate, around, exactly, less_trusted
from mlipguide.records.training.kept_training import KeptCurve, KeptDistillation, KeptPilot
from mlipguide.records.training.training import Engine
from mlipguide.stats.bursts import NORMAL_90
from mlipguide.training.pilot.learning_curve import CERTAIN, FittedCurve

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
AGAIN = 1.25
"""By which a distillation that is done anew may differ from the one before, in time and in error: fits of one model
differ by about a quarter in time (``training/pilot/pilot_plan.py``); for the error it is a judgement."""


class _TrainedHere:
    """A training that was done here, or on another machine."""

    kind: ClassVar[TrainingKind]
    kept: KeptCurve | KeptDistillation
    here: bool

    @property
    def made(self) -> KeptPilot | KeptDistillation:
        """When and where it was done."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """What the potential is called."""
        return f"{self.kept.engine.value} {self.kept.size}"

    @property
    def by(self) -> str:
        """The training in words."""
        return f"your {self.kind.value} in {self.made.folder} ({self.made.made_at[:10]})"

    @property
    def source(self) -> str:
        """The training as a source."""
        return f"{self.kind.value} in {self.made.folder}, {self.made.made_at[:10]}"

    def step_time(self, atoms: int) -> Reckoned | None:
        """Return the time of a step of so many atoms; None where it was not timed on this machine."""
        each, timed_atoms = self.kept.time_per_atom_s, self.kept.timed_atoms
        if not self.here or each is None or timed_atoms is None:
            return None
        step, doublings = each.scaled(atoms), abs(math.log2(atoms / timed_atoms))
        carried = 1.0 + FIXED_SHARE * max(0.0, timed_atoms / atoms - 1.0)
        return Reckoned(
            estimate=Estimate(
                value=step.value,
                low=math.exp(-NORMAL_90 * DRIFT) * REACH_OF_DOUBLING**-doublings * step.at_least,
                high=math.exp(NORMAL_90 * DRIFT) * max(carried, REACH_OF_DOUBLING**doublings) * step.at_most,
                basis=step.basis if atoms == timed_atoms else less_trusted(step.basis, Basis.EXTRAPOLATED),
                source=self.source,
            ),
            words=(
                f"{self.name} takes {number(each.value * 1e6)} µs for an atom and a step on this machine, measured "
                f"with {timed_atoms:,} atoms."
            ),
        )

    def before(self, words: str, command: str | None = None) -> TrainedBefore:
        """Return it as a price names it, with what it says of the task and the command that leads to the potential."""
        return TrainedBefore(
            kind=self.kind,
            folder=self.made.folder,
            made_at=self.made.made_at,
            engine=self.kept.engine,
            size=self.kept.size,
            same_machine=self.here,
            model=self.kept.model if isinstance(self.kept, KeptDistillation) else None,
            words=words,
            command=command,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class TriedModel(_TrainedHere):
    """One model of a pilot.

    Attributes:
        pilot: Of which.
        kept: Its fits and times.
        curve: Behind the errors; None from fits with fewer than three numbers of frames.
        here: Whether its times hold for the hardware that is asked about.
        at_hand: Labelled frames that are there to be learned from.
    """

    kind = TrainingKind.PILOT
    pilot: KeptPilot
    kept: KeptCurve
    curve: FittedCurve | None
    here: bool
    at_hand: int

    @property
    def made(self) -> KeptPilot:
        """When and where it was done."""
        return self.pilot

    @property
    def name(self) -> str:
        """What it is called."""
        return super().name + ("" if self.kept.base_model is None else f" of {self.kept.base_model}")

    @property
    def source(self) -> str:
        """The pilot as a source."""
        return super().source.replace("pilot", f"pilot {self.name}", 1)

    def training_time(self, frames: Estimate) -> Reckoned | None:
        """Return how long it trains on a number of frames; None where it was not timed on this machine."""
        timed = [(fit.frames, fit.train_s) for fit in self.kept.fits if fit.train_s is not None and fit.train_s > 0]
        if not self.here or not timed:
            return None
        sizes, times = (np.log(np.array(ends, dtype=float)) for ends in zip(*timed, strict=True))
        largest, grows = max(count for count, _ in timed), self.kept.engine in LEAST_SQUARES
        start = float(times[sizes == sizes.max()].mean())
        slope, scatter = 1.0 if grows else 0.0, DRIFT
        if np.ptp(sizes) > 0:
            slope, level = np.polyfit(sizes, times, 1)
            rest = times - slope * sizes - level
            slope = float(np.clip(slope, *EXPONENTS))
            scatter = max(DRIFT, float(np.sqrt((rest**2).sum() / max(1, len(rest) - 2))))
        along = math.log(frames.value / largest)
        end = slope if along <= 0 else EXPONENTS[1] if grows else EXPONENTS[0]
        exponent = (slope + end) / 2
        each = around(
            math.exp(start) / largest**exponent,
            math.exp(math.hypot(NORMAL_90 * scatter, (end - slope) / 2 * along)),
            basis=Basis.MEASURED if frames.value == largest else Basis.FITTED if along <= 0 else Basis.EXTRAPOLATED,
            source=self.source,
        )
        found = each.times(frames.raised(exponent))
        law = (
            f"least squares, growing as the frames to the power of {exponent:.2g}"
            if grows
            else "a fixed number of steps, so that more frames take hardly longer"
        )
        return Reckoned(
            estimate=found,
            words=(
                f"Training: {self.name} took {duration(math.exp(start))} with {largest:,} frames in that pilot "
                f"({law}): {duration(found.value)} with {frames.told(number)}."
            ),
        )


@dataclass(frozen=True, kw_only=True)
class DistilledBefore(_TrainedHere):
    """A distillation that was done before.

    Attributes:
        kept: What it measured.
        here: Whether its times hold for the hardware that is asked about.
    """

    kind = TrainingKind.DISTILLATION
    kept: KeptDistillation
    here: bool

    @property
    def made(self) -> KeptDistillation:
        """When and where it was done."""
        return self.kept

    @property
    def error(self) -> Estimate:
        """The student's force error against its teacher; at worst that of frames of its own run."""
        worst = max(self.kept.force_mae_ev_per_angstrom, self.kept.own_force_mae_ev_per_angstrom or 0.0)
        return replace(self.again(self.kept.force_mae_ev_per_angstrom), high=worst * AGAIN)

    @property
    def words(self) -> str:
        """What it found, without a full stop."""
        kept = self.kept
        return (
            f"By {self.by}, {self.name} errs by {self.error.scaled(1e3).told(number)} meV/Å against {kept.teacher} "
            f"on its held-out run at {kept.temperature_k:g} K, trained on {kept.frames:,} frames of {kept.cell_atoms} "
            "atoms"
        )

    def again(self, value: float) -> Estimate:
        """Return what was measured as it is to be expected of another distillation."""
        return around(value, AGAIN, basis=Basis.MEASURED, source=self.source)

    def labels(self, frames: Estimate) -> Labels | None:
        """Return what its labels cost; None where they were not timed on this machine."""
        spent_s = self.kept.label_time_s
        words = (
            f"Labels: {duration(spent_s)} there, {duration(spent_s / self.kept.frames)} for each frame that it was "
            "fitted on, those that it was judged by included."
        )
        return by_a_model(frames, self.kept.cell_atoms, self.again(spent_s), words) if self.here else None

    def training_time(self, _: Estimate) -> Reckoned | None:
        """Return how long the student trained on its own frames; None where it was not timed on this machine."""
        spent_s = self.kept.fit_time_s
        words = f"Training: {duration(spent_s)} there, with the student's own runs and the checks."
        return Reckoned(estimate=self.again(spent_s), words=words) if self.here else None


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
    largest, curve, name, by = model.kept.most_frames, model.curve, model.name, model.by
    tried = _error_at(model, largest)
    found = f"By {by}, {name} errs by {_mev(tried)} meV/Å on its test frames with {largest:,} frames to learn from"
    if curve is not None:
        floor = [f"{end * 1e3:.3g}" for end in (curve.floor.value, curve.floor.low, curve.floor.high)]
        found += f" and falls towards {floor[0]} ({floor[1]} to {floor[2]}) with more"
    enough = max(largest, min(model.at_hand, largest if curve is None else curve.farthest))
    as_they_are = exactly(enough, source=model.source)
    if limit is None or (curve is None and tried.value <= limit):
        return Outlook(frames=as_they_are, error=_error_at(model, enough), words=f"{found}.")
    wanted = f"{limit * 1e3:.3g} meV/Å"
    if curve is None:
        doubt = f"Whether {name} reaches {wanted} with more frames cannot be told from so few fits."
        return Outlook(frames=None, error=tried, words=f"{found}.", doubts=(doubt,))
    need = curve.need(limit)
    if need.frames is None and tried.value > limit:
        error = _error_at(model, curve.farthest)
        expected = f"{_mev(error)} meV/Å are expected even with {curve.farthest:,} frames"
        if need.probability_reachable <= 1 - CERTAIN:
            words = f"By {by}, {name} will not reach {wanted}: {expected}."
            return Outlook(frames=None, error=error, words=words, rejections=(words,))
        words = (
            f"By {by}, {wanted} is not expected of {name} within four times the frames tried (chance "
            f"{need.probability:.0%}): {expected}."
        )
        return Outlook(frames=None, error=error, words=words, doubts=(words,))
    likely = need.probability >= CERTAIN
    if need.frames is None or need.frames.value <= enough:
        error = _error_at(model, enough)
        reached = error.basis is Basis.MEASURED and error.value <= limit  # by a fit that was done, on the test frames
        sure = likely or reached or error.at_most <= limit
        doubt = f"By {by}, a fit of {name} may err by {_mev(error)} meV/Å; {wanted} asked."
        fewest = "" if need.frames is None else f"; about {max(curve.smallest, need.frames.value):,.0f} reach {wanted}"
        return Outlook(frames=as_they_are, error=error, words=f"{found}{fewest}.", doubts=() if sure else (doubt,))
    count = min(round(need.frames.value), curve.farthest)
    known = need.frames.high <= curve.farthest
    span = f" ({need.frames.low:,.0f} to {need.frames.high:,.0f})" if known else ""
    doubt = f"{name} reaches {wanted} within four times the frames tried with a chance of {need.probability:.0%}."
    return Outlook(
        frames=Estimate(
            value=float(count),
            low=min(need.frames.low, count) if known else None,
            high=max(need.frames.high, count) if known else None,
            basis=Basis.FITTED if count <= largest else Basis.EXTRAPOLATED,
            source=model.source,
        ),
        error=_error_at(model, count),
        words=f"{found}; about {count:,} frames{span} reach {wanted}.",
        doubts=() if likely else (doubt,),
    )


def _error_at(model: TriedModel, frames: int) -> Estimate:
    """Return the error with so many frames: as measured where fits had them, else that of the next fit by the curve.

    What was measured has the interval of the curve's mean; without a curve it is not known.
    """
    curve, largest = model.curve, model.kept.most_frames
    if curve is not None and frames != largest:
        found = curve.fit_at(frames)
        basis = Basis.FITTED if frames < largest else Basis.EXTRAPOLATED
        return Estimate(value=found.value, low=found.low, high=found.high, basis=basis, source=model.source)
    errors = [fit.force_mae_ev_per_angstrom for fit in model.kept.fits if fit.frames == largest]
    mean, known = sum(errors) / len(errors), None if curve is None else curve.mean_at(largest)
    return Estimate(
        value=mean,
        low=None if known is None else min(known.low, mean),
        high=None if known is None else max(known.high, mean),
        basis=Basis.MEASURED,
        source=model.source,
    )


def _mev(error: Estimate) -> str:
    spread = "" if error.low is None or error.high is None else f" ({error.low * 1e3:.3g} to {error.high * 1e3:.3g})"
    return f"{error.scaled(1e3).told(number)}{spread}"
