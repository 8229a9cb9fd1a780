"""The scripts for phonons and for a band, run with the toy backend: their answers, their restarts, what they refuse."""

from __future__ import annotations

import csv
import math
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.morse import MorsePotential
from ase.io import read, write
from ase.phonons import Phonons

from fake_models import STRUCTURES, FakeModels, Outcome, Run, fake_card
from forked_scripts import start_script
from mlipguide.core.errors import ExitCode
from mlipguide.production.smoke_test import STEPS
from mlipguide.records.models.terms import Forces
from mlipguide.testing.fake_session import linear

ASKED = ("--measure-budget", "10s", "--json")
EV_TO_THZ = units._e / (2 * math.pi * units._hbar) * 1e-12
LATTICE = 2.96
"""Near the one of the toy's copper."""

pytestmark = pytest.mark.usefixtures("forked_scripts")


@pytest.fixture(autouse=True)
def one_core(fake_models: FakeModels) -> None:
    """Let the scripts use one thread: more of them wait for each other in the small matrices of a cell."""
    cpu = replace(fake_models.machine.cpu, physical_cores=1, logical_cores=1, usable_cores=1.0)
    fake_models.machine = replace(fake_models.machine, cpu=cpu)


def add(fakes: FakeModels, checkpoint: str = "plain", **changes: Any) -> str:
    card = replace(fake_card(f"fake-{checkpoint}"), **changes)
    card = replace(card, weights=replace(card.weights, name=checkpoint))
    return fakes.add(card.id, card, time_law=linear(1e-4), noise=0.02)


def copper(folder: Path) -> Path:
    path = folder / "Cu.vasp"
    write(path, bulk("Cu", a=LATTICE, cubic=True))
    return path


def rattled_copper(folder: Path) -> Path:
    """Write a cell without symmetry: each atom is displaced in six ways."""
    atoms = bulk("Cu", a=LATTICE, cubic=True)
    atoms.rattle(0.05, seed=1)
    path = folder / "Cu.vasp"
    write(path, atoms)
    return path


def crystal_with_vacancy(folder: Path) -> tuple[Path, Atoms]:
    """Write copper that lacks an atom; return it with the one where a neighbour has hopped into the hole."""
    first = bulk("Cu", a=LATTICE, cubic=True).repeat(2)
    hole = first.positions[0].copy()
    del first[0]
    path = folder / "Cu31.vasp"
    write(path, first)
    second = read(path)
    assert isinstance(second, Atoms)
    nearest = int(np.argmin(np.linalg.norm(second.positions - hole, axis=1)))
    second.positions[nearest] = hole
    return path, second


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def modes(row: dict[str, str]) -> list[float]:
    return [float(value) for name, value in row.items() if name.startswith("mode_")]


def ask(run: Run, structure: Path, kind: str, target: Path, *words: str, model: str = "fake-plain") -> Outcome:
    return run("recommend", structure, "--kind", kind, *words, *ASKED, "--models", model, "--write", target)


def test_phonons_are_those_of_the_potential(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models)
    target = tmp_path / "run.py"
    outcome = ask(run, copper(tmp_path), "phonons", target, "--atoms", "32")
    assert outcome.code == ExitCode.DONE, outcome.document["errors"]
    script = outcome.document["data"]["script"]
    assert script["smoke_test"] == "passed"
    assert f"up to {STEPS} displacements in 32 atoms" in script["remark"]
    done = start_script(target)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "run.forces").iterdir())) == 1, "all atoms are alike, and so are their edges"
    assert outcome.document["data"]["task"]["workload"]["systems"] == 1, "as it was counted"
    assert (tmp_path / "run.phonopy.yaml").is_file()
    assert "WARNING" not in done.stderr, "a close packing of pairs that attract each other is stable"
    bands = {row["label"]: row for row in rows(tmp_path / "run.bands.csv") if row["label"]}
    assert modes(bands["G"])[:3] == pytest.approx([0, 0, 0], abs=0.01)

    # ASE's own phonons of the relaxed cell, at wave vectors that fit the supercell.
    cell = read(tmp_path / "run.cell.extxyz")
    toy = MorsePotential(epsilon=0.3, r0=2.2, rho0=3.0, rcut1=4.0 / 2.2, rcut2=5.5 / 2.2)
    reference = Phonons(cell, toy, supercell=(2, 2, 2), delta=0.03, name=str(tmp_path / "reference"))
    reference.run()
    reference.read(acoustic=True)
    for label in "GXMR":
        point = [float(bands[label][name]) for name in ("q_a", "q_b", "q_c")]
        (expected,) = reference.band_structure([point], verbose=False) * EV_TO_THZ
        assert modes(bands[label]) == pytest.approx(expected.tolist(), abs=0.02), label

    table = rows(tmp_path / "run.dos.csv")
    grid, density = (np.array([float(row[name]) for row in table]) for name in ("frequency_thz", "states_per_thz"))
    assert np.trapezoid(density, grid) == pytest.approx(12, rel=0.01), "three modes for each of four atoms"
    again = start_script(target)
    assert again.returncode == 1
    assert "this is done" in again.stderr


def test_phonons_go_on_after_ctrl_c(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models, "slow")
    target, forces = tmp_path / "run.py", tmp_path / "run-unrepeated.forces"
    structure = rattled_copper(tmp_path)
    assert ask(run, structure, "phonons", target, "--no-smoke-test", model="fake-slow").code == ExitCode.DONE
    process = subprocess.Popen(
        [sys.executable, str(target), "--unrepeated", "--as-given"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while len(list(forces.glob("*.npy"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert "Start it again to continue." in out
    kept = {path: path.stat().st_mtime_ns for path in forces.glob("*.npy")}
    assert 3 <= len(kept) < 24
    assert start_script(target, "--unrepeated").returncode == 0
    assert len(list(forces.iterdir())) == 24
    assert all(path.stat().st_mtime_ns == written for path, written in kept.items()), "none is evaluated twice"


def test_an_unstable_crystal_is_warned_of(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models)
    target = tmp_path / "run.py"
    assert ask(run, STRUCTURES / "Si.POSCAR", "phonons", target, "--atoms", "8").code == ExitCode.DONE
    done = start_script(target)
    assert done.returncode == 0
    assert "WARNING: there are imaginary modes" in done.stderr, "pairs alone do not hold the diamond structure"
    assert min(min(modes(row)) for row in rows(tmp_path / "run.bands.csv")) < -0.1


def test_a_try_of_phonons_leaves_no_result(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models)
    target = tmp_path / "run.py"
    assert ask(run, rattled_copper(tmp_path), "phonons", target, "--atoms", "32").code == ExitCode.DONE
    done = start_script(target, "--steps", "3")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "Reached 3 of 24 displacements. This was a try and not the result."
    assert not list(tmp_path.glob("run*.csv"))
    names = {path.name.partition("_")[0] for path in (tmp_path / "run-try.forces").iterdir()}
    assert names == {"0"}, "each file says which atom was moved, and how"


def test_displacements_of_another_cell_are_refused(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models)
    target = tmp_path / "run.py"
    assert ask(run, copper(tmp_path), "phonons", target, "--atoms", "32").code == ExitCode.DONE
    assert start_script(target, "--steps", "2").returncode == 0
    text = target.read_text(encoding="utf-8")
    target.write_text(text.replace("REPEATS = (2, 2, 2)", "REPEATS = (3, 2, 2)"), encoding="utf-8")
    assert "is of another supercell" in start_script(target, "--steps", "2").stderr
    (tmp_path / "run-try.cell.extxyz").unlink()
    assert "without run-try.cell.extxyz" in start_script(target, "--steps", "2").stderr


def test_a_hop_into_a_vacancy(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models)
    target, final = tmp_path / "run.py", tmp_path / "final.vasp"
    structure, second = crystal_with_vacancy(tmp_path)
    outcome = ask(run, structure, "neb", target, "--images", "3")
    assert outcome.code == ExitCode.DONE, outcome.document["errors"]
    assert "made-up second end point with 31 atoms" in outcome.document["data"]["script"]["remark"]
    alone = start_script(target)
    assert alone.returncode == 1
    assert "give it with --final FILE" in alone.stderr
    assert (tmp_path / "run.first.extxyz").is_file()

    write(final, second)
    part = start_script(target, "--final", final, "--steps", "10")
    assert part.returncode == 0, part.stdout + part.stderr
    assert part.stdout.splitlines()[-1] == "Not converged: start it again to go on."
    done = start_script(target)
    assert done.returncode == 0, done.stderr
    assert "Continuing from run.band.extxyz." in done.stdout
    energies = [float(row["energy_ev"]) for row in rows(tmp_path / "run.path.csv")]
    # The hop is the same in both directions, and highest half way.
    assert len(energies) == 5
    assert energies == pytest.approx(energies[::-1], abs=0.01)
    assert max(energies) == energies[2] > 0.1
    assert f"Barrier {energies[2]:.3f} eV there" in done.stdout
    highest = read(tmp_path / "run.band.extxyz", index=2)
    assert isinstance(highest, Atoms)
    assert np.linalg.norm(highest.get_forces(), axis=1).max() < 0.06, "a climbing image ends where no force is left"
    assert "this is done" in start_script(target).stderr


def test_a_second_end_point_that_does_not_fit_is_refused(fake_models: FakeModels, run: Run, tmp_path: Path) -> None:
    add(fake_models)
    target, final = tmp_path / "run.py", tmp_path / "final.vasp"
    structure, second = crystal_with_vacancy(tmp_path)
    assert ask(run, structure, "neb", target, "--no-smoke-test").code == ExitCode.DONE
    wider, fewer = second.copy(), second[1:]
    wider.set_cell(second.cell * 1.01)
    for atoms, words in ((wider, "both ends of a band have one cell"), (fewer, "Cu30 is not Cu31")):
        write(final, atoms)
        done = start_script(target, "--final", final)
        assert done.returncode == 1
        assert words in done.stderr
    assert "cannot be read" in start_script(target, "--final", tmp_path / "nowhere.vasp").stderr
    assert not (tmp_path / "run.first.extxyz").exists(), "it is read before anything is relaxed"
    assert "relaxed to the same structure" in start_script(target, "--final", structure).stderr


@pytest.mark.parametrize("kind", ["phonons", "neb"])
def test_direct_forces_get_no_script(fake_models: FakeModels, run: Run, tmp_path: Path, kind: str) -> None:
    card = fake_card("fake-direct")
    add(fake_models)
    add(fake_models, "direct", architecture=replace(card.architecture, forces=Forces.DIRECT))
    words = ("--model", "fake-direct")
    outcome = ask(run, copper(tmp_path), kind, tmp_path / "run.py", *words, model="fake-plain,fake-direct")
    assert outcome.code == ExitCode.BAD_INPUT
    assert "no gradients of an energy" in outcome.document["errors"][0]["message"]
    assert not (tmp_path / "run.py").exists()


@pytest.mark.parametrize("kind", ["phonons", "neb", "relax"])
def test_lammps_is_for_md_and_that_is_said_first(fake_models: FakeModels, run: Run, tmp_path: Path, kind: str) -> None:
    add(fake_models)
    outcome = ask(run, copper(tmp_path), kind, tmp_path / "run.lammps")
    assert outcome.code == ExitCode.BAD_INPUT
    assert "only MD runs" in outcome.document["errors"][0]["message"]
    assert fake_models.opened == []
