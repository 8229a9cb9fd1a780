"""What a run of each model costs on the hardware that is asked about: this machine, or a profile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from mlipguide.costmodel.engines import engines_of
from mlipguide.costmodel.transfer_predictions import ReferenceTimings, fastest
from mlipguide.records.advice.engines import EngineChoice
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind, Rejection
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware.device import DeviceKind
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.timing.measurement import Allocator, Settings, Weights

UNLIMITED_BYTES = 2**62
"""Stands for the memory of a processor whose machine's memory was not stated."""


class Costs(Protocol):
    """Time and memory of one model on one piece of hardware, whatever they stand on."""

    def step_time_s(self, atoms: int) -> Estimate | None:
        """Return the time of one step of ``atoms`` atoms."""

    def peak_memory_bytes(self, atoms: int) -> Estimate | None:
        """Return the peak of memory at ``atoms`` atoms."""

    def largest_system_atoms(self, memory_bytes: int) -> Estimate | None:
        """Return how many atoms fit into so much memory."""

    def affordable_atoms(self, *, steps: int, budget_s: float) -> Estimate | None:
        """Return with how many atoms so many steps take ``budget_s``."""


@dataclass(frozen=True, kw_only=True)
class ModelCosts:
    """What is known of a model's costs, and what it stands on.

    Attributes:
        costs: Time and memory; None where nothing is known of them.
        environment: Kind of the environment; None where there is none, and elsewhere.
        settings: That the costs hold for.
        weights: Real or random weights.
        measured: Records that the costs stand on.
        measured_as: The checkpoint that was timed in its place.
        devices: That a run occupies.
        unknown_because: Why the time of a step is not known; None where it is.
        engines: The codes that run it, the fastest first, where there are several.
        structures_at_once: How many structures are evaluated together; None for one after the other.
    """

    costs: Costs | None = None
    environment: str | None = None
    settings: Settings | None = None
    weights: Weights | None = None
    measured: tuple[str, ...] = ()
    measured_as: str | None = None
    devices: int = 1
    unknown_because: Rejection | Doubt | None = None
    engines: tuple[EngineChoice, ...] = ()
    structures_at_once: int | None = None


NOT_RUN_HERE = ModelCosts(unknown_because=Doubt(kind=ReasonKind.NOTHING_RUNS_IT))
UNTIMED = Doubt(kind=ReasonKind.NOT_PUBLISHED)


def costs_elsewhere(
    cards: Iterable[ModelCard], profile: HardwareProfile, known: ReferenceTimings, *, atoms: int
) -> dict[str, ModelCosts]:
    """Return what each model costs on a profile, by model, in the code that is fastest there for so many atoms."""
    return {card.id: _elsewhere(card, profile, known, atoms) for card in cards}


def _elsewhere(card: ModelCard, profile: HardwareProfile, known: ReferenceTimings, atoms: int) -> ModelCosts:
    ways = known.ways_of(card, profile)
    costs = fastest(ways, atoms)
    return ModelCosts(
        engines=engines_of(ways, atoms),
        costs=costs,
        settings=_settings(profile, driver=costs.code),
        weights=Weights.PRETRAINED,
        devices=costs.devices,
        unknown_because=UNTIMED if costs.step_time_s(atoms) is None else None,
    )


def memory_of(profile: HardwareProfile) -> int:
    """Return the usable memory of one device of a profile."""
    usable = profile.usable_memory_bytes
    return UNLIMITED_BYTES if usable is None else int(usable.value)


def _settings(profile: HardwareProfile, *, driver: str) -> Settings:
    on_gpu = profile.device.kind is DeviceKind.GPU
    return Settings(
        threads=profile.host_cores or 1,
        dtype="float32",
        device="cuda:0" if on_gpu else "cpu",
        driver=driver,
        allocator=Allocator.DEFAULT if on_gpu else Allocator.RETAIN,
    )
