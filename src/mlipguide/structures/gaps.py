"""Atoms whose nearest neighbour is far off: a model whose cutoff ends before it sees nothing there."""

from __future__ import annotations

import math

import ase
import numpy as np

from mlipguide.records.task.task import NeighbourGap
from mlipguide.structures.distances import images_within
from mlipguide.worker.neighbours import nearest_distances

NEAR_ANGSTROM = 3.0
"""Every model reaches further; the shortest cutoffs of cards are 5 Å."""
FAR_ANGSTROM = 12.0
"""No cutoff of a card reaches further."""
BIN_ANGSTROM = 0.05


def find_gaps(atoms: ase.Atoms) -> tuple[NeighbourGap, ...]:
    """Return how many atoms have their nearest neighbour beyond 3 Å, by its distance.

    Args:
        atoms: A structure that :func:`mlipguide.structures.checks.check_structure` has passed.

    Returns:
        Distances rounded down to 0.05 Å, ascending, those without a neighbour within 12 Å last; empty where every atom
        has one within 3 Å.
    """
    nearest = np.full(len(atoms), math.inf)
    for reach in (NEAR_ANGSTROM, FAR_ANGSTROM):
        alone = np.flatnonzero(~np.isfinite(nearest))
        if len(alone):
            nearest[alone] = nearest_distances(images_within(atoms, reach), alone, reach)
    far = nearest[nearest >= NEAR_ANGSTROM]
    bins, counts = np.unique(np.floor(far[np.isfinite(far)] / BIN_ANGSTROM + 1e-9), return_counts=True)
    found = [
        NeighbourGap(distance_angstrom=round(place * BIN_ANGSTROM, 2), atoms=int(count))
        for place, count in zip(bins.tolist(), counts.tolist(), strict=True)
    ]
    alone_atoms = int(np.count_nonzero(~np.isfinite(far)))
    return (*found, *([NeighbourGap(distance_angstrom=None, atoms=alone_atoms)] if alone_atoms else []))
