"""Ordinary inputs that mutations start from: structures in many formats, labels, tasks, profiles and cards."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
from ase import Atoms
from ase.build import bulk, molecule

from labelled import rattled
from mlipguide.records.timing.shared import signed
from shared_records import shared

ROOT = Path(__file__).parent.parent.parent
CONFIGS = ROOT / "configs"
CARDS = ROOT / "src" / "mlipguide" / "data" / "models"

_FORMATS = {
    "cif": "cif", "vasp": "POSCAR", "extxyz": "extxyz", "xyz": "xyz", "proteindatabank": "pdb", "lammps-data": "data",
    "gen": "gen", "xsf": "xsf", "cube": "cube", "json": "json", "aims": "in", "espresso-in": "pwi", "res": "res",
    "gromacs": "gro", "traj": "traj", "cfg": "cfg", "castep-cell": "cell", "db": "db",
}  # fmt: skip
"""ASE's formats, each with the ending of its files."""


@dataclass(frozen=True)
class Seed:
    """An input that is right.

    Attributes:
        name: Name of its file.
        data: Contents.
    """

    name: str
    data: bytes


def structures(folder: Path) -> tuple[Seed, ...]:
    """Return crystals and molecules in many formats, and every structure file of ``configs`` and of the tests.

    Args:
        folder: Where files are written for a moment.
    """
    salt = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    ethanol = molecule("CH3CH2OH")
    ethanol.center(vacuum=4.0)
    found = []
    for what, atoms in (("salt", salt), ("ethanol", ethanol)):
        for file_format, ending in _FORMATS.items():
            name = ending if ending == "POSCAR" else f"{what}.{ending}"
            path = folder / name
            options: dict[str, Any] = {}
            if file_format == "espresso-in":
                options["pseudopotentials"] = dict.fromkeys(atoms.symbols.species(), "x.UPF")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # of what moves into plug-ins
                ase.io.write(path, atoms, format=file_format, **options)
            found.append(Seed(name, path.read_bytes()))
            path.unlink()
    found.extend(Seed(path.name, path.read_bytes()) for path in _structure_files())
    return tuple(found)


def _structure_files() -> Iterator[Path]:
    yield from sorted((CONFIGS / "structures").iterdir())
    cases = ROOT / "tests" / "data" / "cases"
    if cases.is_dir():
        yield from sorted(path for path in cases.rglob("*") if path.is_file() and path.stat().st_size < 20_000)


def labels() -> tuple[Seed, ...]:
    """Return labelled frames of copper: in ASE's own names, in others, with single atoms, and as a trajectory."""
    frames = [_small(index) for index in range(6)]
    text = io.StringIO()
    ase.io.write(text, frames, format="extxyz")
    plain = text.getvalue().encode()
    renamed = plain.replace(b"forces:R:3", b"REF_forces:R:3").replace(b" energy=", b" REF_energy=")
    alone = b'1\nLattice="12 0 0 0 12 0 0 0 12" Properties=species:S:1:pos:R:3:forces:R:3 energy=-0.3 pbc="T T T"\n'
    binary = io.BytesIO()
    ase.io.write(binary, frames, format="traj")
    return (
        Seed("own.extxyz", plain),
        Seed("other.extxyz", renamed),
        Seed("alone.extxyz", plain + alone + b"Cu 0 0 0 0 0 0\n"),
        Seed("frames.traj", binary.getvalue()),
    )


def _small(index: int) -> Atoms:
    (frame,) = rattled(1, seed=index)
    calc = frame.calc
    small = frame[:4]
    small.calc = type(calc)(small, energy=calc.results["energy"] / 8, forces=calc.results["forces"][:4])
    small.info["config_type"] = "cold" if index % 2 else "hot"
    return small


def tasks() -> tuple[Seed, ...]:
    """Return the tasks of ``configs``, their structures named by whole paths."""
    whole = f"structure: {CONFIGS / 'structures'}/".encode()
    found = [(path.name, path.read_bytes()) for path in sorted(CONFIGS.glob("*.yaml"))]
    return tuple(Seed(name, data.replace(b"structure: structures/", whole)) for name, data in found)


def profiles() -> tuple[Seed, ...]:
    """Return the hardware profiles of ``configs``."""
    return tuple(Seed(path.name, path.read_bytes()) for path in sorted((CONFIGS / "hardware").glob("*.yaml")))


def clusters() -> tuple[Seed, ...]:
    """Return the clusters of ``configs``."""
    return tuple(Seed(path.name, path.read_bytes()) for path in sorted((CONFIGS / "cluster").glob("*.yaml")))


def cards(count: int = 8) -> tuple[Seed, ...]:
    """Return some model cards of the catalogue."""
    paths = sorted(CARDS.glob("*.yaml"))
    chosen = np.linspace(0, len(paths) - 1, count).astype(int)
    return tuple(Seed(paths[index].name, paths[index].read_bytes()) for index in chosen)


def shared_records() -> tuple[Seed, ...]:
    """Return a file of shared records."""
    lines = (json.dumps(signed(shared(atoms))) for atoms in (64, 128))
    return (Seed("records.jsonl", "\n".join(lines).encode()),)
