"""Scripts for a structure of which some atoms are held: they stay where they are, in repeated cells too."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, fcc111
from ase.constraints import FixAtoms, FixScaled
from ase.io import read, write

from fake_models import FakeModels, Outcome, Run, fake_card
from forked_scripts import start_script
from mlipguide.core.errors import ExitCode
from mlipguide.testing.fake_session import linear

ASKED = ("--measure-budget", "10s", "--json", "--models", "fake-plain")
HELD, PARTLY = [0, 1, 2, 3], 5

pytestmark = pytest.mark.usefixtures("forked_scripts")


@pytest.fixture
def slab(tmp_path: Path) -> Path:
    """Copper, its lower layer held, one atom free along c only, with velocities that are not kept."""
    atoms = fcc111("Cu", (2, 2, 3), a=2.96 * 2**0.5 / 2**0.5, vacuum=6.0)
    atoms.pbc = True
    atoms.rattle(0.05, seed=1)
    atoms.set_velocities(np.full((len(atoms), 3), 0.01))
    atoms.set_constraint([FixAtoms(HELD), FixScaled([PARTLY], (True, True, False))])
    path = tmp_path / "slab.vasp"
    write(path, atoms, vasp5=True, direct=True)
    return path


@pytest.fixture(autouse=True)
def model(fake_models: FakeModels) -> None:
    fake_models.add("fake-plain", fake_card("fake-plain"), time_law=linear(1e-4), noise=0.02)


def ask(run: Run, structure: Path, target: Path, *words: str) -> Outcome:
    outcome = run("recommend", structure, *words, *ASKED, "--write", target)
    assert outcome.code == ExitCode.DONE, outcome.document["errors"]
    return outcome


def start(script: Path, *words: str) -> None:
    done = start_script(script, *words)
    assert done.returncode == 0, done.stderr + done.stdout


def frames(path: Path) -> list[Atoms]:
    found: Any = read(path, ":")
    return list(found)


def moved(atoms: Atoms, start_: Atoms) -> np.ndarray[Any, Any]:
    return np.asarray(np.abs(atoms.positions - start_.positions))


def test_a_relaxation_leaves_held_atoms_where_they_are(run: Run, slab: Path, tmp_path: Path) -> None:
    target = tmp_path / "run.py"
    outcome = ask(run, slab, target, "--kind", "relax")
    task = outcome.document["data"]["task"]
    assert (task["held_atoms"], task["partly_held_atoms"]) == (4, 1)
    kinds = {notice["kind"]: notice["message"] for notice in outcome.document["notices"]}
    assert "4 of 12 atoms held, 1 held along some directions" in kinds["kept_from_file"]
    assert kinds["not_kept"].endswith("not kept: velocities.")
    assert outcome.document["data"]["script"]["smoke_test"] == "passed"
    start(target, "--steps", "10")
    given = frames(slab)[0]
    (last,) = frames(tmp_path / "run.last.extxyz")
    steps = moved(last, given)
    assert steps[HELD].max() < 1e-7
    assert steps[PARTLY, :2].max() < 1e-7
    assert steps[PARTLY, 2] > 1e-4
    assert steps[6:].max(axis=1).min() > 1e-4
    assert "4 of 12 atoms held" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize("needs", ["none", "nve"])
def test_images_of_held_atoms_are_held_in_dynamics(run: Run, slab: Path, tmp_path: Path, needs: str) -> None:
    target = tmp_path / "run.py"
    ask(
        run, slab, target, "--kind", "md", "--atoms", "48", "--needs", needs, "--temperature", "800K", "--time", "200fs"
    )
    start(target)
    images = frames(tmp_path / "run.traj.extxyz")
    first, last = images[0], images[-1]
    assert len(first) == 48
    steps = moved(last, first).reshape(4, 12, 3)
    assert steps[:, HELD].max() == 0
    assert steps[:, PARTLY, :2].max() == 0
    assert steps[:, 6:].min() > 0
    with (tmp_path / "run.log.csv").open(encoding="utf-8") as stream:
        row = next(csv.DictReader(stream))
    # 4 x (7 atoms x 3 + 1) coordinates move.
    assert float(row["temperature_k"]) == pytest.approx(2 * float(row["kinetic_energy_ev"]) / (88 * units.kB))
    assert float(row["temperature_k"]) == pytest.approx(800, rel=0.5)


def test_a_band_holds_them_in_every_image(run: Run, slab: Path, tmp_path: Path) -> None:
    target = tmp_path / "run.py"
    ask(run, slab, target, "--kind", "neb", "--images", "1")
    start(target, "--steps", "4")
    given = frames(slab)[0]
    images = frames(tmp_path / "run-try.band.extxyz")
    assert len(images) == 3
    for image in images:
        assert moved(image, given)[HELD].max() < 1e-7
    second = given.copy()
    second.set_constraint()
    second.positions[HELD[0], 2] -= 0.5
    write(tmp_path / "second.vasp", second)
    done = start_script(target, "--final", tmp_path / "second.vasp")
    assert done.returncode == 1
    assert "held are elsewhere" in done.stderr


def test_phonons_are_those_of_the_free_atoms(run: Run, tmp_path: Path) -> None:
    atoms = bulk("Cu", a=2.96, cubic=True)
    atoms.set_constraint(FixAtoms([0, 1, 2]))
    path = tmp_path / "Cu.vasp"
    write(path, atoms)
    target = tmp_path / "run.py"
    ask(run, path, target, "--kind", "phonons", "--atoms", "32")
    start(target, "--as-given")
    assert len(list((tmp_path / "run.forces").iterdir())) == 1, "in the crystal all four are alike"
    with (tmp_path / "run.bands.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    at_gamma = next(row for row in rows if row["label"] == "G")
    modes = [float(at_gamma[name]) for name in at_gamma if name.startswith("mode_")]
    assert len(modes) == 3
    # One atom in a cage of three that are fixed: a cubic site, so one frequency, and it is no translation.
    assert min(modes) > 1.0


def test_a_structure_in_which_nothing_moves_is_refused(run: Run, tmp_path: Path) -> None:
    atoms = bulk("Cu", a=2.96, cubic=True)
    atoms.set_constraint(FixAtoms(range(4)))
    path = tmp_path / "Cu.vasp"
    write(path, atoms)
    outcome = run("recommend", path, "--kind", "relax", *ASKED, "--write", tmp_path / "run.py")
    assert outcome.code == ExitCode.BAD_INPUT
    assert outcome.document["errors"][0]["kind"] == "all_held"
    assert not (tmp_path / "run.py").exists()


def test_charge_and_spin_are_in_the_task_and_in_the_script(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "formate.extxyz"
    atoms = "H 0 0 1.13\nC 0 0 0\nO 1.135 0 -0.525\nO -1.135 0 -0.525\n"
    path.write_text(f'4\nProperties=species:S:1:pos:R:3 pbc="F F F" charge=-1 spin=1\n{atoms}', encoding="utf-8")
    target = tmp_path / "run.py"
    outcome = ask(run, path, target, "--kind", "relax")
    task = outcome.document["data"]["task"]
    assert (task["total_charge"], task["spin_multiplicity"]) == (-1, 1)
    needs = {item["need"]: item["reason"] for item in task["derived_needs"]}
    assert needs["total-charge"] == "a total charge of -1"
    assert "spin" not in needs
    (structure,) = frames(tmp_path / "run.structure.extxyz")
    assert structure.info == {"charge": -1, "spin": 1}
    radical = run("recommend", path, "--kind", "relax", "--charge", "0", "--spin", "2", *ASKED)
    others = {item["need"] for item in radical.document["data"]["task"]["derived_needs"]}
    assert "spin" in others
    assert "total-charge" not in others
    assert json.dumps(radical.document["notices"]).count("charge +0") == 0


def test_heavy_hydrogen_sets_the_step_and_is_in_the_script(run: Run, tmp_path: Path) -> None:
    steps = {}
    for symbol in ("H", "D"):
        path = tmp_path / f"{symbol}.xyz"
        path.write_text(f"3\n\nO 0 0 0\n{symbol} 0.96 0 0\n{symbol} -0.24 0.93 0\n", encoding="utf-8")
        target = tmp_path / f"{symbol}.py"
        steps[symbol] = ask(run, path, target, "--time", "100fs", "--no-smoke-test").document["data"]["task"][
            "timestep_s"
        ]
    assert steps["H"] == pytest.approx(0.5e-15)
    assert steps["D"] == pytest.approx(0.7e-15)
    (structure,) = frames(tmp_path / "D.structure.extxyz")
    assert structure.get_masses() == pytest.approx([15.999, 2.0141, 2.0141], abs=1e-4)
