"""Models that see no pair of atoms in a structure: their figures would say nothing of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlipguide.advice.constraints import cutoff_rejection
from mlipguide.records.structure import StructureSummary
from mlipguide.sessions.errors import SessionError
from mlipguide.sessions.interface import ModelSession, SinglePoint
from mlipguide.structures.gaps import find_gaps
from mlipguide.workflows.candidates import Preparation

if TYPE_CHECKING:
    from ase import Atoms


def without_blind(preparation: Preparation, atoms: Atoms, structure: StructureSummary) -> Preparation:
    """Return candidates of which those have an obstacle whose cutoff, by their card, reaches no neighbour."""
    gaps = find_gaps(atoms)
    return replace(
        preparation,
        candidates=tuple(
            item
            if (why := cutoff_rejection(item.card.architecture.cutoff_angstrom, gaps, structure)) is None
            else replace(item, obstacle=why)
            for item in preparation.candidates
        ),
    )


def seen(model: str, session: ModelSession, atoms: Atoms) -> SinglePoint:
    """Return what a model says of atoms that it sees.

    Raises:
        SessionError: No atom has a neighbour within its cutoff, or the model failed.
    """
    point = session.single_point(atoms)
    if point.pairs_per_atom <= 0:
        raise SessionError.sees_nothing(model, session.facts.cutoff_angstrom)
    return point
