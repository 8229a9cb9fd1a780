"""Scripts for a potential that LAMMPS runs by itself: for ASE, and an input with as many ranks as were timed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ase.build import bulk

from factories import make_candidate, make_estimate, make_task
from mlipguide.environments.recipes import find_recipe
from mlipguide.records.measurement import Allocator, Settings
from mlipguide.records.training import Engine, FitRecipe, FittedPotential
from mlipguide.training.potential_cards import card_of
from mlipguide.workflows.script_texts import Subject, ase_files, lammps_files

FOLDER = Path(__file__).parent.parent / "data" / "pod_silicon"
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
SETTINGS = Settings(threads=1, dtype="float64", device="cpu", driver="lammps", allocator=Allocator.RETAIN, ranks=2)


@pytest.fixture
def subject() -> Subject:
    return Subject(
        task=make_task(simulated_time_s=1e-9, timestep_s=2e-15, temperature_k=450.0),
        atoms=bulk("Si", cubic=True),
        repeats=(3, 3, 3),
        card=card_of(POTENTIAL, model_id="my-pod"),
        candidate=replace(make_candidate("my-pod"), run_time_s=make_estimate(7200.0, spread=2.0)),
        settings=SETTINGS,
        weights_file=FOLDER / "potential.json",
        needs_file=True,
        python="/envs/it/bin/python",
        devices=1,
    )


def test_an_input_names_the_files_and_starts_the_ranks(subject: Subject) -> None:
    files = lammps_files(subject, Path("run.lammps"))
    text = files[Path("run.lammps")]
    assert "NOT RUN" not in text
    assert "pair_style      pod" in text
    assert f'"{FOLDER}/pod_parameters.pod" "{FOLDER}/pod_coefficients.pod" Si' in text
    assert "/envs/it/bin/mpiexec -n 2 /envs/it/bin/lmp -in run.lammps" in text
    assert "run             500000 upto" in text
    batch = files[Path("run.sbatch")]
    assert "--ntasks=2" in batch
    assert "gpus" not in batch
    assert "/envs/it/bin/mpiexec -n 2 /envs/it/bin/lmp -in run.lammps" in batch


def test_one_rank_needs_no_launcher(subject: Subject) -> None:
    alone = replace(subject, settings=replace(SETTINGS, ranks=1))
    for text in lammps_files(alone, Path("run.lammps")).values():
        assert "mpiexec" not in text


def test_a_script_for_ase_compiles(subject: Subject) -> None:
    target = Path("run.py")
    text = ase_files(subject, find_recipe("lammps"), target)[target]
    compile(text, "run.py", "exec")
    assert "LAMMPSlib(" in text
    assert str(FOLDER / "potential.json") in text
