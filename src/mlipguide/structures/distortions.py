"""Copies of a structure with displaced atoms and strained cells: surroundings that a short run does not visit.

Displacements are normally distributed; their root mean square is a share of the shortest distance between atoms. Near a
tenth of the distance crystals melt (F. A. Lindemann, Phys. Z. 11, 609 (1910)), so shares stay below. Strains are
symmetric, each component uniform between two ends, along the periodic directions only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import ase
import numpy as np

from mlipguide.structures.distances import find_shortest_distance
from mlipguide.structures.holds import freed

LONE_ATOM_DISTANCE_ANGSTROM = 2.0
"""Stands for the shortest distance where there is only one atom: its displacement changes nothing."""


@dataclass(frozen=True)
class Distortion:
    """How far a copy is from its original.

    Attributes:
        displaced_share: Root mean square displacement over the shortest distance between atoms.
        largest_strain: Of each component of the strain, as a share.
    """

    displaced_share: float
    largest_strain: float


GENTLE_TO_STRONG = (Distortion(0.02, 0.01), Distortion(0.04, 0.02), Distortion(0.06, 0.03), Distortion(0.08, 0.04))
"""A judgement: from a fifth of the way to melting up to nearly there, with strains that some GPa cause."""


def distorted_copies(
    atoms: ase.Atoms, count: int, *, distortions: Sequence[Distortion] = GENTLE_TO_STRONG, seed: int = 0
) -> list[ase.Atoms]:
    """Return ``count`` copies, with the distortions in turn; equal seeds give equal copies.

    Args:
        atoms: The structure; it is not changed.
        count: Number of copies.
        distortions: How far they are from the original.
        seed: Of the displacements and strains.
    """
    generator = np.random.default_rng(seed)
    shortest = find_shortest_distance(atoms) or LONE_ATOM_DISTANCE_ANGSTROM
    periodic = np.array(atoms.pbc)
    copies: list[ase.Atoms] = []
    for place in range(count):
        distortion = distortions[place % len(distortions)]
        copy = freed(atoms)
        strain = generator.uniform(-distortion.largest_strain, distortion.largest_strain, (3, 3))
        strain = (strain + strain.T) / 2
        if periodic.all():
            copy.set_cell(np.array(copy.cell) @ (np.eye(3) + strain), scale_atoms=True)
        elif periodic.any():
            stretches = np.where(periodic, 1 + np.diag(strain), 1.0)
            copy.set_cell(np.array(copy.cell) * stretches[:, None], scale_atoms=True)
        spread = distortion.displaced_share * shortest / math.sqrt(3)
        copy.positions += spread * generator.standard_normal((len(copy), 3))
        copies.append(copy)
    return copies
