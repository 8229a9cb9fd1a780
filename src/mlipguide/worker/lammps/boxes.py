"""Structures as LAMMPS takes them: a lower triangular cell, every direction periodic, an atom type an element and mass.

LAMMPS wants the first cell vector along x and the second in the xy plane (https://docs.lammps.org/Howto_triclinic.html).
Any cell A (rows are vectors) is a lower triangular L with a positive diagonal times an orthogonal Q, A = L Q, so a row
of coordinates r becomes r Q^T there, and a force f comes back as f Q. Of a left-handed cell Q mirrors, which changes
neither energies nor distances.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class Box:
    """A structure in LAMMPS's own frame.

    Attributes:
        cell: Lower triangular, shape (3, 3), Å.
        rotation: Orthogonal, shape (3, 3).
        positions: Shape (atoms, 3), Å, inside the cell.
        types: From 1, one an atom.
        kinds: Chemical symbol and mass (Da) of each type.
    """

    cell: Any
    rotation: Any
    positions: Any
    types: list[int]
    kinds: list[tuple[str, float]]

    def commands(self, units: str, atom_style: str) -> tuple[str, ...]:
        """Return LAMMPS's commands that make the box, in its units and with atoms that carry what they must."""
        (lx, _, _), (xy, ly, _), (xz, yz, lz) = self.cell.tolist()
        return (
            f"units {units}",
            f"atom_style {atom_style}",
            "atom_modify map array",
            "boundary p p p",
            "box tilt large",
            f"region cell prism 0 {lx!r} 0 {ly!r} 0 {lz!r} {xy!r} {xz!r} {yz!r} units box",
            f"create_box {len(self.kinds)} cell",
        )

    def into(self, vectors: Any) -> Any:
        """Return rows of vectors in LAMMPS's frame."""
        return vectors @ self.rotation.T

    def back(self, vectors: Any) -> Any:
        """Return rows of vectors in the structure's own frame."""
        return vectors @ self.rotation

    def tensor_back(self, tensor: Any) -> Any:
        """Return a symmetric tensor in the structure's own frame."""
        return self.rotation.T @ tensor @ self.rotation


def box_of(atoms: Atoms, elements: tuple[str, ...], *, margin: float) -> Box:
    """Return ``atoms`` as LAMMPS takes them.

    Args:
        atoms: The structure, of these elements only.
        elements: Chemical symbols in the order of the first atom types; isotopes are further types.
        margin: Å of empty space along directions that are not periodic, so that no image is a neighbour.
    """
    import numpy as np
    from ase.data import atomic_masses, atomic_numbers

    whole = atoms.copy()
    cell = whole.cell.complete()
    if not whole.pbc.all():
        along = cell.scaled_positions(whole.positions)
        heights = 1 / np.linalg.norm(np.linalg.inv(cell.array), axis=0)
        for axis in np.flatnonzero(~whole.pbc):
            extent = float(np.ptp(along[:, axis])) * heights[axis]
            cell[axis] *= (extent + margin) / heights[axis]
    lower, rotation = (np.asarray(part) for part in cell.standard_form())
    signs = np.sign(np.diag(lower))  # negative for a left-handed cell
    lower, rotation = lower * signs, signs[:, None] * rotation
    scaled = cell.scaled_positions(whole.positions)
    scaled -= np.floor(scaled)
    scaled[scaled >= 1.0] = 0.0  # a tiny negative number is rounded to one
    kinds = [(symbol, float(atomic_masses[atomic_numbers[symbol]])) for symbol in elements]
    types = list(zip(whole.get_chemical_symbols(), whole.get_masses().tolist(), strict=True))
    kinds += sorted({kind for kind in types if kind[0] in elements} - set(kinds))
    numbers = {kind: index for index, kind in enumerate(kinds, start=1)}
    return Box(
        cell=lower,
        rotation=rotation,
        positions=scaled @ lower,
        types=[numbers[kind] for kind in types],
        kinds=kinds,
    )
