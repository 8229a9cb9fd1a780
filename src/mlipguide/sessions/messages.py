"""What goes to a worker and comes back, between plain data and records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlipguide.sessions.interface import Relaxed, SinglePoint, Snapshot
from mlipguide.structures.electrons import CHARGE, SPIN
from mlipguide.structures.holds import plain_constraints

if TYPE_CHECKING:
    from ase import Atoms


def single_point_of(answer: dict[str, Any]) -> SinglePoint:
    """Return the results of one structure."""
    stress, moments = answer["stress_ev_per_angstrom3"], answer["magnetic_moments"]
    return SinglePoint(
        energy_ev=answer["energy_ev"],
        forces_ev_per_angstrom=tuple((x, y, z) for x, y, z in answer["forces_ev_per_angstrom"]),
        stress_ev_per_angstrom3=None if stress is None else tuple(stress),
        magnetic_moments=None if moments is None else tuple(moments),
        pairs_per_atom=answer["pairs_per_atom"],
    )


def relaxed_of(item: dict[str, Any]) -> Relaxed:
    """Return a structure that was relaxed."""
    import numpy as np

    return Relaxed(
        **{name: value for name, value in item.items() if name != "positions"},
        positions_angstrom=np.array(item["positions"]),
    )


def snapshot_of(item: dict[str, Any]) -> Snapshot:
    """Return a moment of a trajectory."""
    import numpy as np

    stress = item["stress_ev_per_angstrom3"]
    return Snapshot(
        step=item["step"],
        positions_angstrom=np.array(item["positions"]),
        velocities_angstrom_per_fs=np.array(item["velocities"]),
        energy_ev=item["energy_ev"],
        kinetic_ev=item["kinetic_ev"],
        forces_ev_per_angstrom=np.array(item["forces_ev_per_angstrom"]),
        stress_ev_per_angstrom3=None if stress is None else np.array(stress),
    )


def structure_message(atoms: Atoms) -> dict[str, Any]:
    """Return the structure as plain data: numbers, positions (Å), cell (Å), pbc.

    Masses (Da), charge and spin are in it where the structure has them; constraints never are, for forces on all atoms
    are wanted, and timing moves all of them.
    """
    found: dict[str, Any] = {
        "numbers": atoms.numbers.tolist(),
        "positions": atoms.positions.tolist(),
        "cell": atoms.cell.tolist(),
        "pbc": atoms.pbc.tolist(),
    }
    if atoms.has("masses"):
        found["masses"] = atoms.get_masses().tolist()
    return found | {name: int(atoms.info[name]) for name in (CHARGE, SPIN) if atoms.info.get(name) is not None}


def held_message(atoms: Atoms) -> dict[str, Any]:
    """Return the atoms that are held as plain data; nothing where none is."""
    return {"held": plain_constraints(atoms.constraints)} if atoms.constraints else {}
