"""Whether forces and stress are derivatives is found by finite differences, of calculators whose faults are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.morse import MorsePotential

from mlipguide.sessions.consistency import force_deviation, parameters_agree, stress_deviation
from mlipguide.testing.calculators import PROPERTIES, Asymmetric, Kinked
from mlipguide.testing.in_process import in_process_session

MORSE = {"epsilon": 0.3, "r0": 2.9, "rho0": 4.0, "rcut1": 1.5, "rcut2": 1.9}


def skewed() -> Atoms:
    atoms: Atoms = bulk("Cu", a=3.9, cubic=True)
    atoms.rattle(0.08, seed=1)
    atoms.set_cell(atoms.cell.array @ np.array([[1.0, 0.1, 0.0], [0.0, 1.0, 0.05], [0.08, 0.0, 1.0]]), scale_atoms=True)
    return atoms


class Wrong(MorsePotential):
    """Changes the stress.

    Args:
        change: Of the six components.
    """

    def __init__(self, change: Any) -> None:
        super().__init__(**MORSE)  # type: ignore[no-untyped-call]  # untyped in ASE
        self._change = change

    def calculate(self, *arguments: Any, **options: Any) -> None:
        super().calculate(*arguments, **options)  # type: ignore[no-untyped-call]  # untyped in ASE
        if "stress" in self.results:
            self.results["stress"] = self._change(self.results["stress"])


def test_a_right_model_passes() -> None:
    session = in_process_session(MorsePotential(**MORSE))
    forces, stress = force_deviation(session, skewed()), stress_deviation(session, skewed())
    assert forces.is_within
    assert stress is not None
    assert stress.is_within
    assert stress.scale > 0.01


@pytest.mark.parametrize(
    "change",
    [
        lambda stress: 160.2 * stress,
        lambda stress: -stress,
        lambda stress: stress[[0, 1, 2, 5, 4, 3]],
        lambda stress: stress * np.array([1, 1, 1, 1, 1, 2]),
        lambda stress: stress * np.array([1, 1, 1, 1, 1, 0]),
    ],
    ids=["gigapascal", "sign", "order", "twice the shear", "no shear"],
)
def test_a_wrong_stress_is_found(change: Any) -> None:
    found = stress_deviation(in_process_session(Wrong(change)), skewed())
    assert found is not None
    assert not found.is_within


def test_wrong_forces_are_found() -> None:
    assert not force_deviation(in_process_session(Asymmetric(MorsePotential(**MORSE), 0.1)), skewed()).is_within


def test_a_jump_of_the_energy_is_not_taken_for_a_wrong_force() -> None:
    atoms = skewed()
    plain = in_process_session(MorsePotential(**MORSE))
    forces = np.array(plain.single_point(atoms).forces_ev_per_angstrom)
    mover = int(np.abs(forces).max(axis=1).argmax())
    distances = np.sort(atoms.get_all_distances(mic=True)[mover])
    # The jump is met by the wide difference of the atom that moves most, and by no narrow one.
    session = in_process_session(Kinked(MorsePotential(**MORSE), float(distances[1]) - 0.006, 0.002))
    assert force_deviation(session, atoms).is_within


def test_a_model_without_stress_has_none() -> None:
    class Bare(MorsePotential):
        implemented_properties = PROPERTIES

    bare = Bare(**MORSE)  # type: ignore[no-untyped-call]  # untyped in ASE
    assert stress_deviation(in_process_session(bare), skewed()) is None


@pytest.mark.parametrize(
    ("found", "stated", "agree"),
    [
        (9_723_173, 9_700_000, True),
        (9_760_000, 9_700_000, False),
        (4_487_962, 4_500_000, True),
        (30_161_153, 30_161_153, True),
        (30_191_314, 30_161_153, True),
        (30_201_153, 30_161_153, False),
        (146_700_000, 150_000_000, True),
        (2_000_000, 1_000_001, False),
    ],
)
def test_a_published_number_of_parameters_is_as_exact_as_its_digits(found: int, stated: int, *, agree: bool) -> None:
    assert parameters_agree(found, stated) is agree
