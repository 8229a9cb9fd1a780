"""What stands against a model, as values with fields: what is broken for certain, and what remains in doubt.

The words for them are made where they are shown (``report/words/reason_words.py``); no decision reads a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.estimate import Estimate
from mlipguide.records.strict import strict


class Constraint(StrEnum):
    """What a model has to meet; a stable word for programs."""

    BACKEND = "backend"
    ENVIRONMENT = "environment"
    CHECKPOINT = "checkpoint"
    WEIGHTS = "weights"
    MEASUREMENT = "measurement"
    CUTOFF = "cutoff"
    ELEMENTS = "elements"
    NEEDS = "needs"
    LICENCE = "licence"
    MEMORY = "memory"
    TIME = "time"
    STABILITY = "stability"
    ACCURACY = "accuracy"
    TRAINING = "training"
    ADDITION = "addition"


class ReasonKind(StrEnum):
    """What exactly stands against a model, with the fields of a reason that it fills beside ``model``."""

    NOTHING_RUNS_IT = "nothing_runs_it"
    """No backend here runs it."""
    ENVIRONMENT_UNREADY = "environment_unready"
    """The environment of its backend cannot be used: ``detail``."""
    CHECKPOINT_REFUSED = "checkpoint_refused"
    """Its own file is missing or is another one than was registered: ``detail``."""
    WEIGHTS_MISSING = "weights_missing"
    """Its weights are not on this machine: ``detail``."""
    TIMING_FAILED = "timing_failed"
    """It was started, and could not be timed: ``detail``."""
    NOT_TIMED = "not_timed"
    """Nothing is known of the time of a step here."""
    EXPECTED_TOO_LONG = "expected_too_long"
    """It was left out of timing: its run is expected to take ``value`` s, and ``names`` end in time."""
    EXPECTED_BEATEN = "expected_beaten"
    """It was left out of timing: ``names`` are expected to be faster than its ``value`` s, and no less accurate."""
    NOT_PUBLISHED = "not_published"
    """Nothing is known of the time of a step elsewhere."""
    STEP_TIME_UNKNOWN = "step_time_unknown"
    """Its step was not timed."""
    PEAK_MEMORY_UNKNOWN = "peak_memory_unknown"
    """Its memory was not measured."""
    RANDOM_WEIGHTS = "random_weights"
    """It was timed with weights that are not its own."""
    ELEMENTS_UNSEEN = "elements_unseen"
    """Elements are not in its training data: ``names``; ``among``: its training sets."""
    ELEMENTS_UNKNOWN = "elements_unknown"
    """Nothing says which elements are in its training data."""
    SEES_NOTHING = "sees_nothing"
    """No atom has a neighbour within its cutoff: ``limit`` Å, ``value`` Å to the nearest, or ``detail``."""
    NEEDS_LACKING = "needs_lacking"
    """It does not give, or is not known to cover, what is needed: ``names``."""
    ADDITION_HELD = "addition_held"
    """It holds already what is to be added: ``names``, by its level of theory ``detail``; ``among``: the sources."""
    ADDITION_UNFIT = "addition_unfit"
    """There are no parameters for its functional: ``names``, ``detail``, ``among`` likewise."""
    ADDITION_IMPOSSIBLE = "addition_impossible"
    """Nothing can be added to it as it is run here: ``detail``."""
    COMMERCIAL_USE = "commercial_use"
    """Its licences forbid commercial use, or allow it under conditions: ``names`` of code and weights, ``detail``."""
    PEAK_MEMORY = "peak_memory"
    """``value`` bytes are needed, ``limit`` bytes are usable."""
    OUT_OF_MEMORY = "out_of_memory"
    """It ran out of memory with ``value`` atoms."""
    RUN_TIME = "run_time"
    """The run takes ``value`` s, the budget is ``limit`` s."""
    NO_GRADIENT = "no_gradient"
    """Tests on ``tested_on`` found its forces to be no gradient, which ``names`` need."""
    NO_STABLE_STEP = "no_stable_step"
    """Tests on ``tested_on`` at ``value`` K found no time step that keeps the energy."""
    FORCE_ERROR = "force_error"
    """Its force MAE is ``value`` eV/Å, None where not known; ``limit`` eV/Å is asked."""
    ENERGY_ERROR = "energy_error"
    """Its energy MAE is ``value`` eV/atom, None where not known; ``limit`` eV/atom is asked."""
    NOTHING_COMPARABLE = "nothing_comparable"
    """No comparable figure of its accuracy was published."""
    ORIGIN_UNKNOWN = "origin_unknown"
    """How it was trained cannot be read: ``detail``."""
    DENSITY = "density"
    """``value`` g/cm³; it was trained on ``least`` to ``limit``."""
    TEMPERATURE = "temperature"
    """``value`` K; it was tried up to ``limit`` K."""
    STATED = "stated"
    """What a training here, or published figures, say of a strategy: ``detail``."""

    @property
    def constraint(self) -> Constraint:
        """What it is a matter of."""
        return _CONSTRAINTS[self]

    @property
    def unit(self) -> str | None:
        """Unit of its numbers; None where it has none."""
        return _UNITS.get(self)


_CONSTRAINTS = {
    ReasonKind.NOTHING_RUNS_IT: Constraint.BACKEND,
    ReasonKind.ENVIRONMENT_UNREADY: Constraint.ENVIRONMENT,
    ReasonKind.CHECKPOINT_REFUSED: Constraint.CHECKPOINT,
    ReasonKind.WEIGHTS_MISSING: Constraint.WEIGHTS,
    ReasonKind.TIMING_FAILED: Constraint.MEASUREMENT,
    ReasonKind.NOT_TIMED: Constraint.MEASUREMENT,
    ReasonKind.EXPECTED_TOO_LONG: Constraint.MEASUREMENT,
    ReasonKind.EXPECTED_BEATEN: Constraint.MEASUREMENT,
    ReasonKind.NOT_PUBLISHED: Constraint.MEASUREMENT,
    ReasonKind.STEP_TIME_UNKNOWN: Constraint.MEASUREMENT,
    ReasonKind.PEAK_MEMORY_UNKNOWN: Constraint.MEASUREMENT,
    ReasonKind.RANDOM_WEIGHTS: Constraint.WEIGHTS,
    ReasonKind.ELEMENTS_UNSEEN: Constraint.ELEMENTS,
    ReasonKind.ELEMENTS_UNKNOWN: Constraint.ELEMENTS,
    ReasonKind.SEES_NOTHING: Constraint.CUTOFF,
    ReasonKind.NEEDS_LACKING: Constraint.NEEDS,
    ReasonKind.ADDITION_HELD: Constraint.ADDITION,
    ReasonKind.ADDITION_UNFIT: Constraint.ADDITION,
    ReasonKind.ADDITION_IMPOSSIBLE: Constraint.ADDITION,
    ReasonKind.COMMERCIAL_USE: Constraint.LICENCE,
    ReasonKind.PEAK_MEMORY: Constraint.MEMORY,
    ReasonKind.OUT_OF_MEMORY: Constraint.MEMORY,
    ReasonKind.RUN_TIME: Constraint.TIME,
    ReasonKind.NO_GRADIENT: Constraint.STABILITY,
    ReasonKind.NO_STABLE_STEP: Constraint.STABILITY,
    ReasonKind.FORCE_ERROR: Constraint.ACCURACY,
    ReasonKind.ENERGY_ERROR: Constraint.ACCURACY,
    ReasonKind.NOTHING_COMPARABLE: Constraint.ACCURACY,
    ReasonKind.ORIGIN_UNKNOWN: Constraint.TRAINING,
    ReasonKind.DENSITY: Constraint.TRAINING,
    ReasonKind.TEMPERATURE: Constraint.TRAINING,
    ReasonKind.STATED: Constraint.TRAINING,
}
_UNITS = {
    ReasonKind.SEES_NOTHING: "Å",
    ReasonKind.PEAK_MEMORY: "bytes",
    ReasonKind.OUT_OF_MEMORY: "atoms",
    ReasonKind.RUN_TIME: "s",
    ReasonKind.EXPECTED_TOO_LONG: "s",
    ReasonKind.EXPECTED_BEATEN: "s",
    ReasonKind.NO_STABLE_STEP: "K",
    ReasonKind.FORCE_ERROR: "eV/Å",
    ReasonKind.ENERGY_ERROR: "eV/atom",
    ReasonKind.DENSITY: "g/cm³",
    ReasonKind.TEMPERATURE: "K",
}


@strict
@dataclass(frozen=True, kw_only=True)
class Reason:
    """One thing that stands against a model; the unit of its numbers goes with the kind.

    Attributes:
        kind: What it is.
        model: Id of the model; None where it is not about one.
        value: What was found.
        limit: What is asked, or what there is.
        least: Lower limit where there are two.
        names: What is lacking, or concerned, by name.
        among: What it was looked for in.
        tested_on: Day of the tests that found it, ISO 8601.
        detail: What a program, a file or a licence says itself.
    """

    kind: ReasonKind
    model: str | None = None
    value: Estimate | float | None = None
    limit: float | None = None
    least: float | None = None
    names: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    tested_on: str | None = None
    detail: str | None = None

    @property
    def constraint(self) -> Constraint:
        """What it is a matter of."""
        return self.kind.constraint


@strict
@dataclass(frozen=True, kw_only=True)
class Rejection(Reason):
    """A constraint that is broken for certain: by the whole 90 % interval."""


@strict
@dataclass(frozen=True, kw_only=True)
class Doubt(Reason):
    """What makes it unknown whether a constraint is met."""


@strict
@dataclass(frozen=True)
class Obstacle:
    """Why a model cannot be started here, as the room that tried it says.

    Attributes:
        kind: What it is.
        message: The same in a sentence, as of an error.
    """

    kind: ReasonKind
    message: str

    @property
    def constraint(self) -> Constraint:
        """What it is a matter of."""
        return self.kind.constraint
