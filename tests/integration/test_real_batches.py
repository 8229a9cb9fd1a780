"""Batches of TorchSim compute what the backends compute of one structure alone, and relax to the same minima."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.constraints import FixAtoms
from ase.io import read, write

from factories import make_candidate, make_task
from mlipguide.bench.agreement import agreement_of, is_within
from mlipguide.catalog.cards import load_catalogue
from mlipguide.environments.builds import build_environment
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.production.script_texts import Subject, ase_files
from mlipguide.records.hardware.environment import EnvironmentState
from mlipguide.records.task.task import TaskKind
from mlipguide.records.timing.axes import TORCH_SIM
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Conditions, RelaxationPlan
from mlipguide.sessions.worker_session import SessionRequest, WorkerSession, open_session

pytestmark = pytest.mark.integration

SETTINGS = Settings(threads=1, dtype="float32", device="cpu", driver=TORCH_SIM, allocator=Allocator.RETAIN)
SHEAR = np.array([[1.0, 0.05, 0.0], [0.0, 1.0, 0.03], [0.02, 0.0, 1.0]])
MODELS = ("sevennet-0", "mace-mp-0-small")


@pytest.fixture(scope="module", params=MODELS)
def session(request: pytest.FixtureRequest) -> Iterator[WorkerSession]:
    """A model in its environment; MACE with random weights."""
    card = load_catalogue().find(request.param)
    recipe = find_recipe(card.backend)
    environment = find_environment(recipe)
    if environment.state is not EnvironmentState.READY:
        environment = build_environment(recipe, has_nvidia_gpu=False)
    opened = open_session(
        SessionRequest(
            card=card,
            recipe=recipe,
            environment=environment,
            settings=SETTINGS,
            weights_file=None,
            synthetic=card.weights.synthetic,
            memory_limit_bytes=None,
        )
    )
    try:
        yield opened
    finally:
        opened.close()


def rattled(atoms: Atoms, seed: int) -> Atoms:
    found: Atoms = atoms.copy()
    found.rattle(0.05, seed=seed)
    return found


def mixed() -> list[Atoms]:
    """Return structures of several sizes: skewed, left-handed, a molecule, a slab."""
    skewed = rattled(bulk("MgO", "rocksalt", a=4.25, cubic=True), 1)
    skewed.set_cell(skewed.cell.array @ SHEAR, scale_atoms=True)
    left_handed = bulk("Si")
    left_handed.set_cell(left_handed.cell.array[[1, 0, 2]])
    others = (bulk("Si"), molecule("CH3CH2OH"), bulk("Si").repeat((2, 1, 1)), fcc111("Cu", (1, 1, 3), vacuum=5))
    return [skewed, rattled(left_handed, 2), *(rattled(atoms, 3 + number) for number, atoms in enumerate(others))]


def test_a_batch_of_mixed_structures_is_each_of_them_alone(session: WorkerSession) -> None:
    structures = mixed()
    together = session.single_points(structures)
    alone = [session.single_point(atoms) for atoms in structures]
    found = agreement_of(alone, together)
    assert is_within(found)
    assert abs(found.energy_difference_ev_per_atom) < 1e-5
    assert found.force_max_ev_per_angstrom < 1e-4
    assert [one.stress_ev_per_angstrom3 is None for one in together] == [not atoms.pbc.all() for atoms in structures]
    assert [one.pairs_per_atom for one in together] == [one.pairs_per_atom for one in alone]


def test_the_same_elements_in_other_structures_are_not_taken_for_those_before(session: WorkerSession) -> None:
    small, large = rattled(bulk("Si"), 1), rattled(bulk("Si").repeat((2, 1, 1)), 2)
    for structures in ([small, large], [large, small], [small, small, small]):
        together = session.single_points(structures)
        assert is_within(agreement_of([session.single_point(atoms) for atoms in structures], together))


def test_evaluations_of_a_batch_are_timed(session: WorkerSession) -> None:
    conditions = Conditions(temperature_k=300.0, timestep_s=1e-15, propagate=False)
    prepared = session.prepare_batch([bulk("Si")] * 3, conditions)
    assert (prepared.atoms, prepared.structures) == (6, 3)
    assert prepared.pairs_per_atom == pytest.approx(session.single_point(bulk("Si")).pairs_per_atom)
    burst = session.run(prepared, max_steps=3, max_s=60.0)
    assert len(burst.samples.wall_s) == 3
    assert burst.samples.model_s is not None
    assert all(0 < model <= wall for model, wall in zip(burst.samples.model_s, burst.samples.wall_s, strict=True))
    assert burst.peak_memory_bytes > 10**8
    assert session.facts.versions["torch-sim-atomistic"]


def test_relaxations_in_batches_end_where_those_one_by_one_do(session: WorkerSession, tmp_path: Path) -> None:
    structures = [rattled(atoms, seed) for seed, atoms in enumerate((bulk("Si"), bulk("MgO", "rocksalt", a=4.25)) * 2)]
    plan = RelaxationPlan(largest_force_ev_per_angstrom=0.05, steps=60)
    batches = RelaxationPlan(largest_force_ev_per_angstrom=0.05, steps=60, batch=3)
    if session.facts.synthetic:
        with pytest.raises(SessionError, match="never propagate"):
            session.relax(structures, batches)
        return
    alone, together = session.relax(structures, plan), session.relax(structures, batches)
    assert together.calls < alone.calls
    for one, other, atoms in zip(alone.structures, together.structures, structures, strict=True):
        assert one.converged
        assert other.converged
        assert abs(other.steps - one.steps) <= 1
        assert other.energy_ev == pytest.approx(one.energy_ev, abs=1e-4 * len(atoms))
        np.testing.assert_allclose(other.positions_angstrom, one.positions_angstrom, atol=2e-3)
    for one, by_script in zip(alone.structures, relaxed_by_script(structures, tmp_path), strict=True):
        assert by_script.get_potential_energy() == pytest.approx(one.energy_ev, abs=1e-4 * len(by_script))
        np.testing.assert_allclose(by_script.positions, one.positions_angstrom, atol=2e-3)
    held = structures[0].copy()
    held.set_constraint(FixAtoms([0]))
    with pytest.raises(SessionError, match="Held atoms") as caught:
        session.relax([held], batches)
    assert caught.value.failure is FailureKind.UNSUPPORTED_SETTING


def relaxed_by_script(structures: Sequence[Atoms], folder: Path) -> list[Atoms]:
    """Relax structures with SevenNet-0 by the script of a screen, in batches, and return them as it leaves them."""
    recipe = find_recipe("sevenn")
    python = find_environment(recipe).python
    assert python is not None
    made = Subject(
        task=make_task(kind=TaskKind.SCREEN, atoms=2, structures=len(structures)),
        atoms=structures[0],
        repeats=(1, 1, 1),
        card=load_catalogue().find("sevennet-0"),
        candidate=replace(make_candidate("sevennet-0"), structures_at_once=3),
        settings=SETTINGS,
        weights_file=None,
        needs_file=False,
        python=python,
        devices=1,
    )
    script, cells = folder / "run.py", folder / "cells"
    for path, text in ase_files(made, recipe, script).items():
        path.write_text(text, encoding="utf-8")
    cells.mkdir()
    for number, atoms in enumerate(structures):
        write(cells / f"{number}.xyz", atoms, format="extxyz")
    done = subprocess.run([python, script, cells], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, "a batch that is given up is told"
    with (folder / "run.csv").open(newline="", encoding="utf-8") as stream:
        assert [row["state"] for row in csv.DictReader(stream)] == ["relaxed"] * len(structures)
    found = [read(folder / "run.relaxed" / f"{number}.xyz.extxyz") for number in range(len(structures))]
    return [atoms for atoms in found if isinstance(atoms, Atoms)]
