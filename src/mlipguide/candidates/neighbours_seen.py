"""Models that see no pair of atoms in a structure: their figures would say nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlipguide.candidates.preparation import Preparation
from mlipguide.records.advice.verdict_reasons import Obstacle, ReasonKind
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import NeighbourGap
from mlipguide.sessions.errors import SessionError
from mlipguide.sessions.interface import ModelSession, SinglePoint

if TYPE_CHECKING:
    from ase import Atoms


def atoms_out_of_sight(cutoff_angstrom: float | None, gaps: Sequence[NeighbourGap]) -> int:
    """Return how many atoms of a structure have no neighbour within a cutoff; 0 where the cutoff is not known."""
    if cutoff_angstrom is None:
        return 0
    return sum(gap.atoms for gap in gaps if gap.distance_angstrom is None or gap.distance_angstrom >= cutoff_angstrom)


def cutoff_obstacle(
    cutoff_angstrom: float | None, gaps: Sequence[NeighbourGap], structure: StructureSummary
) -> Obstacle | None:
    """Return an obstacle where a cutoff ends before the nearest neighbour of every atom."""
    if cutoff_angstrom is None or atoms_out_of_sight(cutoff_angstrom, gaps) < structure.atoms:
        return None
    nearest = structure.shortest_distance_angstrom
    words = "there is one atom" if nearest is None else f"the nearest are {nearest:.2f} Å apart"
    return Obstacle(
        ReasonKind.SEES_NOTHING, f"No atom has a neighbour within its cutoff of {cutoff_angstrom:g} Å: {words}."
    )


def without_blind(preparation: Preparation, atoms: Atoms, structure: StructureSummary) -> Preparation:
    """Return candidates of which those have an obstacle whose cutoff, by their card, reaches no neighbour."""
    from mlipguide.structures.gaps import find_gaps

    gaps = find_gaps(atoms)
    return replace(
        preparation,
        candidates=tuple(
            item
            if (why := cutoff_obstacle(item.card.architecture.cutoff_angstrom, gaps, structure)) is None
            else replace(item, obstacle=why)
            for item in preparation.candidates
        ),
    )


def seen(model: str, session: ModelSession, atoms: Atoms) -> SinglePoint:
    """Return what a model says of atoms that it sees.

    Raises:
        SessionError: No atom has a neighbour within its cutoff, or the model failed.
    """
    return require_seen(model, session, session.single_point(atoms))


def require_seen(model: str, session: ModelSession, point: SinglePoint) -> SinglePoint:
    """Return what a model said of atoms.

    Raises:
        SessionError: No atom has a neighbour within its cutoff.
    """
    if point.pairs_per_atom <= 0:
        raise SessionError.sees_nothing(model, session.facts.cutoff_angstrom)
    return point
