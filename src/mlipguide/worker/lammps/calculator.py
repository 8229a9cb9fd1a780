"""A potential in LAMMPS as an ASE calculator, evaluated in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .boxes import Box, box_of
from .library import lammps_errors, new_instance
from .potential import Potential

if TYPE_CHECKING:
    from ase import Atoms

COMPONENTS = (0, 1, 2, 5, 4, 3)
"""LAMMPS's order xx, yy, zz, xy, xz, yz in Voigt's order xx, yy, zz, yz, xz, xy."""
MOST_NEIGHBOURS, PAGE = 10_000, 200_000
"""Neighbours of one atom, and of a page of them. LAMMPS's own 2,000 are too few for a dense structure within 10 Å."""
EMPTY_CUTOFFS = 2
"""Cutoffs of empty space around a molecule; more than one is needed."""


def make_calculator(potential: Potential, *, threads: int) -> Any:
    """Return an ASE calculator: energy in eV, forces in eV/Å, stress in eV/Å³ with ASE's sign."""
    import numpy as np
    from ase.calculators.calculator import Calculator, all_changes

    class LammpsCalculator(Calculator):
        """Evaluates one structure at a time; as long as cell and elements stay, only positions are handed over."""

        implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012  # as ASE declares it

        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]  # untyped in ASE
            self._lammps = new_instance(threads)
            self._set_up: list[Any] = []

        def calculate(
            self, atoms: Atoms | None = None, properties: Any = ("energy",), system_changes: Any = all_changes
        ) -> None:
            """Evaluate ``atoms``."""
            super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]  # untyped in ASE
            box = box_of(self.atoms, potential.elements, margin=EMPTY_CUTOFFS * potential.cutoff_angstrom)  # type: ignore[arg-type]  # set by the line above
            with lammps_errors():
                self._place(box)
                self._lammps.command("run 0 post no")
                energy = potential.energy_unit_ev * float(self._lammps.get_thermo("pe"))
                forces = potential.energy_unit_ev * np.array(self._lammps.gather_atoms("f", 1, 3)).reshape(-1, 3)
                pressures = np.array([self._lammps.extract_compute("virial", 0, 1)[index] for index in range(6)])
            xx, yy, zz, yz, xz, xy = -pressures[list(COMPONENTS)] / potential.pressure_unit
            stress = box.tensor_back(np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]))
            self.results = {
                "energy": energy,
                "free_energy": energy,
                "forces": box.back(forces),
                "stress": stress[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]],
            }

        def _place(self, box: Box) -> None:
            same = (
                self._set_up and self._set_up[1] == (box.types, box.kinds) and np.array_equal(self._set_up[0], box.cell)
            )
            if same:
                flat = np.ascontiguousarray(box.positions, dtype=np.float64).ravel()
                self._lammps.scatter_atoms("x", 1, 3, np.ctypeslib.as_ctypes(flat))
                return
            self._set_up = []
            self._lammps.command("clear")
            set_up(self._lammps, box, potential)
            self._lammps.command("neighbor 0.1 bin")  # every evaluation makes its list anew
            self._lammps.command("compute virial all pressure NULL virial")
            self._lammps.command(f"thermo_style custom pe {' '.join(f'c_virial[{index}]' for index in range(1, 7))}")
            self._set_up = [box.cell, (box.types, box.kinds)]

    return LammpsCalculator()


def set_up(lammps: Any, box: Box, potential: Potential, velocities: Any = None) -> None:
    """Make box, atoms and interactions in an empty LAMMPS.

    Args:
        lammps: An instance.
        box: The structure.
        potential: What it interacts by.
        velocities: Shape (atoms, 3), Å/ps, in LAMMPS's frame; None for atoms at rest.
    """
    for command in box.commands(potential.units, potential.atom_style):
        lammps.command(command)
    count = len(box.types)
    flat = None if velocities is None else (velocities * potential.time_unit_ps).ravel().tolist()
    lammps.create_atoms(count, list(range(1, count + 1)), box.types, box.positions.ravel().tolist(), flat)
    for index, (_, mass) in enumerate(box.kinds, start=1):
        lammps.command(f"mass {index} {mass!r}")
    lammps.command(f"neigh_modify one {MOST_NEIGHBOURS} page {PAGE}")
    for command in potential.commands([symbol for symbol, _ in box.kinds]):
        lammps.command(command)
