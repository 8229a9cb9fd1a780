"""Labelled frames with a known truth, and models that are a known distance from it, for tests of evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from numpy.typing import NDArray

from mlipguide.evidence.accuracy.frame_errors import frame_errors
from mlipguide.records.accuracy.accuracy import FrameErrors
from mlipguide.sessions.interface import SinglePoint
from mlipguide.structures.labels import LabelledFrame

DATA = Path(__file__).parent / "data" / "mlearn"


def emt_of(atoms: Atoms) -> dict[str, Any]:
    """Return EMT's energy, forces and stress; the same frames come again and again."""
    return {
        **_emt(atoms.numbers.tobytes(), atoms.positions.tobytes(), np.array(atoms.cell).tobytes(), tuple(atoms.pbc))
    }


@lru_cache(maxsize=4096)
def _emt(numbers: bytes, positions: bytes, cell: bytes, pbc: tuple[bool, ...]) -> dict[str, Any]:
    places, vectors = (np.frombuffer(found).reshape(-1, 3) for found in (positions, cell))
    atoms = Atoms(np.frombuffer(numbers, dtype=int), places, cell=vectors, pbc=pbc, calculator=EMT())
    return {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces(), "stress": atoms.get_stress()}


def rattled(count: int, *, seed: int = 0, amplitude: float = 0.1, group: str = "rattled") -> list[Atoms]:
    """Return copper cells of 32 atoms with EMT's energies, forces and stresses, displaced by various amounts."""
    frames = []
    for index in range(count):
        atoms = bulk("Cu", cubic=True) * (2, 2, 2)
        atoms.rattle(amplitude * float(np.random.default_rng(seed + index).uniform(0.3, 1.0)), seed=seed + index)
        atoms.calc = SinglePointCalculator(atoms, **emt_of(atoms))
        atoms.info["config_type"] = group
        frames.append(atoms)
    return frames


def write(path: Path, frames: Sequence[Atoms]) -> Path:
    """Write frames as extended XYZ."""
    ase.io.write(path, frames, format="extxyz")
    return path


class OffEMT(Calculator):
    """EMT with forces that are too small by a factor and off by noise, and another zero of energy."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012  # as ase declares it

    def __init__(self, *, slope: float = 1.0, noise: float = 0.0, shift_ev: float = 0.0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # of ase
        self.slope, self.noise, self.shift_ev = slope, noise, shift_ev

    def calculate(self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = all_changes) -> None:
        """Compute EMT's answer and change it."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]  # of ase
        truth = emt_of(atoms)
        key = int(abs(float(atoms.positions.sum())) * 1e6) % 2**31
        noise = np.random.default_rng(key).normal(0.0, self.noise, (len(atoms), 3)) if self.noise else 0.0
        self.results = {
            "energy": truth["energy"] + self.shift_ev * len(atoms),
            "forces": self.slope * truth["forces"] + noise,
            "stress": truth["stress"],
        }


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Arrays of a synthetic frame: reference and prediction."""

    reference: NDArray[np.float64]
    predicted: NDArray[np.float64]
    energy: float = 0.0
    predicted_energy: float = 0.0
    symbols: str | tuple[str, ...] = "Cu"
    group: str | None = None


def errors_of(labels: Labels, *, index: int = 0, run: int | None = None, **changes: Any) -> FrameErrors:
    """Return the sums of one synthetic frame."""
    count = len(labels.reference)
    symbols = [labels.symbols] * count if isinstance(labels.symbols, str) else list(labels.symbols)
    atoms = Atoms(symbols, positions=np.arange(3 * count).reshape(count, 3), cell=[99.0] * 3, pbc=True)
    frame = LabelledFrame(
        index=index,
        atoms=atoms,
        energy_ev=labels.energy,
        forces_ev_per_angstrom=labels.reference,
        stress_ev_per_angstrom3=None,
        group=labels.group,
    )
    point = SinglePoint(
        energy_ev=labels.predicted_energy,
        forces_ev_per_angstrom=tuple((x, y, z) for x, y, z in labels.predicted),
        stress_ev_per_angstrom3=None,
        magnetic_moments=None,
        pairs_per_atom=1.0,
    )
    return replace(frame_errors(frame, point, run=index if run is None else run), **changes)
