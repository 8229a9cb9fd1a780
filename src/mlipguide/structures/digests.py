"""A structure by its contents."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from mlipguide.structures.electrons import CHARGE, SPIN

if TYPE_CHECKING:
    from ase import Atoms


def structure_digest(atoms: Atoms) -> str:
    """Return a checksum of all that models see of a structure: atoms, cell, constraints, charge and spin."""
    held = [one.todict() for one in atoms.constraints]
    numbers = {name: atoms.info.get(name) for name in (CHARGE, SPIN)}
    arrays = {name: values for name, values in sorted(atoms.arrays.items()) if values.dtype != object}
    text = json.dumps([arrays, np.array(atoms.cell), atoms.pbc, held, numbers], default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else repr(value)
