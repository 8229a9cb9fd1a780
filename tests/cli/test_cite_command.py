"""``mlipguide cite``: of models, of the model that a saved answer chose, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fake_models import FakeModels, Run, fake_card
from mlipguide.candidates import additions
from mlipguide.core.errors import ExitCode
from mlipguide.testing.fake_session import linear


@pytest.fixture
def answer(fake_models: FakeModels, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An answer that chose a fake model with D3."""
    monkeypatch.setattr(
        additions, "installed_of", lambda lines, _python: {line: line.partition("==")[2] for line in lines}
    )
    card = fake_card("fake-a", kappa=0.5)
    training = replace(card.training, level_of_theory="PBE")
    fake_models.add("fake-a", replace(card, cite=("park2024sevennet",), training=training), time_law=linear(1e-4))
    asked = ("--preset", "silicon", "--models", "fake-a", "--time", "1ps", "--add", "d3", "--json")
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(run("recommend", *asked).document), encoding="utf-8")
    return path


def test_bibtex_goes_to_stdout_alone(run: Run) -> None:
    outcome = run("cite", "SevenNet-0", "hienet")
    assert (outcome.code, outcome.err) == (ExitCode.DONE, "")
    assert outcome.out.startswith("% model: SevenNet-0 (11 July 2024); package: sevenn\n@article{park2024sevennet,\n")
    assert "@misc{yan2025hienet," in outcome.out
    assert outcome.out.count("@misc{deng2023mptrj,") == 1


def test_the_document(run: Run) -> None:
    data = run("cite", "lammps-cu-meam", "--json").checked["data"]
    assert data["models"] == ["lammps-cu-meam"]
    (none,) = data["unpublished"]
    assert none == {"what": {"role": "model", "name": "MEAM Cu (Cu.meam)"}, "link": "https://github.com/lammps/lammps"}
    assert "no publication is known" in run("cite", "lammps-cu-meam").out


def test_an_answer_stands_for_the_model_that_it_chose(answer: Path, run: Run) -> None:
    document = run("cite", answer, "--json").document
    assert document["errors"] == []
    assert document["data"]["models"] == ["fake-a"]
    keys = [work["key"] for work in document["data"]["works"]]
    assert {"park2024sevennet", "larsen2017ase", "grimme2010d3", "grimme2011damping"} <= set(keys)


def test_an_addition_that_a_model_cannot_have_is_told(run: Run) -> None:
    outcome = run("cite", "orb-d3-v2", "--add", "d3")
    assert outcome.code == ExitCode.DONE
    assert "D3(BJ) is not added" in outcome.err
    assert "grimme" not in outcome.out


def test_what_cannot_be_cited_is_refused(answer: Path, run: Run, tmp_path: Path) -> None:
    assert "did you mean" in run("cite", "sevennet-00").err.lower()
    assert run("cite", tmp_path / "none.json").code == ExitCode.BAD_INPUT
    empty = json.loads(answer.read_text(encoding="utf-8"))
    empty["data"]["choice"] = None
    answer.write_text(json.dumps(empty), encoding="utf-8")
    outcome = run("cite", answer)
    assert outcome.code == ExitCode.BAD_INPUT
    assert "chose no model" in outcome.err
