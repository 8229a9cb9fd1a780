"""By what the models of an answer are compared, through the command itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fake_models import FakeModels, Run, fake_card
from mlipguide.core.errors import ExitCode
from mlipguide.records.models.model_card import DomainFact, ModelCard
from mlipguide.records.models.terms import Domain
from mlipguide.testing.fake_session import linear

SILICON = ("--preset", "silicon", "--atoms", "64")
ETHANOL = ("--preset", "ethanol", "--time", "1ps")


def scored(name: str, *, f1: float, kappa: float) -> ModelCard:
    card = fake_card(name, kappa=kappa)
    assert card.metrics is not None
    return replace(card, metrics=replace(card.metrics, f1=f1))


def knowing_molecules(name: str) -> ModelCard:
    card = fake_card(name, kappa=None)
    fact = DomainFact(domain=Domain.MOLECULES, evidence="It holds molecules.", sources=("mlipguide_tests",))
    training = replace(card.training, domains=(fact,), level_of_theory="ωB97M-D3(BJ)")
    return replace(card, training=training)


def answer(run: Run, fakes: FakeModels, *words: str) -> dict[str, Any]:
    outcome = run("recommend", *words, "--models", fakes.names, "--json")
    assert outcome.code == ExitCode.DONE, outcome.err
    data: dict[str, Any] = outcome.document["data"]
    return data


@pytest.fixture
def crystals(fake_models: FakeModels) -> FakeModels:
    """Return two models: one with the better κ, one with the better F1."""
    fake_models.add("fake-kappa", scored("fake-kappa", f1=0.55, kappa=0.3), time_law=linear(1e-5))
    fake_models.add("fake-f1", scored("fake-f1", f1=0.92, kappa=0.5), time_law=linear(1e-5))
    return fake_models


@pytest.mark.parametrize(
    ("words", "figure", "choice", "title"),
    [
        (("--time", "1ps"), "kappa-srme", "fake-kappa", "κ"),
        (("--kind", "phonons"), "kappa-srme", "fake-kappa", "κ"),
        (("--kind", "neb"), "kappa-srme", "fake-kappa", "κ"),
        (("--kind", "relax"), "f1", "fake-f1", "F1"),
        (("--kind", "screen"), "f1", "fake-f1", "F1"),
        (("--kind", "prerelax"), "f1", "fake-f1", "F1"),
    ],
)
def test_the_axis_follows_the_task_and_the_page_says_so(  # noqa: PLR0917  # pytest passes fixtures by name
    crystals: FakeModels, run: Run, words: tuple[str, ...], figure: str, choice: str, title: str
) -> None:
    data = answer(run, crystals, *SILICON, *words)
    assert data["choice"] == choice
    assert (data["accuracy_axis"]["figure"], data["accuracy_axis"]["domain"]) == (figure, None)
    chosen = next(one for one in data["candidates"] if one["model"] == choice)
    assert (chosen["accuracy"]["figure"], chosen["accuracy"]["value"]) == (figure, 0.92 if figure == "f1" else 0.3)
    page = run("recommend", *SILICON, *words, "--models", crystals.names, "--details").out
    header = next(line for line in page.splitlines() if line.startswith("Model "))
    assert title in header.split()
    assert f"Why: {data['accuracy_axis']['reason']}." in " ".join(page.split())


def test_a_molecule_goes_to_the_model_that_has_seen_molecules(crystals: FakeModels, run: Run) -> None:
    crystals.add("fake-molecules", knowing_molecules("fake-molecules"), time_law=linear(1e-4))
    data = answer(run, crystals, *ETHANOL)
    assert data["choice"] == "fake-molecules"
    assert data["accuracy_axis"]["domain"] == "molecules"
    assert data["accuracy_axis"]["fitting"] == []
    places = {one["model"]: one["accuracy"]["domain"] for one in data["candidates"]}
    assert places == {"fake-molecules": "covered", "fake-kappa": "not-covered", "fake-f1": "not-covered"}


def test_where_nothing_here_has_seen_molecules_the_answer_begins_with_that(crystals: FakeModels, run: Run) -> None:
    data = answer(run, crystals, *ETHANOL)
    assert data["accuracy_axis"]["fitting"][:2] == ["so3lr", "aimnet2"]
    assert data["next_commands"][0].startswith("mlipguide recommend --preset ethanol")
    assert "--models so3lr,aimnet2" in data["next_commands"][0]
    page = " ".join(run("recommend", *ETHANOL, "--models", crystals.names).out.split())
    assert "Of the models with a known time none is known to have seen molecules. These have: so3lr, aimnet2" in page


def test_a_slab_goes_to_the_model_that_has_seen_surfaces(crystals: FakeModels, run: Run) -> None:
    card = fake_card("fake-surfaces", kappa=None)
    fact = DomainFact(domain=Domain.SURFACES, evidence="It holds surfaces.", sources=("mlipguide_tests",))
    card = replace(card, training=replace(card.training, domains=(fact,)))
    crystals.add("fake-surfaces", card, time_law=linear(1e-4))
    data = answer(run, crystals, "--preset", "pt111-co", "--time", "1ps")
    assert data["choice"] == "fake-surfaces"
    assert data["accuracy_axis"]["domain"] == "surfaces"
    assert data["accuracy_axis"]["fitting"] == []
    declined = answer(run, crystals, "--preset", "pt111-co", "--time", "1ps", "--needs=-surfaces")
    assert declined["choice"] == "fake-kappa"


def test_water_is_matter_of_molecules(crystals: FakeModels, run: Run) -> None:
    data = answer(run, crystals, "--preset", "water", "--time", "1ps")
    assert data["accuracy_axis"]["domain"] == "molecules"
    assert {"need": "molecules", "reason": "matter of molecules: 64 H2O"} in data["task"]["derived_needs"]
    declined = answer(run, crystals, "--preset", "water", "--time", "1ps", "--needs=-molecules")
    assert declined["accuracy_axis"]["domain"] is None


def test_available_means_what_can_be_started(crystals: FakeModels, run: Run) -> None:
    outcome = run("recommend", *SILICON, "--time", "1ps", "--models", "available", "--json")
    assert outcome.code == ExitCode.DONE
    assert {one["model"] for one in outcome.document["data"]["candidates"]} == {"fake-kappa", "fake-f1"}
    assert crystals.opened


@pytest.mark.parametrize(
    "command", [("recommend", *SILICON, "--time", "1ps"), ("plan", "mace-mpa-0", "--atoms", "500")]
)
def test_devices_alike_are_taken_for_each_other_and_it_is_said(
    crystals: FakeModels, run: Run, command: tuple[str, ...]
) -> None:
    assert crystals.makers
    outcome = run(*command, "--hardware", "V100-32GB", "--json")
    said = [one["message"] for one in outcome.document["notices"] if one["kind"] == "alike_devices"]
    (words,) = said
    assert words.startswith("The name fits V100-SXM2-32GB and V100-PCIe-32GB, with the same memory and about the same")
    assert "the commoner, V100-SXM2-32GB, was taken" in words


def test_none_is_no_best_way(fake_models: FakeModels, run: Run) -> None:
    fake_models.add("fake-slow", time_law=linear(1.0))
    outcome = run("recommend", "--preset", "lifepo4", "--models", "fake-slow", "--budget", "1s")
    page = " ".join(outcome.out.split())
    assert outcome.code == ExitCode.NOTHING_FEASIBLE
    assert "Best way: none" not in page
    document = run("recommend", "--preset", "lifepo4", "--models", "fake-slow", "--budget", "1s", "--json").document
    assert document["data"]["strategies"]["would_do"] is None  # no machine of the list is that much faster
    assert "Nothing is feasible as asked. No change of budget, size or hardware that was considered mends that." in page
