"""Labelled frames as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ase.io
from ase.calculators.singlepoint import SinglePointCalculator

from mlipguide.structures.labels import LabelledFrame


def write_frames(path: Path, frames: Sequence[LabelledFrame]) -> Path:
    """Write labelled frames as extended XYZ and return the path."""
    images = []
    for frame in frames:
        atoms = frame.atoms.copy()
        if frame.group is not None:
            atoms.info["group"] = frame.group
        atoms.calc = SinglePointCalculator(atoms, energy=frame.energy_ev, forces=frame.forces_ev_per_angstrom)
        images.append(atoms)
    ase.io.write(path, images)
    return path
