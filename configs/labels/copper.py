"""Write frames of copper with energies, forces and stresses, where labels of your own are not at hand yet.

EMT, a simple potential of metals that comes with ASE, stands for the electronic-structure code: it makes 80 labels in
seconds. So the errors that models have on them tell nothing of real copper. Run it with:

    python configs/labels/copper.py labels.extxyz
"""

from __future__ import annotations

import sys

import ase.io
import numpy as np
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

TEMPERATURES_K = (300, 600, 900, 1200)
FRAMES_EACH = 20
STEPS_BETWEEN = 40


def frames_at(temperature_k: int) -> list[Atoms]:
    """Return labelled frames of a run of 32 atoms, far enough apart in time to differ."""
    random = np.random.default_rng(temperature_k)
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.calc = EMT()
    MaxwellBoltzmannDistribution(atoms, temperature_K=2 * temperature_k, rng=random)
    run = Langevin(atoms, 4 * units.fs, temperature_K=temperature_k, friction=0.02 / units.fs, rng=random)
    frames = []
    for _ in range(FRAMES_EACH):
        run.run(STEPS_BETWEEN)
        frame = atoms.copy()
        labels = {
            "energy": atoms.get_potential_energy(),
            "forces": atoms.get_forces(),
            "stress": atoms.get_stress(),
        }
        frame.calc = SinglePointCalculator(frame, **labels)
        frame.info["config_type"] = f"{temperature_k}K"
        frames.append(frame)
    return frames


def main() -> None:
    """Write the frames into the file that the command line names."""
    _, *given = sys.argv
    if len(given) != 1:
        sys.exit(__doc__)
    frames = [frame for temperature_k in TEMPERATURES_K for frame in frames_at(temperature_k)]
    ase.io.write(given[0], frames, format="extxyz")
    print(f"{given[0]}: {len(frames)} frames of {len(frames[0])} atoms")


if __name__ == "__main__":
    main()
