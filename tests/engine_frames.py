"""Small labelled frames for tests of training engines."""

from __future__ import annotations

import numpy as np
from ase.build import bulk

from mlipguide.structures.labels import LabelledFrame


def labelled(index: int = 0, *, group: str | None = None, energy: float | None = -10.0) -> LabelledFrame:
    """Return two silicon atoms off their places, with made-up labels that depend on ``index``."""
    atoms = bulk("Si")
    atoms.rattle(0.1, seed=index)
    forces = np.random.default_rng(index).normal(size=(2, 3)) / 3
    return LabelledFrame(
        index=index,
        atoms=atoms,
        energy_ev=energy,
        forces_ev_per_angstrom=forces,
        stress_ev_per_angstrom3=np.arange(6) / 70,
        group=group,
    )
