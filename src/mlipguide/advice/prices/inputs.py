"""What prices stand on beside the candidates: hardware, families that can be trained, and trainings done here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mlipguide.advice.prices.pilots import TriedModel
from mlipguide.advice.prices.published import may_be_used
from mlipguide.records.advice.strategy import StrategyHardware
from mlipguide.records.estimate import Estimate
from mlipguide.records.models.family_card import FamilyCard
from mlipguide.records.task.task import Task
from mlipguide.records.training.kept_training import KeptDistillation
from mlipguide.records.training.training import Engine


@dataclass(frozen=True, kw_only=True)
class DistilledBefore:
    """A distillation that was done before.

    Attributes:
        kept: What it measured.
        here: Whether its times hold for the hardware that is asked about.
    """

    kept: KeptDistillation
    here: bool


@dataclass(frozen=True, kw_only=True)
class PricingInputs:
    """What is known beside the candidates.

    Attributes:
        hardware: What training and production may use.
        families: Families that can be trained.
        tried: Models of pilots on the elements of the task.
        distilled: Distillations on these elements.
        label_step_s: Time of a step in a cell that is labelled, by model.
        memory_bytes: Usable memory of the device; None where the choice among models is not to be judged.
    """

    hardware: StrategyHardware
    families: Sequence[FamilyCard]
    tried: Sequence[TriedModel] = ()
    distilled: Sequence[DistilledBefore] = ()
    label_step_s: Mapping[str, Estimate] = field(default_factory=dict)
    memory_bytes: int | None = None

    def on(self, hardware: StrategyHardware) -> PricingInputs:
        """Return the same for other hardware: errors hold there, times do not."""
        return replace(
            self,
            hardware=hardware,
            tried=tuple(replace(one, here=False) for one in self.tried),
            distilled=tuple(replace(one, here=False) for one in self.distilled),
        )

    def family(self, engine: Engine) -> FamilyCard | None:
        """Return the family that an engine trains; None for those that train no family of their own."""
        return next((card for card in self.families if card.id == engine.value), None)

    def allows(self, engine: Engine, task: Task) -> bool:
        """Tell whether the licence of what trains an engine's potentials allows what is wanted."""
        card = self.family(engine)
        return card is None or may_be_used(card, commercial=task.commercial)
