"""A strictly local potential on several MPI ranks, from what one rank takes.

Each of k ranks has n/k of the atoms and, around its box, ghosts as deep as one cutoff and the skin of the neighbour
list (Plimpton, doi:10.1006/jcph.1995.1039). It computes its own atoms only; of a ghost it receives the position and
returns the force. One rank alone has ghosts as well, the periodic images. So with g ghosts for each own atom and w the
work for a ghost over that for an atom

    t_k(n) = t_1(n/k) (1 + w g_k) / (1 + w g_1),

where t_1 is the law of one rank, g_k is of a cube cut into k boxes, and g_1 of a cube of n/k atoms. That processors
become slower when all of them are busy is not in it.
"""

from __future__ import annotations

import math

from mlipguide.costmodel.domains import best_cut
from mlipguide.costmodel.scaling import ScalingLaw
from mlipguide.records.estimate import Basis, Estimate

GHOST_WORK = 0.001
"""Lists and communication took less than 0.3 % of the steps of a POD potential of silicon on one rank, with 2 to 4
ghosts for each atom (measured here, 512 and 1,000 atoms)."""
SKIN_ANGSTROM = 1.0
"""Of the neighbour list that the driver makes."""
SHARED_MACHINE = 0.10
"""Processors that share memory and power may be slower by this when all are busy, relative (judgement)."""


def predict_ranks(
    law: ScalingLaw,
    atoms: int,
    *,
    pairs_per_atom: float,
    ranks: int,
    cutoff_angstrom: float,
    atoms_per_angstrom3: float,
) -> Estimate:
    """Return the time of one step on several ranks.

    Args:
        law: Of one rank.
        atoms: Of the whole system, which is periodic and about cubic.
        pairs_per_atom: Of its kind of structure.
        ranks: How many share it.
        cutoff_angstrom: Of the potential.
        atoms_per_angstrom3: Number density.
    """
    share = atoms / ranks
    alone = law.predict(share, share * pairs_per_atom)
    reach = cutoff_angstrom + SKIN_ANGSTROM
    together = _ghosts_per_atom(atoms, best_cut(ranks), reach, atoms_per_angstrom3)
    images = _ghosts_per_atom(share, (1, 1, 1), reach, atoms_per_angstrom3)
    factor = (1 + GHOST_WORK * together) / (1 + GHOST_WORK * images)
    busy = 1.0 if ranks == 1 else 1 + SHARED_MACHINE
    return Estimate(
        value=alone.value * factor,
        low=None if alone.low is None else alone.low * factor,
        high=None if alone.high is None else alone.high * factor * busy,
        basis=max(alone.basis, Basis.FITTED, key=lambda basis: basis.rank),
        source=f"one rank: {alone.source}",
    )


def _ghosts_per_atom(
    atoms: float, cut: tuple[int, int, int], reach_angstrom: float, atoms_per_angstrom3: float
) -> float:
    """Return ghosts over own atoms, images along uncut directions among the ghosts."""
    edge = (atoms / atoms_per_angstrom3) ** (1 / 3)
    return float(math.prod(1 + 2 * reach_angstrom * pieces / edge for pieces in cut)) - 1
