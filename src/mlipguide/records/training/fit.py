"""What a final fit left."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.accuracy.stability import CheckResult
from mlipguide.records.checks import LONGEST_S, require_within
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.strict import strict
from mlipguide.records.training.dynamics_check import DynamicsCheck
from mlipguide.records.training.pilot import LabelledData, PilotCurve, TrainedPotential
from mlipguide.records.training.training import DomainOfValidity, ReplayDrift


@strict
@dataclass(frozen=True, kw_only=True)
class FitCommittee:
    """Further fits to samples of the same frames: where they disagree, the potential is unsure.

    Attributes:
        members: Number of them, the potential itself not counted.
        folders: Of the members.
        spread_ev_per_angstrom: Mean over the test frames' force components of the members' standard deviation.
        error_over_spread: Mean absolute error over that spread: what a spread has to be multiplied with.
        correlation: Rank correlation of spread and error of single atoms; None where one of them does not vary.
    """

    members: int
    folders: tuple[str, ...]
    spread_ev_per_angstrom: float
    error_over_spread: float
    correlation: float | None


@strict
@dataclass(frozen=True, kw_only=True)
class FitData:
    """The answer of ``train fit``.

    Attributes:
        machine: Where it ran.
        data: The frames.
        seed: Of the division and of everything random.
        potential: What was handed over.
        model: Id of its card.
        card: Its file.
        learning_curve: Of this model, where a pilot made one.
        domain: What the training frames cover.
        committee: None when there was no time for it.
        dynamics: The check that it survived.
        replay: What a model that was trained further forgot; None where nothing was replayed.
        versions: Of the packages that trained it.
        spent_s: Wall time of this call.
        checks: What it was judged by; empty of a fit by a version that kept no checks.
    """

    machine: Machine
    data: LabelledData
    seed: int
    potential: TrainedPotential
    model: str
    card: str
    learning_curve: PilotCurve | None
    domain: DomainOfValidity
    committee: FitCommittee | None
    dynamics: DynamicsCheck
    replay: ReplayDrift | None
    versions: dict[str, str]
    spent_s: float
    checks: tuple[CheckResult, ...] = ()

    def check(self) -> None:
        """Refuse what no fit gave.

        Raises:
            ValueError: What does not make sense.
        """
        require_within(0, LONGEST_S, spent_s=self.spent_s)
        self.domain.check()
