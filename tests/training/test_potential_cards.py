"""Cards of fitted potentials: they are valid, the commands know them, and equal recipes share a time law."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.own_models import write_own_card
from mlipguide.catalog.validation import validate_folder
from mlipguide.catalog.weights import find_weights
from mlipguide.core.errors import InputError
from mlipguide.core.paths import DATA_VARIABLE, own_models_dir
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import WeightsOrigin
from mlipguide.records.training.training import FittedPotential
from mlipguide.training.engines.pod_recipes import pod_recipes
from mlipguide.training.fit.potential_cards import card_of, time_law_of


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))


@pytest.fixture
def potential(tmp_path: Path) -> FittedPotential:
    (tmp_path / "potential.json").write_text("{}", encoding="utf-8")
    return FittedPotential(
        recipe=pod_recipes(["Si"], seed=0)[0],
        folder=str(tmp_path),
        files=("potential.json", "a.pod"),
        frames=100,
        train_s=3.0,
        parameters=73,
        cutoff_angstrom=5.0,
        versions={"lammps": "1.0"},
    )


def test_a_written_card_is_valid_and_found(potential: FittedPotential) -> None:
    card = card_of(potential, model_id="my-pod", level_of_theory="PBE")
    write_own_card(card)
    assert not validate_folder(own_models_dir())
    found = load_catalogue().find("my-pod")
    assert found == card
    assert found.weights.origin is WeightsOrigin.TRAINED
    assert found.training.elements == ("Si",)
    assert found.training.level_of_theory == "PBE"
    assert (found.architecture.layers, found.architecture.cutoff_angstrom) == (1, 5.0)
    assert find_weights(found, {}) == Path(potential.folder) / "potential.json"


def test_another_potential_in_its_place_is_noticed(potential: FittedPotential) -> None:
    card: ModelCard = card_of(potential, model_id="my-pod")
    (Path(potential.folder) / "potential.json").write_text("{ }", encoding="utf-8")
    with pytest.raises(InputError, match="is not the one that was registered"):
        find_weights(card, {})


def test_what_changes_the_work_changes_the_time_law(potential: FittedPotential) -> None:
    recipe = potential.recipe
    law = time_law_of(recipe)
    heavier = {**recipe.options, "fitting_weight_energy": 1.0}
    assert time_law_of(replace(recipe, seed=7)) == law
    assert time_law_of(replace(recipe, options=heavier)) == law
    assert time_law_of(replace(recipe, options={**recipe.options, "rcut": 4.0})) != law
    assert time_law_of(replace(recipe, elements=("Ge",))) != law
    assert time_law_of(pod_recipes(["Si"], seed=0)[1]) != law
