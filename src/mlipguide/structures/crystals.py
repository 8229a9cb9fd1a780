"""Ordered presets: crystals, a slab, a molecule. Lattice parameters are rounded from experiment, in Å."""

from __future__ import annotations

import ase
from ase.build import add_adsorbate, bulk, fcc111, molecule
from ase.spacegroup import crystal


def build_copper(seed: int) -> ase.Atoms:
    """Build fcc copper, conventional cell."""
    del seed
    return bulk("Cu", "fcc", a=3.615, cubic=True)


def build_silicon(seed: int) -> ase.Atoms:
    """Build silicon in the diamond structure, conventional cell."""
    del seed
    return bulk("Si", "diamond", a=5.431, cubic=True)


def build_nacl(seed: int) -> ase.Atoms:
    """Build rock salt, conventional cell."""
    del seed
    return bulk("NaCl", "rocksalt", a=5.640, cubic=True)


def build_mgo(seed: int) -> ase.Atoms:
    """Build periclase, conventional cell."""
    del seed
    return bulk("MgO", "rocksalt", a=4.212, cubic=True)


def build_srtio3(seed: int) -> ase.Atoms:
    """Build the cubic perovskite."""
    del seed
    return ase.Atoms(
        "SrTiO3",
        scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)],
        cell=[3.905] * 3,
        pbc=True,
    )


def build_li3ocl(seed: int) -> ase.Atoms:
    """Build the cubic antiperovskite: oxygen amid six lithium, chlorine at the corners."""
    del seed
    return ase.Atoms(
        "ClOLi3",
        scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)],
        cell=[3.91] * 3,
        pbc=True,
    )


def build_lifepo4(seed: int) -> ase.Atoms:
    """Build olivine LiFePO4, space group Pnma, conventional cell."""
    del seed
    sites = {
        "Li": (0.0, 0.0, 0.0),
        "Fe": (0.28219, 0.25, 0.97472),
        "P": (0.09484, 0.25, 0.41820),
        "O1": (0.09678, 0.25, 0.74280),
        "O2": (0.45710, 0.25, 0.20600),
        "O3": (0.16558, 0.04646, 0.28478),
    }
    return _keep_geometry(
        crystal(
            [label.rstrip("123") for label in sites],
            basis=list(sites.values()),
            spacegroup=62,
            cellpar=[10.3290, 6.0065, 4.6908, 90, 90, 90],
        )
    )


def build_urea(seed: int) -> ase.Atoms:
    """Build tetragonal urea, space group P-42_1m, with the hydrogen positions of neutron diffraction."""
    del seed
    return _keep_geometry(
        crystal(
            ["C", "O", "N", "H", "H"],
            basis=[
                (0.0, 0.5, 0.3260),
                (0.0, 0.5, 0.5953),
                (0.1459, 0.6459, 0.1766),
                (0.2575, 0.7575, 0.2827),
                (0.1440, 0.6440, -0.0380),
            ],
            spacegroup=113,
            cellpar=[5.565, 5.565, 4.684, 90, 90, 90],
        )
    )


def build_pt111_co(seed: int) -> ase.Atoms:
    """Build a 2x2 Pt(111) slab of four layers with one CO upright on an atom and 10 Å of vacuum each side."""
    del seed
    slab = fcc111("Pt", (2, 2, 4), a=3.924, vacuum=10.0)
    add_adsorbate(slab, ase.Atoms("CO", positions=[(0, 0, 0), (0, 0, 1.15)]), 1.85, "ontop")
    return _keep_geometry(slab)


def build_ethanol(seed: int) -> ase.Atoms:
    """Build ethanol in vacuum."""
    del seed
    return _keep_geometry(molecule("CH3CH2OH"))


def _keep_geometry(atoms: ase.Atoms) -> ase.Atoms:
    """Drop tags, constraints and symmetry that the builders of ASE leave behind."""
    return ase.Atoms(numbers=atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
