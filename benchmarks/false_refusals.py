"""How often a student that is its teacher is refused, and how often a spoiled one is not.

The potential is a network of springs on the crystal given, stiff for short bonds and weak for long ones, so that runs
take milliseconds; its teacher's run is as short as ``train distil`` makes it, its student's 10 ps. Both run the same
forces under different thermostats and seeds, from atoms at rest at twice the temperature.

    python benchmarks/false_refusals.py configs/structures/LiFePO4.cif --runs 100 --steps 300
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ase.io
import numpy as np
from ase import Atoms, units

from mlipguide.commands.train.distil import cell_for
from mlipguide.records.accuracy.stability import CheckVerdict
from mlipguide.structures.distances import find_pairs
from mlipguide.training.acceptance import pair_check
from mlipguide.training.distil.equilibrium import equilibrium_start
from mlipguide.training.distil.run_comparison import pair_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

KELVIN, TIMESTEP_FS = 600.0, 2.0
BONDS = ((1.8, 20.0), (2.4, 4.0), (3.2, 0.6))
"""Bonds up to so many Å have springs of so many eV/Å²."""
SIDEWAYS = 0.1
"""Share of a spring that holds an atom across its bond."""
TEACHER_FRICTION_FS, TEACHER_EVERY = 50.0, 5
STUDENT_FRICTION_FS, STUDENT_EVERY, STUDENT_STEPS = 500.0, 50, 5000
ON_ITS_WAY = 10
NOT_SETTLED = 3
NOISE_ANGSTROM = 0.4


@dataclass(frozen=True)
class Run:
    """Displacements of each frame, shape (frames, atoms, 3), Å, and their energies, eV."""

    displacements: NDArray[np.float64]
    potential_ev: NDArray[np.float64]
    kinetic_ev: NDArray[np.float64]


class Springs:
    """A crystal of springs.

    Args:
        cell: At rest.
    """

    def __init__(self, cell: Atoms) -> None:
        self.cell = cell
        self.masses = np.repeat(cell.get_masses(), 3)
        count = len(cell)
        matrix = np.zeros((count, 3, count, 3))
        pairs = find_pairs(cell, BONDS[-1][0])
        for first, second, vector, across in zip(pairs.first, pairs.second, pairs.vector, pairs.across, strict=True):
            length = float(np.linalg.norm(vector))
            stiffness = next(one for reach, one in BONDS if length <= reach)
            along = np.outer(vector, vector) / length**2
            block = stiffness * (along + SIDEWAYS * (np.eye(3) - along))
            # A pair across a face comes from both sides, so that each gives one row.
            for one, other in ((first, second),) if across else ((first, second), (second, first)):
                matrix[one, :, one, :] += block
                matrix[one, :, other, :] -= block
        self.matrix = matrix.reshape(3 * count, 3 * count)

    def run(self, *, steps: int, every: int, friction_fs: float, seed: int) -> Run:
        """Run from rest at twice the temperature (Langevin, BAOAB; Leimkuhler, Matthews, doi:10.1093/amrx/abs010)."""
        random = np.random.default_rng(seed)
        step = TIMESTEP_FS * units.fs
        thermal = np.sqrt(units.kB * KELVIN / self.masses)
        kept = float(np.exp(-TIMESTEP_FS / friction_fs))
        places, speeds = np.zeros_like(thermal), np.sqrt(2) * thermal * random.standard_normal(thermal.size)
        forces = -self.matrix @ places
        frames: list[tuple[NDArray[np.float64], float, float]] = []
        for number in range(1, steps + 1):
            speeds += step / 2 * forces / self.masses
            places += step / 2 * speeds
            speeds = kept * speeds + np.sqrt(1 - kept**2) * thermal * random.standard_normal(thermal.size)
            places += step / 2 * speeds
            forces = -self.matrix @ places
            speeds += step / 2 * forces / self.masses
            if number % every == 0:
                frames.append((places.copy(), -float(places @ forces) / 2, float((self.masses * speeds**2).sum()) / 2))
        moved, potential, kinetic = zip(*frames, strict=True)
        return Run(np.array(moved).reshape(len(frames), -1, 3), np.array(potential), np.array(kinetic))

    def placed(self, displacements: NDArray[np.float64]) -> list[Atoms]:
        """Return the frames as structures."""
        frames = []
        for one in displacements:
            atoms = self.cell.copy()
            atoms.positions = self.cell.positions + one
            frames.append(atoms)
        return frames


def spoiled(frames: list[Atoms], seed: int) -> dict[str, list[Atoms]]:
    """Return the frames with noise, and with their first two elements exchanged atom by atom."""
    random = np.random.default_rng(seed)
    noisy, exchanged = [], []
    symbols = frames[0].get_chemical_symbols()
    first, second = list(dict.fromkeys(symbols))[:2] if len(set(symbols)) > 1 else (symbols[0], symbols[0])
    for one in frames:
        noise, other = one.copy(), one.copy()
        noise.positions = noise.positions + NOISE_ANGSTROM * random.standard_normal(noise.positions.shape)
        other.symbols = [{first: second, second: first}.get(symbol, symbol) for symbol in symbols]
        noisy.append(noise)
        exchanged.append(other)
    return {"noise": noisy} if first == second else {"noise": noisy, "exchanged": exchanged}


def verdict(student: list[Atoms], teacher: list[Atoms], *, share: float, settled: bool) -> CheckVerdict:
    """Return the worst verdict of all pairs of elements."""
    found = {
        pair_check(one, settled=settled).verdict for one in pair_distances(student, teacher, share_of_student=share)
    }
    return next(one for one in (CheckVerdict.FAILED, CheckVerdict.UNCLEAR, CheckVerdict.PASSED) if one in found)


def main() -> None:
    """Print how many were refused, not resolved and passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("structure")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--steps", type=int, default=300, help="of the teacher")
    arguments = parser.parse_args()
    atoms = ase.io.read(arguments.structure, index=-1)
    assert isinstance(atoms, Atoms)
    springs = Springs(cell_for(atoms))
    counts: dict[str, Counter[str]] = {}
    for run in range(arguments.runs):
        reference = springs.run(
            steps=arguments.steps, every=TEACHER_EVERY, friction_fs=TEACHER_FRICTION_FS, seed=2 * run
        )
        learnt = springs.run(
            steps=STUDENT_STEPS, every=STUDENT_EVERY, friction_fs=STUDENT_FRICTION_FS, seed=2 * run + 1
        )
        start = equilibrium_start(
            reference.kinetic_ev.tolist(),
            reference.potential_ev.tolist(),
            atoms=len(springs.cell),
            temperature_k=KELVIN,
        )
        later = len(reference.kinetic_ev) // NOT_SETTLED if start is None else start
        teacher = springs.placed(reference.displacements[later:])
        own = springs.placed(learnt.displacements[len(learnt.displacements) // ON_ITS_WAY :])
        share = len(teacher) * TEACHER_EVERY / (len(own) * STUDENT_EVERY)
        for name, frames in {"true": own, **spoiled(own, run)}.items():
            key = f"{name}, teacher {'settled' if start is not None else 'not settled'}"
            found = verdict(frames, teacher, share=share, settled=start is not None)
            counts.setdefault(key, Counter())[found.value] += 1
    for name, found_counts in sorted(counts.items()):
        print(f"{name}: {dict(found_counts)}")


if __name__ == "__main__":
    main()
