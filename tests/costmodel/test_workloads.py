"""Each kind of task is counted in evaluations of energy and forces, and the time follows from the step."""

from __future__ import annotations

import math

import pytest
from ase.build import bulk

from factories import make_estimate, make_measurement, make_summary, make_task
from mlipguide.costmodel.costs import costs_from
from mlipguide.records.estimate import Basis
from mlipguide.records.task.task import TaskKind
from mlipguide.structures.signs import find_signs
from mlipguide.tasks.prerelaxation import dft_saving
from mlipguide.tasks.workloads import (
    affordable_atoms_of,
    run_time_of,
    static_workload,
    steps_of,
    supercell_atoms,
)

STEP = make_estimate(0.1)
COSTS = costs_from([make_measurement(size, wall_s=(size * 1e-3,) * 5) for size in (28, 56, 112)])


def test_md_is_counted_exactly() -> None:
    task = make_task()
    evaluations = task.workload.evaluations
    assert (evaluations.low, evaluations.value, evaluations.high) == (100_000, 100_000, 100_000)
    assert (evaluations.basis, evaluations.source, task.steps) == (Basis.MEASURED, "asked", 100_000)
    assert "100,000 steps" in task.workload.reason
    assert steps_of(1e-12, 3e-16) == 3334, "a started step is a step"
    assert run_time_of(STEP, task.workload) == STEP.scaled(100_000), "nothing but the step is uncertain"
    asked = affordable_atoms_of(COSTS, task.workload, budget_s=1e4)
    assert asked == COSTS.affordable_atoms(steps=100_000, budget_s=1e4)


def test_a_relaxation_is_practice_and_its_time_wider_than_its_step() -> None:
    workload = make_task(kind=TaskKind.RELAX).workload
    evaluations = workload.evaluations
    assert (evaluations.low, evaluations.value, evaluations.high) == (50, 120, 300)
    assert (evaluations.basis, workload.systems) == (Basis.ASSUMED, 1)
    run_time = run_time_of(STEP, workload)
    assert run_time.value == pytest.approx(12.0)
    assert run_time.basis is Basis.ASSUMED
    assert run_time.low is not None
    assert run_time.high is not None
    assert run_time.low < 50 * 0.1 * 1.02
    assert run_time.high > 290 * 0.1


def test_a_thousand_structures_take_a_thousand_times_as_long() -> None:
    one = make_task(kind=TaskKind.RELAX).workload.evaluations
    many = make_task(kind=TaskKind.SCREEN, structures=1000).workload
    assert many.evaluations == one.scaled(1000)
    assert (many.systems, many.atoms) == (1000, 2000)
    assert "1,000 structures" in many.reason


def test_a_band_evaluates_every_image_in_every_step() -> None:
    band = make_task(kind=TaskKind.NEB, images=7).workload
    assert (band.evaluations.low, band.evaluations.high) == (7 * 100, 7 * 500)
    assert band.systems == 7


def test_phonons_are_displaced_supercells_and_a_relaxation_of_the_small_cell() -> None:
    cell = make_summary(elements=("Si",), atoms=8, cell_lengths_angstrom=(5.431,) * 3)
    assert supercell_atoms(cell) == 64, "two cells along each edge are 10.9 Å"
    found = static_workload(TaskKind.PHONONS, cell, atoms=64)
    # One of them also with half the displacement.
    share = 2 * 8 / 64  # twice the evaluations of a relaxation, of an eighth of the atoms
    assert found.evaluations.high == round(6 * 8 + 1 + 300 * share)
    assert found.evaluations.low == round(1 + 1 + 50 * share)
    assert found.evaluations.value == round(math.sqrt(48) + 1 + 120 * share)
    assert (found.systems, found.atoms) == (48, 64)
    assert "48" in found.reason


def test_phonons_of_a_known_cell_are_counted_by_symmetry() -> None:
    atoms = bulk("Si", cubic=True)
    counted = find_signs(atoms).displacements(64)
    assert counted == 1
    cell = make_summary(elements=("Si",), atoms=8, cell_lengths_angstrom=(5.431,) * 3)
    found = static_workload(TaskKind.PHONONS, cell, atoms=64, displacements=counted)
    evaluations = found.evaluations
    assert (evaluations.low, evaluations.value, evaluations.high) == (14, 32, 77)
    assert (found.systems, evaluations.basis) == (1, Basis.ASSUMED)
    assert found.reason.startswith("1 displaced supercell of 64 atoms, by the symmetry")


def test_edges_that_are_long_enough_or_not_periodic_are_not_repeated() -> None:
    slab = make_summary(atoms=10, periodic=(True, True, False), cell_lengths_angstrom=(12.0, 5.0, 5.0))
    assert supercell_atoms(slab) == 20
    assert supercell_atoms(make_summary(atoms=9, cell_lengths_angstrom=None)) == 9


def test_molecular_dynamics_has_no_static_workload() -> None:
    with pytest.raises(ValueError, match="molecular dynamics"):
        static_workload(TaskKind.MD, make_summary(), atoms=28)


def test_affordable_atoms_are_uncertain_as_the_evaluations_are() -> None:
    workload = make_task(kind=TaskKind.RELAX).workload
    found = affordable_atoms_of(COSTS, workload, budget_s=24.0)  # 120 evaluations of 200 atoms
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.value == pytest.approx(200, rel=0.05)
    assert found.low < 0.45 * found.value
    assert found.high > 2.2 * found.value
    assert found.basis is Basis.ASSUMED
    assert affordable_atoms_of(COSTS, workload, budget_s=1e-9) is None


def test_dft_time_saved_needs_the_price_of_an_ionic_step() -> None:
    unpriced = dft_saving()
    assert unpriced.wall_time_s is None
    assert "jacobs2025guide" in unpriced.saved_share.source
    assert unpriced.saved_share.basis is Basis.ASSUMED
    priced = dft_saving(make_estimate(600.0)).wall_time_s
    assert priced is not None
    assert priced.value == pytest.approx(600 * unpriced.saved_share.value * unpriced.ionic_steps.value)
    assert priced.basis is Basis.ASSUMED
