"""Readers of formats that ASE reads wrongly in silence; each gives the atoms and what it assumed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import ase

from mlipguide.records.notice import Notice

Reader = Callable[[Path, int], tuple[ase.Atoms, tuple[Notice, ...]]]


_READERS = {
    "cif": ("cif", "read_cif"),
    "cube": ("by_ase", "read_cube"),
    "gromacs": ("by_ase", "read_gro"),
    "lammps-data": ("lammps_data", "read_lammps_data"),
    "lammps-dump-text": ("lammps_dump", "read_lammps_dump"),
    "proteindatabank": ("pdb", "read_pdb"),
    "res": ("by_ase", "read_shelx"),
    "sdf": ("by_ase", "read_sdf"),
    "vasp": ("by_ase", "read_poscar"),
}
"""Module and function by ASE's name of the format."""


def own_reader(file_format: str) -> Reader | None:
    """Return the reader of a format, by ASE's name of it; None where ASE's own serves."""
    if file_format not in _READERS:
        return None
    module, name = _READERS[file_format]
    reader: Reader = getattr(import_module(f"{__name__}.{module}"), name)
    return reader
