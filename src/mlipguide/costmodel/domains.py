"""One system on several devices: how much each computes, ghosts included.

The cell is cut into n equal boxes. A device computes its own atoms and, around its box, ghosts: copies of its
neighbours' atoms. A model that passes messages needs them as deep as layers times cutoff, a strictly local one as deep
as one cutoff (Musaelian et al., doi:10.1038/s41467-023-36329-y). Codes that exchange the features of ghosts between
layers (Park et al., doi:10.1021/acs.jctc.4c00190) do less for a ghost than for an atom of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

GHOST_WORK = 0.10
"""Work for a ghost relative to an atom of one's own: what the two published strong-scaling figures of MACE on GH200
give (ACEsuit/mace #1708: 13,718 atoms on 1, 2 and 4 devices; 0.10 both times, at 11.7 cubic Å an atom)."""


@dataclass(frozen=True)
class Share:
    """What one of several devices has to do.

    Attributes:
        own_atoms: Atoms of its own.
        ghosts_per_atom: Ghosts over own atoms.
    """

    own_atoms: float
    ghosts_per_atom: float

    @property
    def load_atoms(self) -> float:
        """Own atoms that are as much work as own atoms and ghosts together."""
        return self.own_atoms * (1 + GHOST_WORK * self.ghosts_per_atom)

    @property
    def held_atoms(self) -> float:
        """Own atoms and ghosts, all of which take memory."""
        return self.own_atoms * (1 + self.ghosts_per_atom)


def share_of(atoms: float, devices: int, *, reach_angstrom: float, atoms_per_angstrom3: float) -> Share:
    """Return what each device does of a cubic, periodic system.

    Args:
        atoms: Of the whole system.
        devices: That share it.
        reach_angstrom: Depth of the ghosts.
        atoms_per_angstrom3: Number density.
    """
    if devices == 1:
        return Share(atoms, 0.0)
    edge = (atoms / atoms_per_angstrom3) ** (1 / 3)
    cut = best_cut(devices)
    return Share(atoms / devices, _ghosts_per_atom(edge, cut, reach_angstrom))


def best_cut(devices: int) -> tuple[int, int, int]:
    """Return into how many boxes a cube is cut along each direction: those with the least surface."""
    return min(_cuts(devices), key=_surface)


def _surface(cut: tuple[int, int, int]) -> float:
    """Return half the surface of a box in units of the cube's face: what LAMMPS makes least by default."""
    a, b, c = (1 / n for n in cut)
    return a * b + b * c + c * a


def _ghosts_per_atom(edge: float, cut: tuple[int, int, int], reach: float) -> float:
    # An uncut direction needs no ghosts: its images are atoms that the device has already.
    return math.prod(min(edge / n + 2 * reach, edge) / (edge / n) if n > 1 else 1.0 for n in cut) - 1


def _cuts(devices: int) -> list[tuple[int, int, int]]:
    """Return the ways to cut a box into so many equal ones."""
    return [
        (a, b, devices // (a * b))
        for a in range(1, devices + 1)
        if devices % a == 0
        for b in range(1, devices // a + 1)
        if (devices // a) % b == 0
    ]
