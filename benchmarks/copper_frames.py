"""Labelled frames that need neither a network nor a reference code."""

from __future__ import annotations

from pathlib import Path

import ase.build
import ase.io
from ase.calculators.emt import EMT

FRAMES = 60


def copper_frames(folder: Path) -> Path:
    """Write frames of rattled copper with energies and forces of effective-medium theory, and return the file."""
    frames = []
    for seed in range(FRAMES):
        atoms = ase.build.bulk("Cu", cubic=True).repeat(2)
        atoms.rattle(0.1, seed=seed)
        atoms.calc = EMT()
        atoms.get_forces()
        frames.append(atoms)
    path = folder / "copper.extxyz"
    ase.io.write(path, frames)
    return path
