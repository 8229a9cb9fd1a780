"""Frames with reference energies, forces and stresses, one after another out of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ase
import ase.io

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GROUP_KEYS = ("config_type", "group")


@dataclass(frozen=True, kw_only=True)
class LabelledFrame:
    """A structure and what a reference calculation says of it; None is what the file does not hold.

    Attributes:
        index: Place in the file, from 0.
        atoms: Positions and cell in Å; no calculator.
        energy_ev: Of the whole structure.
        forces_ev_per_angstrom: Shape (atoms, 3).
        stress_ev_per_angstrom3: Shape (6,), Voigt order and ASE's sign (positive under tension).
        group: The kind of frame, as the file names it.
    """

    index: int
    atoms: ase.Atoms
    energy_ev: float | None
    forces_ev_per_angstrom: NDArray[np.float64] | None
    stress_ev_per_angstrom3: NDArray[np.float64] | None
    group: str | None


def read_labels(path: Path) -> Iterator[LabelledFrame]:
    """Read the frames of ``path`` one by one; never more than one is held."""
    for index, atoms in enumerate(ase.io.iread(str(path.absolute()), index=":", do_not_split_by_at_sign=True)):
        results = {} if atoms.calc is None else atoms.calc.results
        groups = [str(atoms.info[key]) for key in GROUP_KEYS if key in atoms.info]
        yield LabelledFrame(
            index=index,
            atoms=ase.Atoms(numbers=atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc),
            energy_ev=results.get("energy"),
            forces_ev_per_angstrom=results.get("forces"),
            stress_ev_per_angstrom3=results.get("stress"),
            group=groups[0] if groups else None,
        )
