"""Frames with reference energies, forces and stresses, one after another out of a file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray

from mlipguide.core.errors import InputError, concerning
from mlipguide.records.requests.label_names import NO_CHOICE, LabelKeys
from mlipguide.structures.checks import require_usable
from mlipguide.structures.electrons import carry_electrons
from mlipguide.structures.formats.xyz_columns import xyz_notices
from mlipguide.structures.label_files import iterate_frames
from mlipguide.structures.label_keys import SHOWN, find_keys, is_virial, numbers, require_known, values_of

GROUP_KEYS = ("config_type", "group")
TEMPERATURE_KEYS = ("temperature", "temperature_k", "temperature_K", "Temperature", "temp", "T")
"""Names under which a file may carry the temperature of a run, in K; what a group is called says nothing."""
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
FLAT_TENSOR, VOIGT_SIZE, FULL_RANK = 9, 6, 3


@dataclass(frozen=True, kw_only=True)
class LabelledFrame:
    """A structure and what a reference calculation says of it; None is what the file does not hold.

    Attributes:
        index: Place in the file, from 0.
        atoms: Positions and cell in Å, total charge and spin in ``info``; no calculator, and no constraints, so that
            forces are those of the reference on held atoms, too.
        energy_ev: Of the whole structure.
        forces_ev_per_angstrom: Shape (atoms, 3).
        stress_ev_per_angstrom3: Shape (6,), Voigt order and ASE's sign (positive under tension).
        group: The kind of frame, as the file names it.
        keys: Names that the labels stand under in the file.
        temperature_k: Of the run that the frame was taken from, where the file says so.
    """

    index: int
    atoms: ase.Atoms
    energy_ev: float | None
    forces_ev_per_angstrom: NDArray[np.float64] | None
    stress_ev_per_angstrom3: NDArray[np.float64] | None
    group: str | None
    keys: LabelKeys = NO_CHOICE
    temperature_k: float | None = None


def read_labels(path: Path, choice: LabelKeys = NO_CHOICE) -> Iterator[LabelledFrame]:
    """Read the frames of ``path`` one by one; never more than one is held.

    Args:
        path: Extended XYZ, ASE database, OUTCAR, vasprun.xml, or what else ASE reads.
        choice: Names of the labels, where the user gave them; otherwise the usual ones are looked for.

    Raises:
        InputError: The file cannot be read, holds no labels at all, several that may be meant, NaN, or forces that do
            not fit the atoms, or a frame is no structure (``checks.require_usable``). The message names the frame.
    """
    with concerning(file=str(path)):
        yield from _read(path, choice)


def _read(path: Path, choice: LabelKeys) -> Iterator[LabelledFrame]:
    seen: set[str] = set()
    index, labelled = -1, False
    for index, atoms in enumerate(iterate_frames(path)):
        values = values_of(atoms)
        seen.update(values)
        keys = find_keys(values, choice, atoms=len(atoms), frame=index, source=str(path))
        frame = _frame(index, atoms, values, keys, source=f"{path}, frame {index}")
        labelled = labelled or frame.energy_ev is not None or frame.forces_ev_per_angstrom is not None
        yield frame
    if index < 0:
        raise InputError(f"{path} holds no frame.", hint="Give a file with labelled structures.", kind="empty_file")
    require_known(choice, frozenset(seen), source=str(path))
    if not labelled:
        names = ", ".join(sorted(seen)[:SHOWN]) or "nothing beside positions"
        dropped = "".join(f" {notice.message}" for notice in xyz_notices(path) if path.suffix in {".xyz", ".extxyz"})
        raise InputError(
            f"{path}: no frame has energies or forces under a name that is known here.",
            hint=f"It has {names}. Name them with --energy-key and --forces-key.{dropped}",
            kind="no_labels",
        )


def _frame(index: int, atoms: ase.Atoms, values: Mapping[str, Any], keys: LabelKeys, *, source: str) -> LabelledFrame:
    positions = atoms.positions
    if not np.isfinite(positions).all() or not np.isfinite(atoms.cell.array).all():
        raise _not_finite(source, "positions or the cell are")
    structure = ase.Atoms(numbers=atoms.numbers, positions=positions, cell=atoms.cell, pbc=atoms.pbc)
    require_usable(structure, source=source)
    carry_electrons(structure, atoms)
    groups = [str(values[key]) for key in GROUP_KEYS if key in values]
    return LabelledFrame(
        index=index,
        atoms=structure,
        energy_ev=_energy(values, keys.energy, source=source),
        forces_ev_per_angstrom=_forces(values, keys.forces, atoms=len(atoms), source=source),
        stress_ev_per_angstrom3=_stress(values, keys.stress, atoms, source=source),
        group=groups[0] if groups else None,
        keys=keys,
        temperature_k=_temperature(atoms.info),
    )


def _temperature(info: Mapping[str, Any]) -> float | None:
    """Return the temperature that a file names; what is no single positive number is none."""
    for key in TEMPERATURE_KEYS:
        value = info.get(key)
        if isinstance(value, int | float | np.number) and not isinstance(value, bool):
            kelvin = float(value)
            return kelvin if math.isfinite(kelvin) and kelvin > 0 else None
    return None


def _energy(values: Mapping[str, Any], key: str | None, *, source: str) -> float | None:
    if key is None or key not in values:
        return None
    energy = _numbers(values, key, source=source)
    if energy.size != 1:
        raise InputError(f"{source}: {key} is not one number.", hint="Name the total energy with --energy-key.")
    if not np.isfinite(energy).all():
        raise _not_finite(source, f"{key} is")
    return float(energy.ravel()[0])


def _forces(values: Mapping[str, Any], key: str | None, *, atoms: int, source: str) -> NDArray[np.float64] | None:
    if key is None or key not in values:
        return None
    forces = _numbers(values, key, source=source)
    if forces.shape != (atoms, 3):
        raise InputError(
            f"{source}: {key} has the shape {' × '.join(map(str, forces.shape))}; {atoms} × 3 is expected.",
            hint="There must be three numbers for each atom; name the right ones with --forces-key.",
            kind="damaged_labels",
        )
    bad = np.flatnonzero(~np.isfinite(forces).all(axis=1))
    if bad.size:
        raise _not_finite(source, f"{key} of atom {bad[0]} is")
    return forces


def _stress(values: Mapping[str, Any], key: str | None, atoms: ase.Atoms, *, source: str) -> NDArray[np.float64] | None:
    if key is None or key not in values or atoms.cell.rank < FULL_RANK:
        return None
    tensor = _numbers(values, key, source=source)
    if tensor.size == FLAT_TENSOR:
        tensor = tensor.reshape(3, 3)
        tensor = np.array([(tensor[i, j] + tensor[j, i]) / 2 for i, j in VOIGT])
    if tensor.size != VOIGT_SIZE:
        raise InputError(
            f"{source}: {key} has {tensor.size} numbers; 6 or 9 are expected.",
            hint="Name the stress with --stress-key.",
            kind="damaged_labels",
        )
    if not np.isfinite(tensor).all():
        raise _not_finite(source, f"{key} is")
    tensor = tensor.ravel()
    return -tensor / float(atoms.cell.volume) if is_virial(key) else tensor


def _numbers(values: Mapping[str, Any], key: str, *, source: str) -> NDArray[np.float64]:
    try:
        return numbers(values[key])
    except (TypeError, ValueError):
        raise InputError(
            f"{source}: {key} is not made of numbers.", hint="Name another one.", kind="damaged_labels"
        ) from None


def _not_finite(source: str, what: str) -> InputError:
    return InputError(
        f"{source}: {what} NaN or infinite.",
        hint="The calculation of that frame failed: remove the frame.",
        kind="not_finite",
    )
