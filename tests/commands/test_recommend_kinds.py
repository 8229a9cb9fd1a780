"""Kinds of task from the question to the answer, with models whose costs are known."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from fake_models import CONFIGS, STRUCTURES, FakeModels, Run, fake_card
from mlipguide.core.errors import ExitCode
from mlipguide.report.exports.envelope import schema_file
from mlipguide.testing.fake_session import linear

SILICON = STRUCTURES / "Si.POSCAR"
ELEMENTS = ("H", "Li", "C", "N", "O", "Mg", "Si", "P", "Cl", "Ti", "Cr", "Mn", "Fe", "Co", "Ni", "Sr", "Pt")


def add_model(fakes: FakeModels, name: str = "fake-a", per_atom_s: float = 1e-4) -> None:
    """Add a model that knows the elements of all task files and gives stress."""
    card = fake_card(name)
    training = {**card.training.__dict__, "elements": ELEMENTS}
    provides = tuple(dict.fromkeys((*card.provides, "stress")))
    fakes.add(
        name,
        card.__class__(**{**card.__dict__, "training": card.training.__class__(**training), "provides": provides}),
        time_law=linear(per_atom_s),
    )


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_task_file_has_an_answer(fake_models: FakeModels, run: Run, path: Path) -> None:
    add_model(fake_models)
    outcome = run("recommend", "--config", path, "--models", fake_models.names, "--measure-budget", "20s", "--json")
    assert outcome.code == ExitCode.DONE, outcome.err
    document = outcome.document
    Draft202012Validator(json.loads(schema_file("recommend").read_text(encoding="utf-8"))).validate(document)
    (found,) = document["data"]["candidates"]
    assert document["data"]["choice"] == "fake-a"
    assert found["run_time_s"]["value"] > 0
    assert (found["ns_per_day"] is None) == (document["data"]["task"]["kind"] != "md")
    page = run("recommend", "--config", path, "--models", fake_models.names)
    assert page.code == ExitCode.DONE
    lines = page.out.splitlines()
    assert len(lines) <= 30
    assert all(len(line) <= 100 for line in lines if not line.startswith("  mlipguide "))


@pytest.mark.parametrize(
    ("words", "evaluations", "atoms"),
    [
        (("--kind", "relax"), 120, 8),
        (("--kind", "screen", "--structures", "50"), 6000, 8),
        (("--kind", "phonons"), 32, 64),
        (("--kind", "neb", "--images", "5", "--atoms", "64"), 1100, 64),
        (("--time", "1ps"), 500, 8),
    ],
    ids=lambda words: str(words[1]) if isinstance(words, tuple) else "",
)
def test_the_time_is_that_of_the_evaluations(
    fake_models: FakeModels, run: Run, words: tuple[str, ...], evaluations: int, atoms: int
) -> None:
    add_model(fake_models)
    data = run("recommend", SILICON, *words, "--models", "fake-a", "--json").document["data"]
    (found,) = data["candidates"]
    assert data["task"]["workload"]["evaluations"]["value"] == evaluations
    assert found["step_time_s"]["value"] == pytest.approx(1e-4 * atoms, rel=0.05)
    assert found["run_time_s"]["value"] == pytest.approx(found["step_time_s"]["value"] * evaluations)
    assert found["run_time_s"]["basis"] == ("assumed" if "--kind" in words else found["step_time_s"]["basis"])


def test_fewer_structures_are_offered_as_a_command_that_is_feasible(fake_models: FakeModels, run: Run) -> None:
    add_model(fake_models, per_atom_s=0.05)
    asked = ("recommend", SILICON, "--kind", "screen", "--structures", "100000", "--models", "fake-a", "--json")
    outcome = run(*asked)
    assert outcome.code == (ExitCode.DONE if outcome.document["data"]["can_be_done"] else ExitCode.NOTHING_FEASIBLE)
    assert outcome.document["data"]["choice"] is None
    (offer,) = (
        line for line in outcome.document["data"]["next_commands"] if "--structures" in line and "100000" not in line
    )
    again = run(*shlex.split(offer)[1:], "--json")
    assert again.code == ExitCode.DONE
    assert [item["verdict"] for item in again.document["data"]["candidates"]] == ["feasible"]


def test_a_structure_alone_is_enough(fake_models: FakeModels, run: Run) -> None:
    add_model(fake_models)
    outcome = run("recommend", SILICON, "--details")
    told = " ".join(outcome.err.split())
    for option in (
        "--kind md",
        "--atoms 8",
        "--time 100ps",
        "--timestep 2fs (Si is the lightest atom)",
        "--temperature 300K",
        "--budget 24h",
        "--force-mae",
        "--commercial",
        "--models",
    ):
        assert option in told
    slab = run("recommend", "--preset", "pt111-co", "--models", "fake-a", "--details")
    assert "surfaces (a slab: not periodic along c)" in " ".join(slab.err.split())
    silent = run("recommend", "--preset", "pt111-co", "--models", "fake-a", "--no-derive")
    assert "suggests" not in silent.err
