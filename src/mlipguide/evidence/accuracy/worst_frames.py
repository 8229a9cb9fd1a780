"""The frames that a model gets most wrong, with reference and predicted forces, written as extended XYZ."""

from __future__ import annotations

import heapq
import io
from pathlib import Path

import ase.io
import numpy as np

from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import write_atomically
from mlipguide.records.accuracy.accuracy import FrameErrors
from mlipguide.sessions.interface import SinglePoint
from mlipguide.structures.labels import LabelledFrame

SUFFIXES = (".extxyz", ".xyz")


def require_writable_xyz(path: Path) -> None:
    """Refuse a file that cannot be written as extended XYZ, before anything is evaluated for it.

    Raises:
        InputError: Another ending, or no folder to write into.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"--worst: frames cannot be written as '{path.name}'.", hint="Let its name end in .extxyz.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"--worst: there is no folder {path.parent} for {path.name}.", hint="Make it first.")


class WorstFrames:
    """Keeps the worst frames of each model while they pass by.

    Args:
        count: How many of each model.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._heaps: dict[str, list[tuple[float, int, ase.Atoms]]] = {}

    def add(self, model: str, frame: LabelledFrame, point: SinglePoint, errors: FrameErrors) -> None:
        """Keep a frame where its force MAE is among the largest so far."""
        heap = self._heaps.setdefault(model, [])
        mae = errors.absolute / errors.components
        if len(heap) >= self._count and mae <= heap[0][0]:
            return
        atoms = frame.atoms.copy()
        atoms.info |= {"frame": frame.index, "force_mae": mae, "model": model, "predicted_energy": point.energy_ev}
        if frame.group is not None:
            atoms.info["config_type"] = frame.group
        if frame.energy_ev is not None:
            atoms.info["REF_energy"] = frame.energy_ev
        atoms.arrays["REF_forces"] = np.asarray(frame.forces_ev_per_angstrom)
        atoms.arrays["predicted_forces"] = np.asarray(point.forces_ev_per_angstrom)
        entry = (mae, -frame.index, atoms)
        if len(heap) < self._count:
            heapq.heappush(heap, entry)
        else:
            heapq.heapreplace(heap, entry)

    def write(self, model: str, path: Path) -> int:
        """Write the frames of one model, the worst first, and return how many there are.

        Raises:
            StorageError: The file cannot be written.
        """
        frames = [atoms for _, _, atoms in sorted(self._heaps.get(model, []), key=lambda one: (-one[0], -one[1]))]
        text = io.StringIO()
        ase.io.write(text, frames, format="extxyz")
        write_atomically(path.absolute(), text.getvalue())
        return len(frames)
