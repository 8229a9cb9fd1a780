"""The engine pod with a program that only pretends to fit: what it is given, and what becomes of what it leaves."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from mlipguide.core.errors import EnvironmentFailedError, InputError, TrainingFailedError
from mlipguide.environments.recipes import find_recipe
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState
from mlipguide.records.training.training import Engine, FittedPotential
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.engines.pod import PodTrainer
from mlipguide.training.engines.pod_recipes import data_file, parameter_file, pod_recipes
from mlipguide.worker.lammps.potential import read_potential

ENVIRONMENT = Environment(
    backend="lammps",
    kind=EnvironmentKind.MANAGED,
    state=EnvironmentState.READY,
    python=sys.executable,
    python_version="3.11",
    versions={"lammps": "1.0"},
    location=None,
    problem=None,
)
GOOD = """
from pathlib import Path
Path("runs").open("a").write("x")
Path("pod_coefficients.pod").write_text("model_coefficients: 3 0 0\\n1.0\\n-2.5\\n0.25\\n")
Path("pod_training_errors.pod").write_text("All files   2  16  0.001 0.002 0.05 0.07\\n")
"""


def program(folder: Path, script: str) -> list[str]:
    path = folder / "program.py"
    path.write_text(script, encoding="utf-8")
    return [sys.executable, str(path)]


def frames(count: int = 2, symbol: str = "Si") -> list[LabelledFrame]:
    found = []
    for index in range(count):
        atoms = bulk(symbol, "diamond", a=5.43, cubic=True)
        atoms.rattle(0.1, seed=index)
        forces = np.random.default_rng(index).normal(size=(len(atoms), 3))
        found.append(
            LabelledFrame(
                index=index,
                atoms=atoms,
                energy_ev=-40.0,
                forces_ev_per_angstrom=forces,
                stress_ev_per_angstrom3=None,
                group=None,
            )
        )
    return found


def fit(folder: Path, script: str, given: list[LabelledFrame] | None = None) -> FittedPotential:
    trainer = PodTrainer(find_recipe("lammps"), ENVIRONMENT, program=program(folder, script))
    recipe = trainer.recipes(["Si"], seed=1)[0]
    return trainer.fit(recipe, given or frames(), folder / "fit", on_progress=lambda _message, _share: None)


def test_a_fit_leaves_a_potential_that_the_worker_reads(tmp_path: Path) -> None:
    potential = fit(tmp_path, GOOD)
    assert potential.parameters == 3
    assert potential.frames == 2
    assert potential.cutoff_angstrom == 5.0
    read = read_potential(tmp_path / "fit" / potential.files[0])
    assert read.elements == ("Si",)
    assert [path.name for path in read.files] == list(potential.files[1:])


def test_a_finished_fit_is_not_done_again_and_another_one_is(tmp_path: Path) -> None:
    first = fit(tmp_path, GOOD)
    assert fit(tmp_path, GOOD) == first
    runs = tmp_path / "fit" / "runs"
    assert len(runs.read_text(encoding="utf-8")) == 1
    assert fit(tmp_path, GOOD, frames(3)).frames == 3
    assert len(runs.read_text(encoding="utf-8")) == 2


def test_an_unfinished_fit_is_done_again(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailedError):
        fit(tmp_path, "raise SystemExit(1)")
    assert not (tmp_path / "fit" / "fit.json").exists()
    assert fit(tmp_path, GOOD).parameters == 3


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("print('ERROR: Improper POD file.'); raise SystemExit(1)", "Improper POD file"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "status -11"),
        ("pass", "cannot be read"),
        (GOOD.replace("-2.5", "nan"), "not finite"),
        (GOOD.replace("0.07", "70"), r"off by 70 eV/Å"),
        (GOOD.replace("0.07", "nan"), "off by nan"),
        (GOOD.replace("All files", "Nothing"), "no errors of the training frames"),
    ],
)
def test_a_fit_without_a_potential_says_so(tmp_path: Path, script: str, words: str) -> None:
    with pytest.raises(TrainingFailedError, match=words) as raised:
        fit(tmp_path, script)
    assert "fit.log" in raised.value.hint


def test_old_coefficients_are_never_taken_for_new_ones(tmp_path: Path) -> None:
    fit(tmp_path, GOOD)
    with pytest.raises(TrainingFailedError, match="cannot be read"):
        fit(tmp_path, "pass", frames(3))


def test_elements_that_the_recipe_has_not_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="hold Ge"):
        fit(tmp_path, GOOD, frames(symbol="Ge"))


def test_a_missing_program_is_a_matter_of_the_environment(tmp_path: Path) -> None:
    trainer = PodTrainer(find_recipe("lammps"), ENVIRONMENT, program=[str(tmp_path / "nothing")])
    recipe = trainer.recipes(["Si"], seed=1)[0]
    with pytest.raises(EnvironmentFailedError, match="cannot be started"):
        trainer.fit(recipe, frames(), tmp_path / "fit", on_progress=lambda _message, _share: None)


def test_three_species_are_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match="coefficients multiply") as raised:
        pod_recipes(["Li", "Fe", "O"], seed=0)
    assert "nep" in raised.value.hint
    assert raised.value.kind == "too_many_species"


@pytest.mark.parametrize("elements", [["Si"], ["In", "P"]])
def test_recipes_are_what_fitpod_accepts(elements: list[str]) -> None:
    """Numbers of radial functions and angular degrees must not rise with the body order."""
    recipes = pod_recipes(elements, seed=0)
    assert [recipe.size for recipe in recipes] == ["small", "medium", "large"]
    for recipe in recipes:
        assert recipe.engine is Engine.POD
        for what in ("number_radial_basis_functions", "angular_degree"):
            values = [value for name, value in recipe.options.items() if name.endswith(what)]
            assert values == sorted(values, reverse=True)
        lines = dict(line.split(maxsplit=1) for line in parameter_file(recipe).splitlines())
        assert lines["species"] == " ".join(elements)
        assert "fitting_weight_energy" not in lines
        assert "fitting_weight_energy 50.0" in data_file(recipe)


def test_the_key_of_a_fit_is_its_recipe_and_its_frames(tmp_path: Path) -> None:
    fit(tmp_path, GOOD)
    stored = json.loads((tmp_path / "fit" / "fit.json").read_text(encoding="utf-8"))
    trainer = PodTrainer(find_recipe("lammps"), ENVIRONMENT, program=program(tmp_path, GOOD))
    recipe = trainer.recipes(["Si"], seed=1)[0]
    other = replace(recipe, options={**recipe.options, "rcut": 4.5})
    trainer.fit(other, frames(), tmp_path / "fit", on_progress=lambda _message, _share: None)
    assert json.loads((tmp_path / "fit" / "fit.json").read_text(encoding="utf-8"))["key"] != stored["key"]


def test_a_silent_fit_says_how_long_it_takes_and_can_be_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlipguide.core.processes.TICK_S", 0.05)
    trainer = PodTrainer(find_recipe("lammps"), ENVIRONMENT, program=program(tmp_path, "import time; time.sleep(60)"))
    told: list[str] = []

    def tell(message: str, _share: float) -> None:
        told.append(message)
        if len(told) == 3:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        trainer.fit(trainer.recipes(["Si"], seed=1)[0], frames(), tmp_path / "fit", on_progress=tell)
    assert told[0] == "fitting"
    assert all(message.startswith("fitting for") for message in told[1:])
