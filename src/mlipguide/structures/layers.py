"""Layers: the empty space between planes of atoms, and whether bonds join the atoms in two dimensions only."""

from __future__ import annotations

import contextlib
import hashlib
import json

import ase
import numpy as np

from mlipguide.core.errors import StorageError
from mlipguide.core.paths import indexes_dir
from mlipguide.core.serialisation import write_atomically

VACUUM_GAP_ANGSTROM = 7.0
"""Empty space between planes of atoms that no layered crystal has: MoS2 has 3 Å, graphite 3.4 Å."""
LARGEST_LAYERED_ATOMS = 300
"""The bonds of larger cells are not searched for layers: it takes seconds, and layered crystals have small cells."""


def widest_gap_angstrom(atoms: ase.Atoms, axis: int) -> float:
    """Return the widest empty space between planes of atoms normal to an axis, images included."""
    height = 1.0 / float(np.linalg.norm(np.linalg.inv(np.array(atoms.cell.complete()))[:, axis]))
    places = np.sort(atoms.get_scaled_positions()[:, axis] % 1.0)
    return float(np.diff(np.append(places, places[0] + 1.0)).max()) * height


def is_layered(atoms: ase.Atoms) -> bool:
    """Tell whether the bonds join the atoms in two dimensions only.

    What was found is kept by the contents of the cell: the search takes a tenth of a second, and loading what it needs
    another one.
    """
    if len(atoms) > LARGEST_LAYERED_ATOMS:
        return False
    contents = [ase.__version__, atoms.numbers.tolist(), atoms.positions.tolist(), atoms.cell.tolist()]
    kept = indexes_dir() / "layers" / f"{hashlib.sha256(json.dumps(contents).encode()).hexdigest()[:32]}.json"
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(kept.read_text(encoding="utf-8"))
        if isinstance(known, bool):
            return known
    try:
        found = _search(atoms)
    except (ValueError, TypeError, IndexError, ArithmeticError, RuntimeError, np.linalg.LinAlgError):
        return False  # the search for bonds gave none: no sign
    with contextlib.suppress(StorageError):
        write_atomically(kept, json.dumps(found))
    return found


def _search(atoms: ase.Atoms) -> bool:
    """Search by Larsen et al. (doi:10.1103/PhysRevMaterials.3.034003), as ASE implements it."""
    from ase.geometry import minkowski_reduce
    from ase.geometry.dimensionality import analyze_dimensionality

    # In a compact cell with all atoms inside, bonds are found at once; in a skewed one the search takes hours.
    cell, _ = minkowski_reduce(np.array(atoms.cell))
    compact = ase.Atoms(atoms.numbers, positions=atoms.positions, cell=cell, pbc=True)
    compact.wrap()
    if any(widest_gap_angstrom(compact, axis) >= VACUUM_GAP_ANGSTROM for axis in range(3)):
        return False  # empty space along a direction that the cell as given hides
    found = analyze_dimensionality(compact, method="RDA")
    return bool(found and found[0].dimtype == "2D")
