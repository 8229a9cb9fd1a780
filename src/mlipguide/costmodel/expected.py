"""What models would cost on this machine, before anything is timed on it.

A first look, never a basis of the answer: the transfer of :mod:`mlipguide.costmodel.transfer` from everything that is
known, with a table of one core (``data/reference_timings.csv``) where this machine has no GPU.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace

from mlipguide.candidates.preparation import default_settings
from mlipguide.catalog.cards import Catalogue
from mlipguide.catalog.reference_timings import load_reference_timings
from mlipguide.costmodel.effects import Peak, Situation
from mlipguide.costmodel.elsewhere import RemoteCosts
from mlipguide.costmodel.shared_timings import SharedSet
from mlipguide.costmodel.transfer import Timing
from mlipguide.costmodel.transfer_data import (
    ASE,
    BANDWIDTH_PER_CORE_BYTES_PER_S,
    COMMON_CLOCK_HZ,
    FLOP_PER_CYCLE,
    TORCH,
    UNTRIED_PROCESSOR,
    OwnTiming,
    device_here,
)
from mlipguide.costmodel.transfer_predictions import ReferenceTimings, gather_known_costs
from mlipguide.hardware.profile_files import build_profile
from mlipguide.records.hardware.device import DeviceKind
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.structure import StructureSummary

REFERENCE_CORE = "reference core"
REFERENCE_PEAK = Peak(BANDWIDTH_PER_CORE_BYTES_PER_S, FLOP_PER_CYCLE["avx2"] * COMMON_CLOCK_HZ)
REFERENCE_ERROR = 0.1
"""Of a row: few steps were timed, of one structure."""
PAIRS_POWER, PAIRS_POWER_ERROR = 1.0, 0.5
"""Power of the pairs per atom that a step grows with, and its standard deviation: from silicon to water, with twice the
pairs, the step of an atom grows with the power 0.9 (Nequix) to 2.0 (DIEP, which sums over triples)."""


def expected_costs(
    cards: Iterable[ModelCard],
    machine: Machine,
    own: Iterable[OwnTiming],
    *,
    catalogue: Catalogue,
    structure: StructureSummary,
    pairs_per_atom: Callable[[ModelCard], float | None],
    atoms: int,
    shared: Sequence[SharedSet] = (),
) -> dict[str, RemoteCosts]:
    """Return what is expected of each model on this machine; nothing of those of which nothing tells.

    Args:
        cards: Models that are considered.
        machine: This machine.
        own: What was timed on it.
        catalogue: All models.
        structure: Of the task.
        pairs_per_atom: Of the task's structure, for a model.
        atoms: Wanted.
        shared: What others shared of hardware like this.
    """
    cards = tuple(cards)
    known = expected_timings(
        cards,
        machine,
        own,
        catalogue=catalogue,
        structure=structure,
        pairs_per_atom=pairs_per_atom,
        shared=shared,
    )
    return {} if known is None else known.costs_of_all(cards, atoms)


@dataclass(frozen=True)
class ExpectedTimings:
    """Everything that tells of this machine before anything is timed, and the machine as the transfer takes it."""

    known: ReferenceTimings
    profile: HardwareProfile

    def costs_of_all(self, cards: Iterable[ModelCard], atoms: int) -> dict[str, RemoteCosts]:
        """Return what is expected of each model; nothing of those of which nothing tells."""
        found = {card.id: self.known.costs_of(card, self.profile, atoms) for card in cards}
        return {model: costs for model, costs in found.items() if costs.step_time_s(atoms) is not None}


def expected_timings(
    cards: Iterable[ModelCard],
    machine: Machine,
    own: Iterable[OwnTiming],
    *,
    catalogue: Catalogue,
    structure: StructureSummary,
    pairs_per_atom: Callable[[ModelCard], float | None],
    shared: Sequence[SharedSet] = (),
) -> ExpectedTimings | None:
    """Return everything that tells of this machine; None where its device is not known.

    Args:
        cards: Models that are considered.
        machine: This machine.
        own: What was timed on it.
        catalogue: All models.
        structure: Of the task.
        pairs_per_atom: Of the task's structure, for a model.
        shared: What others shared of hardware like this.
    """
    device = device_here(machine, default_settings(machine).device)
    if device is None:
        return None
    own = tuple(own)
    on_cpu = device.kind is DeviceKind.CPU
    families = {card.architecture.family for card in cards}
    reference = reference_series(catalogue, structure, pairs_per_atom, families) if on_cpu else []
    known = gather_known_costs(catalogue, own, machine, structure, further=reference, shared=shared)
    if on_cpu and not own:
        known = replace(known, device_error=UNTRIED_PROCESSOR)
    return ExpectedTimings(known, build_profile(device, 1))


def reference_series(
    catalogue: Catalogue,
    structure: StructureSummary,
    pairs_per_atom: Callable[[ModelCard], float | None],
    families: Container[str],
) -> list[Timing]:
    """Return the timings of the reference core, carried over to a structure by its pairs.

    Args:
        catalogue: Whose cards name the laws.
        structure: Of the task.
        pairs_per_atom: Of the task's structure, for a model.
        families: Of architectures that are of interest.
    """
    found: list[Timing] = []
    for one in load_reference_timings():
        card = catalogue.named(one.model)
        if card is None or card.architecture.family not in families:
            continue
        pairs = pairs_per_atom(card)
        ratio = pairs / one.pairs_per_atom if pairs else 1.0
        situation = reference_situation(card, structure.reduced_formula)
        error = math.hypot(REFERENCE_ERROR, PAIRS_POWER_ERROR * math.log(ratio))
        found.append(Timing(situation, float(one.atoms), 0.0, one.step_ms * 1e-3 * ratio**PAIRS_POWER, error))
    return found


def reference_situation(card: ModelCard, system: str) -> Situation:
    """Return the situation of a model that was timed on the reference core, with a system of this name."""
    return Situation(
        law=card.architecture.time_law,
        family=card.architecture.family,
        driver=ASE,
        code=ASE,
        kernels=TORCH,
        device=REFERENCE_CORE,
        platform=DeviceKind.CPU.value,
        vendor="",
        peak=REFERENCE_PEAK,
        system=system,
    )
