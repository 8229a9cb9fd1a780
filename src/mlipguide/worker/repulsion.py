"""Repulsion between nuclei at close contacts, as a calculator of ASE; its text stands in scripts too."""

from __future__ import annotations


def zbl(reach: float) -> object:
    """Return the universal repulsion of Ziegler, Biersack and Littmark, brought to zero before ordinary bonds begin.

    It ends at ``reach`` times the sum of the covalent radii of two atoms. The screening function and length are those
    of ``pair_style zbl`` of LAMMPS. The polynomial that ends it, with two continuous derivatives, is the envelope of
    DimeNet (arXiv:2003.03123) with p = 6.
    """
    from typing import Any

    import numpy as np
    from ase.calculators.calculator import Calculator, all_changes
    from ase.data import covalent_radii
    from ase.neighborlist import neighbor_list
    from ase.units import Bohr, Hartree

    class ZBL(Calculator):
        """Energy (eV), forces (eV/Å) and, of what has a volume, stress (eV/Å³)."""

        implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012  # as ASE declares it
        weights = np.array([0.18175, 0.50986, 0.28022, 0.02817])
        exponents = np.array([3.19980, 0.94229, 0.40290, 0.20162])

        def calculate(
            self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = all_changes
        ) -> None:
            super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]  # untyped in ASE
            here: Any = self.atoms if atoms is None else atoms
            numbers = here.numbers
            ends = reach * covalent_radii[numbers]
            i, j, distances, vectors = neighbor_list("ijdD", here, 2 * float(ends.max()))
            close = distances < ends[i] + ends[j]
            i, j, distances, vectors = i[close], j[close], distances[close], vectors[close]
            bare = Hartree * Bohr * numbers[i] * numbers[j] / distances
            rates = self.exponents / (0.46850 / (numbers[i] ** 0.23 + numbers[j] ** 0.23))[:, None]
            terms = self.weights * np.exp(-rates * distances[:, None])
            screening, screening_slope = terms.sum(axis=1), -(rates * terms).sum(axis=1)
            share = distances / (ends[i] + ends[j])
            ending = 1 - 28 * share**6 + 48 * share**7 - 21 * share**8
            ending_slope = -168 * share**5 * (1 - share) ** 2 / (ends[i] + ends[j])
            slopes = bare * (screening_slope * ending + screening * ending_slope - screening * ending / distances)
            pulls = (slopes / distances)[:, None] * vectors
            forces = np.zeros((len(here), 3))
            np.add.at(forces, i, pulls)
            energy = float((bare * screening * ending).sum()) / 2  # each pair is there twice
            self.results = {"energy": energy, "free_energy": energy, "forces": forces}
            if here.cell.rank == 3:  # noqa: PLR2004  # there is a volume
                virial = np.einsum("ni,nj->ij", pulls, vectors) / 2
                self.results["stress"] = (virial / here.get_volume()).flat[[0, 4, 8, 5, 2, 1]]

    return ZBL()  # type: ignore[no-untyped-call]  # untyped in ASE
