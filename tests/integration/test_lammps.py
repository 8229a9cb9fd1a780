"""A fitted potential in the real LAMMPS: what every backend has to pass, MPI ranks, and a fit."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from mlipguide.core.serialisation import from_plain
from mlipguide.environments.recipes import find_recipe
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.records.training.training import Engine, FitRecipe, FittedPotential
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Conditions, DynamicsPlan
from mlipguide.sessions.worker_session import SessionRequest, WorkerSession, open_session
from mlipguide.structures.labels import LabelledFrame
from mlipguide.testing.contract import BackendContract
from mlipguide.training.engines.pod import ready_pod_trainer
from mlipguide.training.fit.potential_cards import card_of
from short_fits import environment_of

if TYPE_CHECKING:
    from ase import Atoms

FOLDER = Path(__file__).parent.parent / "data" / "pod_silicon"
pytestmark = pytest.mark.integration
POTENTIAL = FittedPotential(
    recipe=FitRecipe(engine=Engine.POD, size="small", elements=("Si",), seed=0, options={"rcut": 5.0}),
    folder=str(FOLDER),
    files=("potential.json",),
    frames=214,
    train_s=1.0,
    parameters=73,
    cutoff_angstrom=5.0,
    versions={},
)
CONDITIONS = Conditions(temperature_k=300, timestep_s=1e-15, propagate=True)


def start(*, ranks: int = 1, memory_limit_bytes: int | None = None, driver: str = "lammps") -> WorkerSession:
    return open_session(
        SessionRequest(
            card=card_of(POTENTIAL, model_id="pod-silicon"),
            recipe=find_recipe("lammps"),
            environment=environment_of("lammps"),
            settings=Settings(
                threads=1, dtype="float64", device="cpu", driver=driver, allocator=Allocator.RETAIN, ranks=ranks
            ),
            weights_file=FOLDER / "potential.json",
            synthetic=False,
            memory_limit_bytes=memory_limit_bytes,
        )
    )


def silicon(repeats: int = 1) -> Atoms:
    from ase.build import bulk

    atoms: Atoms = bulk("Si", cubic=True).repeat(repeats)
    atoms.rattle(0.08, seed=1)
    return atoms


class TestPodInLammps(BackendContract):
    card = card_of(POTENTIAL, model_id="pod-silicon")
    memory_limit_bytes = 2**28
    exhausting_atoms = 400_000

    @classmethod
    def open(cls, *, memory_limit_bytes: int | None = None) -> WorkerSession:
        return start(memory_limit_bytes=memory_limit_bytes)

    @classmethod
    def structure(cls) -> Atoms:
        return silicon()


@pytest.mark.parametrize("handed", ["right", "left"])
def test_a_skewed_cell_is_turned_there_and_back(handed: str) -> None:
    from ase.build import bulk

    atoms = bulk("Si")
    atoms.rattle(0.1, seed=3)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.02 * np.arange(9).reshape(3, 3)), scale_atoms=True)
    if handed == "left":
        atoms.set_cell(atoms.cell.array[[1, 0, 2]])
    turned = atoms.copy()
    turned.rotate(37.0, (1.0, 2.0, -0.5), rotate_cell=True)
    rotation = np.linalg.solve(atoms.cell.array, turned.cell.array)
    session = start()
    try:
        here, there = session.single_point(atoms), session.single_point(turned)
        assert there.energy_ev == pytest.approx(here.energy_ev, abs=1e-8)
        assert np.array(there.forces_ev_per_angstrom) == pytest.approx(
            np.array(here.forces_ev_per_angstrom) @ rotation, abs=1e-7
        )
        assert here.stress_ev_per_angstrom3 is not None
        strain = np.zeros((3, 3))
        strain[0, 1] = strain[1, 0] = 1e-4  # twice: the derivative by a shear counts yx as well as xy
        energies = []
        for sign in (1, -1):
            sheared = atoms.copy()
            sheared.set_cell(atoms.cell.array @ (np.eye(3) + sign * strain), scale_atoms=True)
            energies.append(session.single_point(sheared).energy_ev)
        slope = (energies[0] - energies[1]) / (4e-4) / atoms.get_volume()
        assert here.stress_ev_per_angstrom3[5] == pytest.approx(slope, abs=1e-5)
    finally:
        session.close()


def test_energy_is_conserved() -> None:
    """Also where atoms cross the boundary of the cell between two evaluations."""
    atoms = silicon(2)
    plan = DynamicsPlan(steps=200, every=200, timestep_s=1e-15, temperature_k=300.0)
    session = start()
    try:
        trajectory = session.dynamics(atoms, plan)
        first, last = (snapshot.energy_ev + snapshot.kinetic_ev for snapshot in trajectory.snapshots)
        assert abs(last - first) / len(atoms) < 1e-4
    finally:
        session.close()


def test_two_ranks_step_together_and_end_with_the_worker() -> None:
    session = start(ranks=2)
    try:
        prepared = session.prepare(silicon(5), CONDITIONS)
        burst = session.run(prepared, max_steps=5, max_s=60.0)
        assert len(burst.samples.wall_s) == 5
        worker = psutil.Process(session.pid)
        children = worker.children(recursive=True)
        ranks = [child for child in children if "mlipguide_worker.lammps.rank" in child.cmdline()]
        assert len(ranks) >= 2
        before = sum(sum(child.cpu_times()[:2]) for child in ranks)
        time.sleep(0.5)
        assert sum(sum(child.cpu_times()[:2]) for child in ranks) - before < 0.2, "ranks that wait must sleep"
    finally:
        session.close()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]


def test_a_killed_rank_is_reported() -> None:
    session = start(ranks=2)
    try:
        prepared = session.prepare(silicon(3), CONDITIONS)
        children = psutil.Process(session.pid).children(recursive=True)
        next(child for child in children if "mlipguide_worker.lammps.rank" in child.cmdline()).kill()
        with pytest.raises(SessionError) as raised:
            session.run(prepared, max_steps=5, max_s=60.0)
        assert raised.value.failure is FailureKind.BACKEND
        assert "rank" in raised.value.message
    finally:
        session.close()


def test_ranks_end_with_a_worker_that_is_killed_while_they_run() -> None:
    session = start(ranks=2)
    worker = psutil.Process(session.pid)
    try:
        prepared = session.prepare(silicon(8), CONDITIONS)
        children = worker.children(recursive=True)
        killer = threading.Timer(1.0, worker.kill)
        killer.start()
        with pytest.raises(SessionError) as raised:
            session.run(prepared, max_steps=100_000, max_s=60.0)
        assert raised.value.failure is FailureKind.CRASHED
    finally:
        session.close()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]


def test_ranks_without_the_driver_are_refused() -> None:
    with pytest.raises(SessionError, match="driver 'lammps'") as raised:
        start(ranks=2, driver="ase")
    assert raised.value.failure is FailureKind.UNSUPPORTED_SETTING


def test_a_fit_recovers_the_potential_that_made_its_labels(tmp_path: Path) -> None:
    """The labels lie in the span of the descriptors, so a fit of the same size must reproduce them nearly exactly."""
    teacher = start()
    trainer = ready_pod_trainer()
    try:
        frames = []
        for seed in range(12):
            atoms = silicon(2)
            atoms.rattle(0.15, seed=seed)
            point = teacher.single_point(atoms)
            frames.append(
                LabelledFrame(
                    index=seed,
                    atoms=atoms,
                    energy_ev=point.energy_ev,
                    forces_ev_per_angstrom=np.array(point.forces_ev_per_angstrom),
                    stress_ev_per_angstrom3=None,
                    group=None,
                )
            )
        recipe = trainer.recipes(["Si"], seed=0)[0]
        potential = trainer.fit(recipe, frames[:-1], tmp_path / "fit", on_progress=lambda _message, _share: None)
        again = trainer.fit(recipe, frames[:-1], tmp_path / "again", on_progress=lambda _message, _share: None)
        assert (tmp_path / "fit" / potential.files[-1]).read_bytes() == (
            tmp_path / "again" / again.files[-1]
        ).read_bytes()
        student = trainer.open(potential)
        try:
            found = student.single_point(frames[-1].atoms)
        finally:
            student.close()
    finally:
        teacher.close()
    held_out = frames[-1]
    assert held_out.energy_ev is not None
    assert abs(found.energy_ev - held_out.energy_ev) / len(held_out.atoms) < 1e-3
    errors = np.array(found.forces_ev_per_angstrom) - held_out.forces_ev_per_angstrom
    assert abs(errors).mean() < 0.01
    stored = json.loads((tmp_path / "fit" / "fit.json").read_text(encoding="utf-8"))["potential"]
    assert from_plain(FittedPotential, stored, what="fit.json") == potential
    assert replace(again, folder=potential.folder, train_s=potential.train_s) == potential
