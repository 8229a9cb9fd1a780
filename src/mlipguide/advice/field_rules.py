"""Rules of the field: what experts know of kinds of models before any number, each with its sources."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.advice.constraints import OF_GRADIENTS
from mlipguide.costmodel.domains import share_of
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import FieldRule
from mlipguide.records.advice.verdict_reasons import Constraint
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import Forces
from mlipguide.records.task.task import Task

MANY_GHOSTS = 1.0
"""Ghosts for an atom of one's own from which they are worth a word."""
DENSITY_PER_ANGSTROM3 = 0.08
"""Where the structure has none of its own: the middle of common solids."""
FAMILY_FROM_ELEMENTS = 3
_METAL_SYMBOLS = (
    "Li Be Na Mg Al K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Cs Ba La Ce Hf Ta W "
    "Re Os Ir Pt Au Hg Tl Pb Bi"
)
_METALS = frozenset(_METAL_SYMBOLS.split())


def field_rules(task: Task, candidates: Sequence[Candidate], card: ModelCard | None, devices: int) -> list[FieldRule]:
    """Return the rules that bear on a task.

    Args:
        task: What is wanted.
        candidates: Every model considered.
        card: The model that would be run or would teach; None where there is none.
        devices: GPUs that the run would use.
    """
    found = [
        outside_training_data(candidates),
        None if card is None else messages_on_many_devices(task, card, devices),
        None if card is None else direct_forces(task, card),
        family_of_materials(task),
    ]
    return [rule for rule in found if rule is not None]


def outside_training_data(candidates: Sequence[Candidate]) -> FieldRule | None:
    """Return the rule where no model has seen all elements: nothing can be tuned or distilled."""
    if not candidates or any(not _lacks_elements(one) for one in candidates):
        return None
    return FieldRule(
        rule="elements outside the training data",
        message=(
            "No model considered has seen all elements of this system. A model answers for elements outside its "
            "training data without an error message, so that only training from scratch is left."
        ),
        sources=("mace_readme", "jacobs2025guide"),
    )


def messages_on_many_devices(task: Task, card: ModelCard, devices: int) -> FieldRule | None:
    """Return the rule where a model passes messages and space would be cut among devices."""
    layers, cutoff = card.architecture.layers, card.architecture.cutoff_angstrom
    reach = card.architecture.receptive_field_angstrom
    if devices < 2 or layers is None or reach is None or layers < 2:  # noqa: PLR2004  # one is no message
        return None
    density = task.structure.number_density_per_angstrom3 or DENSITY_PER_ANGSTROM3
    share = share_of(task.atoms, devices, reach_angstrom=reach, atoms_per_angstrom3=density)
    if share.ghosts_per_atom < MANY_GHOSTS:
        return None
    return FieldRule(
        rule="message passing on many devices",
        message=(
            f"{card.name} passes messages over {layers} layers of {cutoff:g} Å: cut among {devices} devices, each "
            f"would hold {share.ghosts_per_atom:.1f} ghosts for an atom of its own. A strictly local potential, or "
            "a code that exchanges features between layers, scales better."
        ),
        sources=("park2024sevennet", "musaelian2023allegro"),
    )


def direct_forces(task: Task, card: ModelCard) -> FieldRule | None:
    """Return the rule where forces are no gradient and the task lives on conserved energy."""
    needed = sorted(need.value for need in task.needs if need in OF_GRADIENTS)
    if card.architecture.forces is not Forces.DIRECT or not needed:
        return None
    return FieldRule(
        rule="direct forces",
        message=(
            f"{card.name} predicts forces directly: they are the gradient of no energy, so that energy drifts and "
            f"vibrations are wrong ({', '.join(needed)} asked)."
        ),
        sources=("bigi2024darkside",),
    )


def family_of_materials(task: Task) -> FieldRule | None:
    """Return the rule for alloys: one potential may serve a family of materials."""
    elements = task.structure.elements
    if len(elements) < FAMILY_FROM_ELEMENTS or not set(elements) <= _METALS:
        return None
    return FieldRule(
        rule="one potential for a family of materials",
        message=(
            "For several compositions of the same metals one potential can be trained for all of them: NEP has one "
            "for 16 metals and their alloys. Its labels are then paid once."
        ),
        sources=("gpumd_nep_readme",),
    )


def _lacks_elements(candidate: Candidate) -> bool:
    return any(one.constraint is Constraint.ELEMENTS for one in candidate.rejections)
