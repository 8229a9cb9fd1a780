"""``recommend`` after trainings of its own: what it says of them, and the commands that it proposes."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ase.build import bulk

from factories import make_card, make_task
from fake_models import FakeModels, Run, fake_card
from known_trainings import make_distilled, make_labels, make_tried
from labelled import rattled, write
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.strategies import strategy_table
from mlipguide.advice.training_commands import training_commands
from mlipguide.catalog.families import load_families
from mlipguide.records.advice.strategy import StrategyHardware
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.training.kept_training import KeptPilot
from mlipguide.store import distillations, pilots
from mlipguide.testing.fake_session import linear

ASKED = ("--atoms", "2000", "--time", "1ns", "--timestep", "2fs", "--force-mae", "70meV/A", "--json")


@pytest.fixture
def copper(tmp_path: Path) -> Path:
    return write(tmp_path / "Cu.extxyz", [bulk("Cu", cubic=True)])


@pytest.fixture
def slow(fake_models: FakeModels) -> FakeModels:
    """Return a model that knows copper and takes far too long."""
    training = make_card().training
    fake_models.add("teacher", fake_card("teacher", training=training), time_law=linear(0.1))
    return fake_models


def kept(fakes: FakeModels, folder: Path, *, here: bool = True, us_per_atom: float = 50.0) -> KeptPilot:
    """Keep a pilot on copper that reached the target, and return it."""

    (folder / "labels.extxyz").write_text("", encoding="utf-8")
    labels = make_labels(file=str(folder / "labels.extxyz"), test=None, formulas=("Cu",))
    pilot = replace(
        make_tried(us_per_atom=us_per_atom).pilot,
        elements=("Cu",),
        labels=labels,
        fingerprint=fakes.probe().fingerprint if here else "another machine",
    )
    pilots.keep(pilot)
    return pilot


def recommended(run: Run, fakes: FakeModels, structure: Path, *arguments: str | Path) -> Any:
    return run("recommend", structure, "--models", fakes.names, *ASKED, *arguments).document["data"]


def price(data: Any, strategy: str) -> Any:
    return next(one for one in data["strategies"]["prices"] if one["strategy"] == strategy)


def test_a_pilot_changes_the_answer_and_gives_the_command(
    slow: FakeModels, run: Run, copper: Path, tmp_path: Path
) -> None:
    before = recommended(run, slow, copper)
    assert price(before, "train-from-scratch")["before"] is None
    pilot = kept(slow, tmp_path)
    after = recommended(run, slow, copper)
    assert after["strategy"] == "train-from-scratch"
    assert any(pilot.folder in reason and "2026-11-20" in reason for reason in after["reasons"])
    found = price(after, "train-from-scratch")
    assert found["verdict"] == "feasible"
    assert found["production_time_s"]["value"] == pytest.approx(50e-6 * 2000 * 500_000)
    words = shlex.split(after["next_commands"][0])
    assert words[:4] == ["mlipguide", "train", "fit", str(tmp_path / "labels.extxyz")]


def test_a_pilot_of_another_machine_tells_errors_alone(
    slow: FakeModels, run: Run, copper: Path, tmp_path: Path
) -> None:
    before = price(recommended(run, slow, copper), "train-from-scratch")
    kept(slow, tmp_path, here=False, us_per_atom=1e6)
    after = price(recommended(run, slow, copper), "train-from-scratch")
    assert after["production_time_s"] == before["production_time_s"]
    assert after["force_mae_ev_per_angstrom"]["basis"] == "measured"


def test_the_page_names_the_pilot(
    slow: FakeModels, run: Run, copper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(slow, tmp_path)
    for columns in ("80", "120"):
        monkeypatch.setenv("COLUMNS", columns)
        out = run("recommend", copper, "--models", slow.names, *ASKED[:-1], "--details").out
        assert "What was trained here says" in out
        assert "your pilot in" in out
        assert all(len(line) <= int(columns) for line in out.splitlines() if not line.startswith("  mlipguide "))


def test_a_distillation_prices_the_next_one_with_the_command(slow: FakeModels, run: Run, copper: Path) -> None:
    distilled = make_distilled(
        elements=("Cu",), teacher="teacher", formula="Cu", fingerprint=slow.probe().fingerprint
    ).kept
    distillations.keep(distilled)
    data = run("recommend", copper, "--models", slow.names, *ASKED[:6], "--temperature", "400K", "--json").document
    found = price(data["data"], "distil")
    assert found["before"]["folder"] == distilled.folder
    assert found["labels"]["wall_time_s"]["value"] == distilled.label_time_s
    assert data["data"]["next_commands"][0] == (
        f"mlipguide train distil {copper} --teacher teacher --temperature 400K --timestep 2fs"
    )


def test_labels_by_a_model_take_its_own_step_in_the_cell_that_is_labelled(
    fake_models: FakeModels, run: Run, copper: Path
) -> None:
    training = make_card().training
    # Half a second of each step does not depend on the atoms: scaling the step of 2,000 atoms down would miss it.
    fake_models.add("teacher", fake_card("teacher", training=training), time_law=linear(0.01, fixed=0.5))
    data = run("recommend", copper, "--models", "teacher", *ASKED[:6], "--measure-budget", "20m", "--json").document
    labels = price(data["data"], "distil")["labels"]
    per_frame = labels["wall_time_s"]["value"] / labels["frames"]["value"]
    assert per_frame == pytest.approx(10 * (0.5 + 0.01 * labels["atoms"]), rel=0.2)


def test_labels_without_a_pilot_propose_one() -> None:

    task = replace(make_task(), force_mae_ev_per_angstrom=0.07)
    known = PricingInputs(hardware=StrategyHardware(cores=2.0), families=load_families())
    price_ = strategy_table([], task, known).price(Strategy.TRAIN_FROM_SCRATCH)
    request = TaskRequest(structure="a.cif", labels="my labels.extxyz", force_mae="70meV/A", forces_key="F")
    assert training_commands(price_, request, task, {}) == (
        "mlipguide train pilot 'my labels.extxyz' --target-force-mae 70meV/A --forces-key F",
    )
    assert training_commands(price_, TaskRequest(structure="a.cif"), task, {}) == ()


def test_the_names_of_labels_are_taken_as_in_evaluate(slow: FakeModels, run: Run, tmp_path: Path) -> None:
    frames = rattled(6)
    for frame in frames:
        frame.info["one_energy"], frame.info["two_energy"] = 1.0, 2.0
        frame.arrays["one_forces"] = frame.calc.results["forces"]
        frame.arrays["two_forces"] = 2 * frame.calc.results["forces"]
        frame.calc = None
    labels = write(tmp_path / "two.extxyz", frames)
    arguments = ("recommend", labels, "--models", slow.names, "--time", "1ps", "--no-measure", "--labels", labels)
    refused = run(*arguments)
    assert "--energy-key" in refused.err
    taken = run(*arguments, "--energy-key", "one_energy", "--forces-key", "one_forces")
    assert "ambiguous" not in taken.err
    assert "--energy-key" not in taken.err
    alone = run("recommend", labels, "--models", slow.names, "--forces-key", "one_forces")
    assert alone.code == 2
    assert "Add --labels FILE" in alone.err


def own_card() -> ModelCard:

    card = fake_card("my-pod", training=make_card().training)
    trained = replace(card.weights, origin=WeightsOrigin.TRAINED, path="/nowhere/pod.txt", sha256="0" * 64)
    return replace(card, weights=trained)


def test_what_was_trained_here_is_looked_at_before_it_is_trained_again(
    slow: FakeModels, run: Run, copper: Path
) -> None:
    slow.add("my-pod", own_card(), time_law=linear(1e-6))
    document = run("recommend", copper, "--models", "teacher", *ASKED).document
    assert "own_models_left_out" in {one["kind"] for one in document["notices"]}
    assert "--models teacher,my-pod" in document["data"]["next_commands"][0]
