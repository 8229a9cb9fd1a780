"""Velocities of a Maxwell-Boltzmann distribution."""

from __future__ import annotations

import numpy as np
import pytest
from ase import units
from ase.build import bulk

from mlipguide.structures.velocities import drawn_velocities


def test_the_kinetic_energy_is_that_of_the_temperature() -> None:
    atoms = bulk("LiF", "rocksalt", a=4.0, cubic=True).repeat((5, 5, 5))
    atoms.set_velocities(drawn_velocities(atoms, 700.0, seed=3) / units.fs)
    assert atoms.get_temperature() == pytest.approx(700.0, rel=5 * np.sqrt(2 / (3 * len(atoms))))
    for symbol in ("Li", "F"):
        part = atoms[atoms.symbols == symbol]
        assert part.get_temperature() == pytest.approx(700.0, rel=0.12)


def test_there_is_no_drift_and_the_seed_decides() -> None:
    atoms = bulk("LiF", "rocksalt", a=4.0, cubic=True)
    first = drawn_velocities(atoms, 300.0, seed=1)
    assert (atoms.get_masses()[:, None] * first).sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    assert np.array_equal(first, drawn_velocities(atoms, 300.0, seed=1))
    assert not np.array_equal(first, drawn_velocities(atoms, 300.0, seed=2))
