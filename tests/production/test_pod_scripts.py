"""Scripts for a potential that LAMMPS runs by itself: for ASE, and an input with as many ranks as were timed."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.constraints import FixAtoms, FixCartesian, FixedLine

from factories import make_candidate, make_estimate, make_task
from mlipguide.core.errors import InputError
from mlipguide.environments.recipes import find_recipe
from mlipguide.production.script_texts import Subject, ase_files, lammps_files
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.records.training.training import Engine, FitRecipe, FittedPotential
from mlipguide.training.fit.potential_cards import card_of

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


def test_held_atoms_are_groups_and_every_image_is_in_them(subject: Subject) -> None:
    atoms = subject.atoms.copy()
    atoms.set_constraint([FixAtoms([0, 1]), FixCartesian([5], (False, False, True))])
    files = lammps_files(replace(subject, atoms=atoms, repeats=(2, 1, 1)), Path("run.lammps"))
    text = files[Path("run.lammps")]
    assert "group           held_xyz id 1:2 9:10\n" in text
    assert "group           held_z id 6 14\n" in text
    assert "group           moving subtract all held_xyz\n" in text
    assert "compute_modify  moving_temperature extra/dof 2\n" in text
    assert "fix             motion moving nve\n" in text
    assert "fix             held_z held_z setforce NULL NULL 0.0\n" in text
    assert "velocity all create" not in text
    assert "4 of 16 atoms held, 2 held along some directions" in text, "of the atoms that are simulated"
    assert "group" not in lammps_files(subject, Path("run.lammps"))[Path("run.lammps")]


def test_directions_that_are_no_axes_in_lammps_are_refused(subject: Subject) -> None:
    atoms = subject.atoms.copy()
    atoms.set_constraint(FixedLine([0], (1.0, 1.0, 0.0)))
    with pytest.raises(InputError, match="no axes for LAMMPS"):
        lammps_files(replace(subject, atoms=atoms), Path("run.lammps"))
    # The third vector is along x: what is held along x is held along z there.
    atoms.set_cell(atoms.cell.array[[1, 2, 0]])
    atoms.set_constraint(FixCartesian([0], (True, False, False)))
    text = lammps_files(replace(subject, atoms=atoms), Path("run.lammps"))[Path("run.lammps")]
    assert "fix             held_z held_z setforce NULL NULL 0.0" in text


def test_isotopes_are_atom_types_of_their_own(subject: Subject) -> None:
    atoms = subject.atoms.copy()
    masses = atoms.get_masses()
    masses[3] = 29.97
    atoms.set_masses(masses)
    files = lammps_files(replace(subject, atoms=atoms), Path("run.lammps"))
    assert '.pod" Si Si\n' in files[Path("run.lammps")]
    assert "frames element Si Si sort" in files[Path("run.lammps")]
    read_back = ase.io.read(StringIO(files[Path("run.data")]), format="lammps-data")
    assert isinstance(read_back, Atoms)
    assert read_back.get_masses().reshape(27, 8)[:, 3] == pytest.approx([29.97] * 27)
    assert sorted(set(read_back.get_masses().tolist())) == pytest.approx([28.085, 29.97])
    assert read_back.arrays["type"].tolist().count(2) == 27


def test_a_left_handed_cell_is_the_same_crystal_in_lammps(subject: Subject) -> None:
    atoms = subject.atoms.copy()
    atoms.rattle(0.2, seed=3)
    atoms.set_cell(atoms.cell.array @ np.array([[1, 0.1, 0], [0, 1, 0.05], [0.08, 0, 1]]), scale_atoms=True)
    atoms.set_cell(atoms.cell.array[[1, 0, 2]])
    assert atoms.cell.handedness == -1
    data = lammps_files(replace(subject, atoms=atoms, repeats=(1, 1, 1)), Path("run.lammps"))[Path("run.data")]
    read_back = ase.io.read(StringIO(data), format="lammps-data")
    assert isinstance(read_back, Atoms)
    cell = read_back.cell.array
    assert np.diag(cell).min() > 0
    assert cell[np.triu_indices(3, 1)] == pytest.approx([0, 0, 0])
    assert read_back.get_all_distances(mic=True) == pytest.approx(atoms.get_all_distances(mic=True), abs=1e-6)
