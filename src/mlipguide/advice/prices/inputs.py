"""What prices stand on beside the candidates: hardware, families that can be trained, and trainings done here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlipguide.advice.prices.published import may_be_used
from mlipguide.advice.prices.trainings import DistilledBefore, TriedModel
from mlipguide.catalog.families import load_families
from mlipguide.records.advice.strategy import StrategyHardware
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.device import DeviceKind
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.family_card import FamilyCard
from mlipguide.records.notice import Notice
from mlipguide.records.task.task import Task
from mlipguide.records.training.training import Engine
from mlipguide.store import distillations, pilots
from mlipguide.training.pilot.learning_curve import CurveDatum, fit_curve


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


def pricing_inputs(
    machine: Machine,
    profile: HardwareProfile | None,
    *,
    memory_bytes: int,
    elements: Sequence[str],
    label_step_s: Mapping[str, Estimate],
) -> tuple[PricingInputs, tuple[Notice, ...]]:
    """Return what the prices stand on, and notices of trainings that cannot be read.

    Args:
        machine: This machine, whose trainings count with their times.
        profile: Hardware that was asked for, where they count with their errors alone; None for this machine.
        memory_bytes: Usable memory of the device.
        elements: Of the task.
        label_step_s: Time of a step in a cell that is labelled, by model.
    """
    fingerprint = machine.fingerprint if profile is None else None
    tried, unread = tried_models(elements, fingerprint)
    distilled = distillations.find(elements)
    inputs = PricingInputs(
        hardware=_hardware_of(machine, profile),
        families=load_families(),
        tried=tried,
        distilled=[  # the latest first
            DistilledBefore(kept=one, here=one.fingerprint == fingerprint) for one in reversed(distilled.distillations)
        ],
        label_step_s=label_step_s,
        memory_bytes=memory_bytes,
    )
    return inputs, (*unread, *distilled.notices)


def tried_models(elements: Sequence[str], fingerprint: str | None) -> tuple[tuple[TriedModel, ...], tuple[Notice, ...]]:
    """Return the models of all pilots on these elements, and notices of pilots that cannot be read.

    Of a model that several pilots tried the latest counts, one on this machine before others.

    Args:
        elements: Of the task.
        fingerprint: Of the machine that the task is for; None where it is not this one.
    """
    found = pilots.find(elements)
    latest: dict[tuple[Engine, str, str | None], TriedModel] = {}
    for pilot in sorted(found.pilots, key=lambda one: (one.fingerprint == fingerprint, one.made_at)):
        labels = pilot.labels
        for kept in pilot.curves:
            if kept.fits:
                fits = [CurveDatum(one.frames, one.force_mae_ev_per_angstrom, one.repeat) for one in kept.fits]
                latest[kept.engine, kept.size, kept.base_model] = TriedModel(
                    pilot=pilot,
                    kept=kept,
                    curve=fit_curve(fits),
                    here=pilot.fingerprint == fingerprint,
                    at_hand=labels.frames if labels is not None and Path(labels.file).is_file() else 0,
                )
    return tuple(latest.values()), found.notices


def _hardware_of(machine: Machine, profile: HardwareProfile | None) -> StrategyHardware:
    """Return the cores and GPUs that training and production may use."""
    own = machine.cpu.usable_cores
    if profile is None:
        name = machine.gpus[0].name if machine.gpus else None
        return StrategyHardware(cores=own, gpu=name, gpus=len(machine.gpus))
    cores = float(profile.host_cores or own)
    if profile.device.kind is DeviceKind.CPU:
        return StrategyHardware(cores=cores)
    return StrategyHardware(cores=cores, gpu=profile.device.name, gpus=profile.count)
