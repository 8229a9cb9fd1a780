"""What each way to a potential costs for one task, and from which length of run it pays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.advice.verdict_reasons import Doubt, Rejection
from mlipguide.records.estimate import Estimate
from mlipguide.records.strict import strict
from mlipguide.records.training.training import Engine


class HoursOf(StrEnum):
    """What the hours of a price are hours of."""

    CORES = "cores"
    DEVICES = "devices"


@strict
@dataclass(frozen=True, kw_only=True)
class Reckoned:
    """An estimate, and the sentence that says how it was found."""

    estimate: Estimate
    words: str


@strict
@dataclass(frozen=True, kw_only=True)
class StrategyHardware:
    """What training and production may use.

    Attributes:
        cores: Usable cores.
        gpu: Name of the GPU; None without one.
        gpus: How many of it.
    """

    cores: float
    gpu: str | None = None
    gpus: int = 0

    @property
    def hours_of(self) -> HoursOf:
        """What its hours are hours of."""
        return HoursOf.CORES if self.gpu is None else HoursOf.DEVICES

    @property
    def units(self) -> float:
        """Cores, or devices where there are any."""
        return self.cores if self.gpu is None else float(max(1, self.gpus))


@strict
@dataclass(frozen=True, kw_only=True)
class LabelPrice:
    """What the training data cost; all 0 where a strategy needs none.

    Attributes:
        frames: Structures to be labelled.
        atoms: In each.
        reference_core_hours: Of reference (DFT) calculations; 0 where a model labels.
        wall_time_s: Until all are labelled.
    """

    frames: Estimate
    atoms: int
    reference_core_hours: Estimate
    wall_time_s: Estimate


class TrainingKind(StrEnum):
    """What was done here."""

    PILOT = "pilot"
    DISTILLATION = "distillation"


@strict
@dataclass(frozen=True, kw_only=True)
class TrainedBefore:
    """A training that was done before and that a price stands on.

    Attributes:
        kind: What it was.
        folder: Where it is.
        made_at: UTC, ISO 8601.
        engine: What trained.
        size: Of the model.
        same_machine: Whether it was done on this machine, so that its times count.
        model: Id under which its potential is known; None where it left none.
        words: What it says of the task, in a sentence.
        command: What to type to get the potential; None where more labels come first.
    """

    kind: TrainingKind
    folder: str
    made_at: str
    engine: Engine
    size: str
    same_machine: bool
    model: str | None
    words: str
    command: str | None


@strict
@dataclass(frozen=True, kw_only=True)
class StrategyPrice:
    """One way to a potential, with its costs; None is what is not known, 0 what it does not need.

    Attributes:
        strategy: Which way.
        model: Id of the model, or of the family, that runs in production; None where there is none.
        base: Id of the model that teaches or is tuned; None where there is none.
        verdict: Whether it does the task.
        rejections: Why it does not.
        doubts: Why that is not known.
        labels: The training data.
        training_time_s: Wall time of training.
        production_time_s: Wall time of the run.
        total_wall_time_s: The sum of labels, training and production.
        hours: Of cores or devices here, for labels by a model, training and production; reference calculations stand
            apart, in ``labels``.
        hours_of: Cores or devices.
        force_mae_ev_per_angstrom: The error to be expected on this system.
        reasons: The arithmetic, in sentences.
        before: A training here that it stands on; None where it stands on published figures.
    """

    strategy: Strategy
    model: str | None
    base: str | None
    verdict: Verdict
    rejections: tuple[Rejection, ...]
    doubts: tuple[Doubt, ...]
    labels: LabelPrice | None
    training_time_s: Estimate | None
    production_time_s: Estimate | None
    total_wall_time_s: Estimate | None
    hours: Estimate | None
    hours_of: HoursOf
    force_mae_ev_per_angstrom: Estimate | None
    reasons: tuple[str, ...]
    before: TrainedBefore | None = None


@strict
@dataclass(frozen=True, kw_only=True)
class BreakEven:
    """From which simulated time one strategy is done sooner than another.

    Attributes:
        strategy: The one that pays back.
        against: The one that it is compared with.
        simulated_time_s: Where both take the same wall time; without an interval where it may never pay.
        reason: The arithmetic, in a sentence.
    """

    strategy: Strategy
    against: Strategy
    simulated_time_s: Estimate
    reason: str


@strict
@dataclass(frozen=True, kw_only=True)
class FieldRule:
    """A rule of the field that bears on the task.

    Attributes:
        rule: Its short name.
        message: What it says here, in a sentence or two.
        sources: Keys in ``sources.bib``.
    """

    rule: str
    message: str
    sources: tuple[str, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class StrategyTable:
    """All strategies for one task.

    Attributes:
        prices: In the order pretrained, fine-tune, distil, from scratch.
        leading: The one that would be done first among those that do the task, or among those that may.
        break_evens: Which strategy pays from which simulated time.
        rules: Rules of the field that bear on the task.
        sensitivities: What would change the answer, in sentences.
        would_do: Where no strategy leads, the nearest change with which one would, in a sentence; None otherwise, and
            where none was found.
    """

    prices: tuple[StrategyPrice, ...]
    leading: Strategy
    break_evens: tuple[BreakEven, ...]
    rules: tuple[FieldRule, ...]
    sensitivities: tuple[str, ...] = ()
    would_do: str | None = None

    def price(self, strategy: Strategy) -> StrategyPrice | None:
        """Return the price of one strategy; None where it has none."""
        return next((one for one in self.prices if one.strategy is strategy), None)
