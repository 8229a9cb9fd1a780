"""Labels as tensors, and how far a model's answer is from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .adapters.interface import Adapter, Predicted

WARM_UP, LAST_SHARE = 0.1, 0.02
"""Shares: of the steps that the learning rate rises in, and of it that is left at the end. Usual values."""
EV_PER_ANGSTROM3_IN_GPA = 160.2176634
"""Stresses enter the loss in GPa, in which they are of the size of forces in eV/Å (CODATA 2018)."""


@dataclass(frozen=True)
class Labels:
    """What a frame is to be fitted to, as tensors."""

    energy: Any
    forces: Any
    stress: Any | None
    atoms: int


@dataclass(frozen=True)
class Example:
    """A prepared structure with its labels."""

    sample: Any
    labels: Labels


@dataclass(frozen=True)
class Score:
    """How well some frames are met: the loss, and the mean absolute errors of forces (eV/Å) and energies (eV/atom)."""

    loss: float
    force_mae: float
    energy_mae: float


@dataclass(frozen=True)
class Weights:
    """What the parts of the loss weigh, and where it turns from a square to a modulus.

    Attributes:
        energy: Of energies, eV/atom.
        force: Of components of forces, eV/Å.
        stress: Of components of stresses, GPa.
        delta: In the units of each part.
    """

    energy: float
    force: float
    stress: float
    delta: float


def loss_of(predicted: Predicted, labels: Sequence[Labels], weights: Weights) -> Any:
    """Return the loss of some structures together, as a tensor; stresses count where a label has one."""
    import torch
    from torch.nn.functional import huber_loss

    sizes = torch.tensor([label.atoms for label in labels], dtype=predicted.energies.dtype)
    wanted = torch.stack([label.energy for label in labels])
    loss = weights.energy * huber_loss(predicted.energies / sizes, wanted / sizes, delta=weights.delta)
    loss = loss + weights.force * huber_loss(
        predicted.forces, torch.cat([label.forces for label in labels]), delta=weights.delta
    )
    with_stress = [place for place, label in enumerate(labels) if label.stress is not None]
    if weights.stress and with_stress and predicted.stresses is not None:
        found = predicted.stresses[with_stress] * EV_PER_ANGSTROM3_IN_GPA
        known = torch.stack([labels[place].stress for place in with_stress]) * EV_PER_ANGSTROM3_IN_GPA
        loss = loss + weights.stress * huber_loss(found, known, delta=weights.delta)
    return loss


def rate_share(step: int, steps: int) -> float:
    """Return the share of the learning rate at a step: a rise, then half a cosine."""
    rise = max(1, round(WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    along = (step - rise) / max(1, steps - rise)
    return LAST_SHARE + (1 - LAST_SHARE) * (1 + math.cos(math.pi * along)) / 2


def example_of(adapter: Adapter, atoms: Any) -> Example:
    """Prepare a structure that carries its labels in a calculator, as ASE reads them, in the network's precision."""
    import torch

    dtype = next(adapter.network.parameters()).dtype
    results = atoms.calc.results
    stress = results.get("stress") if atoms.pbc.all() else None
    return Example(
        sample=adapter.prepare(atoms),
        labels=Labels(
            energy=torch.tensor(float(results["energy"]), dtype=dtype),
            forces=torch.tensor(results["forces"], dtype=dtype),
            stress=None if stress is None else torch.tensor(stress, dtype=dtype),
            atoms=len(atoms),
        ),
    )
