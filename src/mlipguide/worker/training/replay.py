"""Structures that a model labels itself before it is trained further, and how far it is from these labels then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .adapters.interface import Adapter
from .losses import Example, Labels


def labels_by(adapter: Adapter, sample: Any, *, periodic: bool) -> Labels:
    """Return what the model says of a prepared structure, as labels.

    Args:
        adapter: The model, whose reference energies are those of the user's labels already.
        sample: Of :meth:`.adapters.interface.Adapter.prepare`.
        periodic: Whether the structure repeats along all directions; otherwise it has no stress.
    """
    predicted = adapter.predict([sample])
    stresses = predicted.stresses
    forces = predicted.forces.detach()
    return Labels(
        energy=predicted.energies.detach()[0],
        forces=forces,
        stress=stresses.detach()[0] if periodic and stresses is not None else None,
        atoms=len(forces),
    )


def replayed(
    adapter: Adapter, structures: Sequence[Any], known: Sequence[Labels] | None, tell: Callable[[int, int], None]
) -> list[Example]:
    """Return structures with the labels that the model gives them as it is.

    Args:
        adapter: The model.
        structures: ASE's.
        known: The labels, where they were found before.
        tell: Told how many are done, of how many.
    """
    adapter.network.eval()
    examples = []
    for place, atoms in enumerate(structures):
        sample = adapter.prepare(atoms)
        labels = labels_by(adapter, sample, periodic=bool(atoms.pbc.all())) if known is None else known[place]
        examples.append(Example(sample, labels))
        tell(place + 1, len(structures))
    return examples


def drift(adapter: Adapter, examples: Sequence[Example], *, structures: int) -> dict[str, float]:
    """Return how far the model is from the labels of examples that it did not learn from."""
    adapter.network.eval()
    force = energy = size = 0.0
    components = 0
    for example in examples:
        now = labels_by(adapter, example.sample, periodic=False)
        force += float((now.forces - example.labels.forces).abs().sum())
        size += float(example.labels.forces.abs().sum())
        energy += abs(float(now.energy - example.labels.energy)) / now.atoms
        components += 3 * now.atoms
    return {
        "structures": structures,
        "held_out": len(examples),
        "force_mae_ev_per_angstrom": force / components,
        "energy_mae_ev_per_atom": energy / len(examples),
        "mean_force_ev_per_angstrom": size / components,
    }
