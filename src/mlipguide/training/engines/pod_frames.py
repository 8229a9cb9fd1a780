"""Labelled frames as ``fitpod`` takes them, a LAMMPS command that reads less than its file format can say.

Seen in its source (``src/ML-POD/fitpod_command.cpp`` of the release of July 2025): a frame's second line is searched
for words that hold ``attice``, ``nergy`` and ``tress``; each atom's line holds a symbol, a position and a force. All
frames are periodic or none is. Neighbours are looked for in so many images of the cell along each vector as the cutoff
over the diagonal of the lower triangular cell says, which is too few for a skewed cell, and of atoms inside the cell
only. So every frame is wrapped, given empty space along directions that are not periodic, mirrored if its cell is
left-handed, and if need be written in a less skewed cell of the same crystal, or repeated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlipguide.core.errors import InputError
from mlipguide.structures.labels import LabelledFrame

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

DIGITS = 12


@dataclass(frozen=True)
class PodFrame:
    """One frame, ready to be written.

    Attributes:
        atoms: Periodic in all directions, atoms inside the cell.
        energy_ev: Of all its atoms.
        forces_ev_per_angstrom: Shape (atoms, 3).
    """

    atoms: Atoms
    energy_ev: float
    forces_ev_per_angstrom: Matrix


def pod_frame(frame: LabelledFrame, cutoff_angstrom: float) -> PodFrame:
    """Return a frame in a form in which ``fitpod`` finds every neighbour.

    Raises:
        InputError: It has no energy or no forces, or they are not numbers.
    """
    energy_ev, forces = frame.energy_ev, frame.forces_ev_per_angstrom
    if energy_ev is None or forces is None:
        missing = "energy" if energy_ev is None else "forces"
        raise InputError(
            f"Frame {frame.index} has no {missing}; a potential is fitted to both.",
            hint="Leave out frames without energies and forces.",
            kind="unlabelled",
        )
    if not (math.isfinite(energy_ev) and np.isfinite(forces).all()):
        raise InputError(
            f"Frame {frame.index} has an energy or a force that is not a finite number.", hint="Leave it out."
        )
    atoms = _periodic(frame.atoms, cutoff_angstrom)
    forces = np.array(forces, dtype=float)
    if np.linalg.det(atoms.cell.array) < 0:
        mirror = np.array([-1.0, 1.0, 1.0])
        atoms.set_cell(atoms.cell.array * mirror)
        atoms.positions = atoms.positions * mirror
        forces = forces * mirror
    if not _finds_all(atoms, cutoff_angstrom):
        atoms.set_cell(_reduced(atoms))
    repeats = (1, 1, 1) if _finds_all(atoms, cutoff_angstrom) else _repeats(atoms, cutoff_angstrom)
    atoms.wrap(eps=0.0)
    times = math.prod(repeats)
    return PodFrame(
        atoms=atoms if times == 1 else atoms.repeat(repeats),
        energy_ev=energy_ev * times,
        forces_ev_per_angstrom=np.tile(forces, (times, 1)),
    )


def written(frames: Iterable[PodFrame]) -> str:
    """Return the text of a file of frames."""
    return "".join(line for frame in frames for line in _lines(frame))


def _lines(frame: PodFrame) -> Iterator[str]:
    atoms = frame.atoms
    nothing = " ".join(["0"] * 9)
    yield f"{len(atoms)}\n"
    yield (
        f'Lattice="{_numbers(atoms.cell.array)}" Properties=species:S:1:pos:R:3:forces:R:3 '
        f'energy={frame.energy_ev:.{DIGITS}g} stress="{nothing}" pbc="T T T"\n'
    )
    for symbol, position, force in zip(
        atoms.get_chemical_symbols(), atoms.positions, frame.forces_ev_per_angstrom, strict=True
    ):
        yield f"{symbol} {_numbers(position)} {_numbers(force)}\n"


def _numbers(values: Matrix) -> str:
    return " ".join(f"{number:.{DIGITS}g}" for number in np.ravel(values))


def _periodic(given: Atoms, cutoff_angstrom: float) -> Atoms:
    """Return a copy that is periodic in all directions, with more than one cutoff of empty space in the new ones."""
    atoms: Atoms = given.copy()
    if atoms.pbc.all():
        return atoms
    cell = atoms.cell.complete()
    along = cell.scaled_positions(atoms.positions)
    heights = _heights(cell.array)
    for axis in np.flatnonzero(~atoms.pbc):
        extent = float(np.ptp(along[:, axis])) * heights[axis]
        cell[axis] *= (extent + 2 * cutoff_angstrom) / heights[axis]
    atoms.set_cell(cell)
    atoms.pbc = True
    return atoms


def _heights(cell: Matrix) -> Matrix:
    """Return the distances between opposite faces."""
    heights: Matrix = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    return heights


def _finds_all(atoms: Atoms, cutoff_angstrom: float) -> bool:
    diagonal = np.diag(atoms.cell.standard_form()[0].array)
    needed = np.ceil(cutoff_angstrom / _heights(atoms.cell.array))
    return bool((needed <= np.ceil(cutoff_angstrom / diagonal)).all())


def _reduced(atoms: Atoms) -> Matrix:
    from ase.geometry import minkowski_reduce

    reduced: Matrix = np.asarray(minkowski_reduce(atoms.cell.array)[0])
    if np.linalg.det(reduced) < 0:
        reduced = -reduced
    return reduced


def _repeats(atoms: Atoms, cutoff_angstrom: float) -> tuple[int, int, int]:
    """Return repetitions after which one image in each direction holds every neighbour."""
    a, b, c = (math.ceil(cutoff_angstrom / height) for height in _heights(atoms.cell.array))
    return a, b, c
