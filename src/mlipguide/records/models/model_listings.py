"""What the commands ``models list``, ``show``, ``compare``, ``add`` and ``remove`` report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.hardware.environment import Environment
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.models.support import ModelSupport
from mlipguide.records.models.terms import CommercialUse, Domain, Need
from mlipguide.records.strict import strict
from mlipguide.records.timing.bench import SizeResult


class Filter(StrEnum):
    """What can leave a model out of a list."""

    ELEMENTS = "elements"
    NEEDS = "needs"
    COMMERCIAL = "commercial"
    CONSERVATIVE = "conservative"
    DOMAIN = "domain"
    BACKEND = "backend"
    FAMILY = "family"
    LEVEL_OF_THEORY = "level-of-theory"
    TRAINING_SET = "training-set"
    AVAILABLE = "available"
    LIFE_CYCLE = "life-cycle"


class SortKey(StrEnum):
    """What a list of models is sorted by."""

    NAME = "name"
    CPS = "cps"
    F1 = "f1"
    KAPPA = "kappa"
    MD_FORCE_RMSE = "md-force-rmse"
    RUN_TIME = "run-time"
    CUTOFF = "cutoff"
    PARAMETERS = "parameters"


@strict
@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What models are wanted; every criterion must be met, and the default leaves out nothing but past models.

    Attributes:
        elements: All of them must occur in the training data.
        needs: What a model must give beside energies and forces.
        commercial: Both licences must allow commercial use with a plain yes.
        conservative: Forces must be gradients of the energy.
        domains: The training data must cover all of them.
        backends: One of them; empty for any.
        families: One of them; empty for any.
        level_of_theory: Words that must all stand in it, in whatever case.
        training_sets: All of them must be among the model's.
        every_life_cycle: Whether superseded and deprecated models are wanted as well.
        available: Only models of backends that are ready on this machine.
        sort: What the list is sorted by.
        reverse: Whether the worst or largest comes first.
    """

    elements: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    commercial: bool = False
    conservative: bool = False
    domains: tuple[Domain, ...] = ()
    backends: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    level_of_theory: str | None = None
    training_sets: tuple[str, ...] = ()
    every_life_cycle: bool = False
    available: bool = False
    sort: SortKey = SortKey.NAME
    reverse: bool = False


@strict
@dataclass(frozen=True)
class FailedFilter:
    """A filter that leaves a model out, and why, in a sentence."""

    filter: Filter
    message: str


@strict
@dataclass(frozen=True)
class LeftOut:
    """A model that is not in the list, and every filter that leaves it out."""

    model: str
    commercial: CommercialUse
    reasons: tuple[FailedFilter, ...]


@strict
@dataclass(frozen=True)
class FilterTally:
    """How many models a filter leaves out, and which of them every other filter lets pass."""

    filter: Filter
    models: int
    alone: tuple[str, ...]


@strict
@dataclass(frozen=True)
class DoubtfulLicence:
    """Models that nothing but ``--commercial`` leaves out, although their licences do not say no."""

    commercial: CommercialUse
    models: tuple[str, ...]


@strict
@dataclass(frozen=True)
class Standing:
    """Whether one model that was asked about is in the list, and if not, why."""

    model: str
    listed: bool
    reasons: tuple[FailedFilter, ...]


@strict
@dataclass(frozen=True, kw_only=True)
class ModelList:
    """The models that meet the criteria, and what became of the others.

    Attributes:
        criteria: What was wanted.
        models: Those that meet it, sorted.
        left_out: The others, by id.
        tallies: How many each filter leaves out; filters that leave out none are absent.
        doubtful_licences: Models whose licence is neither a plain yes nor a plain no, and that all else fits.
        why: The model that was asked about; None when none was.
        supports: What was found to work of each of the models, in their order; models that nobody tried are absent.
    """

    criteria: Criteria
    models: tuple[ModelCard, ...]
    left_out: tuple[LeftOut, ...] = ()
    tallies: tuple[FilterTally, ...] = ()
    doubtful_licences: tuple[DoubtfulLicence, ...] = ()
    why: Standing | None = None
    supports: tuple[ModelSupport, ...] = ()


@strict
@dataclass(frozen=True, kw_only=True)
class MeasuredHere:
    """What was measured on this machine that holds for a model.

    Attributes:
        structure: Reduced formula of the structure that was timed.
        taken_at: ISO 8601 time, UTC.
        of_this_model: Whether the model itself was timed, not another one of the same architecture.
        result: The figures, settings and record.
    """

    structure: str
    taken_at: str
    of_this_model: bool
    result: SizeResult


@strict
@dataclass(frozen=True, kw_only=True)
class ModelDetails:
    """One card with its sources spelt out, and what is known of it on this machine.

    Attributes:
        model: The card.
        sources: Every source that it names.
        environment: Of its backend; None where mlipguide has no recipe for it.
        checkpoint_problem: What is wrong with the user's own checkpoint file; None when nothing is.
        measured: On this machine, by structure and size; the latest of each setting.
        support: What was found to work of it; None where nobody tried it.
    """

    model: ModelCard
    sources: tuple[SourceFact, ...]
    environment: Environment | None
    checkpoint_problem: str | None
    measured: tuple[MeasuredHere, ...]
    support: ModelSupport | None = None


@strict
@dataclass(frozen=True)
class Difference:
    """What tells models apart and what follows for the choice, in a sentence with its numbers."""

    about: str
    message: str


@strict
@dataclass(frozen=True)
class ModelComparison:
    """Two or more models side by side.

    Attributes:
        models: In the order asked for.
        measured: On this machine, of each model in the same order.
        differences: What they mean for choosing.
    """

    models: tuple[ModelCard, ...]
    measured: tuple[tuple[MeasuredHere, ...], ...]
    differences: tuple[Difference, ...]


@strict
@dataclass(frozen=True)
class OwnModel:
    """A checkpoint of the user's that was registered: its card, and the file that the card stands in."""

    model: ModelCard
    file: str


@strict
@dataclass(frozen=True)
class ForgottenModel:
    """A registered checkpoint whose card was deleted; the checkpoint file itself was left alone."""

    model: str
    file: str
    checkpoint: str
