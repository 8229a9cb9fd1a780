from __future__ import annotations

from dataclasses import replace

import pytest

from engine_frames import labelled
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import InputError
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.training.engines.fine_tune import FineTuneTrainer, held_out
from mlipguide.training.engines.nep import NepTrainer

BASE = load_catalogue().find("sevennet-0")


def nep_trainer() -> NepTrainer:
    recipe = find_recipe("nep")
    return NepTrainer(recipe, find_environment(recipe))


def fine_tune_trainer() -> FineTuneTrainer:
    recipe = find_recipe("sevenn")
    return FineTuneTrainer(BASE, recipe, find_environment(recipe), frozen_layers=2)


def test_sizes_come_cheapest_first_and_cutoffs_follow_the_elements() -> None:
    small, medium = nep_trainer().recipes(["Si"], seed=5)
    assert (small.size, medium.size) == ("small", "medium")
    assert float(small.options["neuron"]) < float(medium.options["neuron"])
    assert small.options["cutoff"] == "5 4"
    assert {recipe.options["cutoff"] for recipe in nep_trainer().recipes(["Li", "O", "P"], seed=5)} == {"6 4"}
    assert small.seed == 5


def test_fine_tuning_knows_what_its_model_knows() -> None:
    (recipe,) = fine_tune_trainer().recipes(["Si"], seed=1)
    assert recipe.base_model == "sevennet-0"
    assert recipe.options["frozen_layers"] == 2
    with pytest.raises(InputError, match="not trained on Po"):
        fine_tune_trainer().recipes(["Si", "Po"], seed=1)


def test_a_model_without_an_adapter_is_refused() -> None:
    recipe = find_recipe("mace-torch")
    with pytest.raises(InputError, match="no adapter for its backend mace-torch"):
        FineTuneTrainer(load_catalogue().find("mace-mp-0-small"), recipe, find_environment(recipe))


def test_each_group_gives_its_end_to_choose_by() -> None:
    frames = [labelled(index, group="md") for index in range(10)]
    frames += [labelled(index, group="strain") for index in range(10, 14)]
    frames += [labelled(14, group="one")]
    assert held_out(frames) == (8, 9, 13)
    assert held_out(frames[:7]) == ()


def test_held_out_frames_are_the_last_in_the_file_whatever_the_order_given() -> None:
    frames = [replace(labelled(index), index=9 - index) for index in range(10)]
    assert held_out(frames) == (0, 1)
