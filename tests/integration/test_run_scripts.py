"""``recommend --write`` with real weights in real environments: what is written runs its ten steps, and goes on."""

from __future__ import annotations

import csv
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ase.build import bulk, molecule
from ase.io import read, write

from factories import make_candidate, make_task
from mlipguide.catalog.cards import load_catalogue
from mlipguide.environments.builds import build_environment
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.production import script_texts
from mlipguide.production.script_texts import Subject, ase_files, texts_by_name
from mlipguide.production.smoke_test import DONE, try_script
from mlipguide.records.hardware.environment import EnvironmentKind, EnvironmentState
from mlipguide.records.models.terms import Need
from mlipguide.records.task.task import TaskKind
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.structures.files import read_structure

pytestmark = pytest.mark.integration

SETTINGS = Settings(threads=1, dtype="float32", device="cpu", driver="ase", allocator=Allocator.RETAIN)
MODELS = ("sevennet-0", "chgnet-0.3.0")


def python_of(backend: str) -> str:
    """Return the interpreter of a backend's environment; a managed one is built, or given what scripts need."""
    recipe = find_recipe(backend)
    environment = find_environment(recipe)
    if environment.kind is EnvironmentKind.MANAGED or environment.state is not EnvironmentState.READY:
        environment = build_environment(recipe, has_nvidia_gpu=False)
    assert environment.python is not None
    return environment.python


def files_for(model: str, target: Path, **changes: Any) -> tuple[str, dict[Path, str]]:
    card = load_catalogue().find(model)
    python = python_of(card.backend)
    made = Subject(
        task=make_task(simulated_time_s=2e-14, timestep_s=1e-15, temperature_k=300.0, needs=(Need.STRESS,)),
        atoms=bulk("MgO", "rocksalt", a=4.25, cubic=True),
        repeats=(2, 1, 1),
        card=card,
        candidate=replace(make_candidate(model), run_time_s=None),
        settings=SETTINGS,
        weights_file=None,
        needs_file=False,
        python=python,
        devices=1,
    )
    return python, ase_files(replace(made, **changes), find_recipe(card.backend), target)


def put(files: dict[Path, str]) -> None:
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")


@pytest.mark.in_turn("scripts of a run", 1)
@pytest.mark.parametrize("model", MODELS)
def test_ten_steps_and_the_rest_after_them(model: str, tmp_path: Path) -> None:
    target = tmp_path / "run.py"
    python, files = files_for(model, target)
    put(files)
    for words in (("--steps", "10"), ()):
        done = subprocess.run([python, target, *words], capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        assert any(line.startswith(DONE) for line in done.stdout.splitlines()), "as a smoke test asks"
    with (tmp_path / "run.log.csv").open(newline="", encoding="utf-8") as stream:
        log = list(csv.DictReader(stream))
    assert [int(row["step"]) for row in log] == list(range(21))
    total = [float(row["potential_energy_ev"]) + float(row["kinetic_energy_ev"]) for row in log]
    # The bath moves some energy in 20 fs; a wrong force or a jump at the restart would move more.
    assert max(total) - min(total) < 0.05
    assert len(read(tmp_path / "run.traj.extxyz", index=":")) == 21


@pytest.mark.in_turn("other scripts", 2)
@pytest.mark.parametrize("model", MODELS)
def test_a_molecule_in_vacuum(model: str, tmp_path: Path) -> None:
    target = tmp_path / "run.py"
    python, files = files_for(model, target, atoms=molecule("CH3CH2OH"), repeats=(1, 1, 1))
    assert try_script(texts_by_name(files), target.name, python=python, timeout_s=300) is None


@pytest.mark.in_turn("other scripts", 2)
@pytest.mark.parametrize("model", MODELS)
def test_a_relaxation_with_its_cell(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_texts, "kind_of", lambda _: "relax")
    target = tmp_path / "run.py"
    stretched = bulk("MgO", "rocksalt", a=4.32, cubic=True)
    stretched.rattle(0.02, seed=1)
    python, files = files_for(model, target, atoms=stretched, repeats=(1, 1, 1))
    put(files)
    for words in (("--steps", "5"), ()):
        done = subprocess.run([python, target, *words], capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        assert any(line.startswith(DONE) for line in done.stdout.splitlines()), "as a smoke test asks"
    relaxed = read_structure(tmp_path / "run.relaxed.extxyz")
    # PBE puts MgO at about 4.25 Å.
    assert relaxed.cell.lengths() == pytest.approx([4.25] * 3, abs=0.05)


@pytest.mark.in_turn("other scripts", 2)
def test_a_screening_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_texts, "kind_of", lambda _: "screen")
    target, folder = tmp_path / "run.py", tmp_path / "crystals"
    python, files = files_for("sevennet-0", target, repeats=(1, 1, 1))
    assert try_script(texts_by_name(files), target.name, python=python, timeout_s=300) is None
    put(files)
    folder.mkdir()
    write(folder / "a.cif", bulk("MgO", "rocksalt", a=4.3, cubic=True))
    write(folder / "b.cif", bulk("Si", cubic=True))
    (folder / "c.cif").write_text("no structure", encoding="utf-8")
    for expected in (3, 0):
        done = subprocess.run([python, target, folder], capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        assert f"{expected} of 3 structures are left" in done.stdout
    with (tmp_path / "run.csv").open(newline="", encoding="utf-8") as stream:
        table = {row["file"]: row for row in csv.DictReader(stream)}
    assert {name: row["state"].partition(":")[0] for name, row in table.items()} == {
        "a.cif": "relaxed",
        "b.cif": "relaxed",
        "c.cif": "failed",
    }
    # The Materials Project has silicon at -5.42 eV per atom.
    assert float(table["b.cif"]["energy_ev_per_atom"]) == pytest.approx(-5.42, abs=0.1)


@pytest.mark.in_turn("other scripts", 2)
def test_phonons_of_silicon(tmp_path: Path) -> None:
    target = tmp_path / "run.py"
    task = make_task(kind=TaskKind.PHONONS)
    python, files = files_for("sevennet-0", target, task=task, atoms=bulk("Si"), repeats=(2, 2, 2))
    assert try_script(texts_by_name(files), target.name, python=python, timeout_s=300) is None
    put(files)
    done = subprocess.run([python, target], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    change = re.search(r"Half a displacement changes the force constants by ([\d.]+)%", done.stdout)
    assert change is not None
    assert 0 < float(change[1]) < 5
    with (tmp_path / "run.bands.csv").open(newline="", encoding="utf-8") as stream:
        (gamma, *_) = [row for row in csv.DictReader(stream) if row["label"] == "G"]
    modes = [float(gamma[f"mode_{number}_thz"]) for number in range(1, 7)]
    assert modes[:3] == pytest.approx([0, 0, 0], abs=0.05)
    # Measured: 15.5 THz, three times; this model is known to be softer.
    assert modes[3:] == pytest.approx([modes[5]] * 3, abs=0.05)
    assert 11 < modes[5] < 16


@pytest.mark.in_turn("other scripts", 2)
def test_a_band_across_a_vacancy(tmp_path: Path) -> None:
    target, final = tmp_path / "run.py", tmp_path / "final.extxyz"
    first = bulk("Cu", a=3.63, cubic=True).repeat((2, 1, 1))
    hole = first.positions[0].copy()
    del first[0]
    second = first.copy()
    second.positions[0] = hole
    task = make_task(kind=TaskKind.NEB, images=1)
    python, files = files_for("sevennet-0", target, task=task, atoms=first, repeats=(1, 1, 1))
    assert try_script(texts_by_name(files), target.name, python=python, timeout_s=300) is None
    put(files)
    write(final, second)
    for words in (("--final", final, "--steps", "10"), ()):
        done = subprocess.run([python, target, *words], capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
    with (tmp_path / "run.path.csv").open(newline="", encoding="utf-8") as stream:
        energies = [float(row["energy_ev"]) for row in csv.DictReader(stream)]
    assert energies[1] > 0.1
    assert energies[2] == pytest.approx(0, abs=0.01)
