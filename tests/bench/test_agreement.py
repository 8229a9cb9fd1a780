"""Two settings of one model beside each other."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk
from ase.constraints import FixAtoms

from factories import make_atoms
from mlipguide.bench.agreement import (
    TOLERANCE,
    AgreementFound,
    compare_settings,
    is_within,
    rattled_copies,
)
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.testing.fake_session import FakeSession

STRUCTURES = rattled_copies(make_atoms(64))


def test_rattled_copies_are_off_by_the_amplitude_and_repeatable() -> None:
    atoms = make_atoms(216)
    before = atoms.copy()
    copies = rattled_copies(atoms, 6, amplitude_angstrom=0.1, seed=3)
    assert len(copies) == 6
    moves = np.array([copy.positions - before.positions for copy in copies])
    assert moves.std() == pytest.approx(0.1, rel=0.05)
    assert moves.mean() == pytest.approx(0.0, abs=0.01)
    assert atoms == before
    assert rattled_copies(atoms, 6, amplitude_angstrom=0.1, seed=3) == copies
    assert rattled_copies(atoms, 6, amplitude_angstrom=0.1, seed=4)[0] != copies[0]
    assert not np.allclose(moves[0], moves[1])


def test_constrained_atoms_are_rattled_too() -> None:
    atoms = bulk("Cu", cubic=True)
    atoms.set_constraint(FixAtoms([0, 1, 2, 3]))
    assert abs(rattled_copies(atoms, 1)[0].positions - atoms.positions).min() > 0


def test_equal_answers_agree_exactly() -> None:
    found = compare_settings(FakeSession(), FakeSession(), STRUCTURES)
    assert found == AgreementFound(
        energy_difference_ev_per_atom=0.0,
        force_mae_ev_per_angstrom=0.0,
        force_max_ev_per_angstrom=0.0,
        structures=4,
        stress_max_ev_per_angstrom3=0.0,
    )
    assert is_within(found)


def test_known_errors_are_found() -> None:
    other = FakeSession(energy_error=-2e-4, force_error=1e-3)
    found = compare_settings(FakeSession(), other, STRUCTURES)
    assert found.energy_difference_ev_per_atom == pytest.approx(-2e-4)
    assert found.force_mae_ev_per_angstrom == pytest.approx(1e-3 * math.sqrt(2 / math.pi), rel=0.1)
    assert 2e-3 < found.force_max_ev_per_angstrom < 6e-3
    assert is_within(found)


def test_the_energy_that_differs_most_counts() -> None:
    class Uneven(FakeSession):
        def single_point(self, atoms):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # as in the class
            self.energy_error = {8: 1e-4, 27: -5e-4, 64: 2e-4}[len(atoms)]
            return super().single_point(atoms)

    found = compare_settings(FakeSession(), Uneven(), [make_atoms(8), make_atoms(27), make_atoms(64)])
    assert found.energy_difference_ev_per_atom == pytest.approx(-5e-4)
    assert found.structures == 3


@pytest.mark.parametrize(
    "other",
    [FakeSession(energy_error=1.1e-3), FakeSession(energy_error=-1.1e-3), FakeSession(force_error=2e-3)],
)
def test_what_exceeds_the_tolerance_is_refused(other: FakeSession) -> None:
    assert not is_within(compare_settings(FakeSession(), other, STRUCTURES))


def test_each_tolerance_counts_by_itself() -> None:
    edge = AgreementFound(
        energy_difference_ev_per_atom=-1e-3,
        force_mae_ev_per_angstrom=1e-3,
        force_max_ev_per_angstrom=1e-2,
        structures=4,
    )
    assert is_within(edge)
    for name in ("energy_difference_ev_per_atom", "force_mae_ev_per_angstrom", "force_max_ev_per_angstrom"):
        assert not is_within(replace(edge, **{name: 1.01 * getattr(edge, name)}))
    assert not is_within(edge, replace(TOLERANCE, force_max_ev_per_angstrom=1e-3))
    assert is_within(replace(edge, stress_max_ev_per_angstrom3=3e-4))
    assert not is_within(replace(edge, stress_max_ev_per_angstrom3=3.1e-4))
    assert not is_within(replace(edge, lacks_stress=True))


def test_a_model_that_fails_is_not_compared() -> None:
    with pytest.raises(SessionError):
        compare_settings(FakeSession(), FakeSession(fails_at={1: FailureKind.OUT_OF_MEMORY}), STRUCTURES)
    with pytest.raises(ValueError, match="at least one structure"):
        compare_settings(FakeSession(), FakeSession(), ())
