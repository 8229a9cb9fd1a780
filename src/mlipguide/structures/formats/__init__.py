"""Readers of formats that ASE reads wrongly in silence; each gives the atoms and what it assumed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ase

from mlipguide.records.notice import Notice

Reader = Callable[[Path, int], tuple[ase.Atoms, tuple[Notice, ...]]]


def own_reader(file_format: str) -> Reader | None:
    """Return the reader of a format, by ASE's name of it; None where ASE's own serves."""
    if file_format == "cif":
        from mlipguide.structures.formats.cif import read_cif

        return read_cif
    if file_format == "lammps-data":
        from mlipguide.structures.formats.lammps_data import read_lammps_data

        return read_lammps_data
    if file_format == "lammps-dump-text":
        from mlipguide.structures.formats.lammps_dump import read_lammps_dump

        return read_lammps_dump
    if file_format == "proteindatabank":
        from mlipguide.structures.formats.pdb import read_pdb

        return read_pdb
    return None
