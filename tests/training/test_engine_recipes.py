from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ase.build import bulk
from ase.io import write

from engine_frames import labelled
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import InputError
from mlipguide.environments.recipes import find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.training.engines.fine_tune import FineTuneTrainer
from mlipguide.training.engines.held_out import held_out
from mlipguide.training.engines.nep import NepTrainer
from mlipguide.training.engines.replay import read_replay

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
    recipe = find_recipe("sevenn")
    with pytest.raises(InputError, match="no adapter for its backend lammps"):
        FineTuneTrainer(replace(BASE, backend="lammps"), recipe, find_environment(recipe))


def test_no_more_layers_are_frozen_than_there_are() -> None:
    recipe = find_recipe("sevenn")
    FineTuneTrainer(BASE, recipe, find_environment(recipe), frozen_layers=5)
    with pytest.raises(InputError, match="--frozen-layers 6: sevennet-0 has 5 layers"):
        FineTuneTrainer(BASE, recipe, find_environment(recipe), frozen_layers=6)


def replay_file(path: Path, *, structures: int = 10, symbol: str = "MgO") -> Path:
    frames = []
    for number in range(structures):
        atoms = bulk(symbol, "rocksalt", a=4.2 + 0.01 * number)
        frames.append(atoms)
    write(path, frames)
    return path


def test_what_is_replayed_belongs_to_the_recipe_and_keeps_every_digit(tmp_path: Path) -> None:
    replay = read_replay(replay_file(tmp_path / "replay.extxyz"))
    assert replay.elements == ("Mg", "O")
    assert replay.held_out == (8, 9)
    again = tmp_path / "again.extxyz"
    again.write_text(replay.text, encoding="utf-8")
    assert read_replay(again).text == replay.text
    recipe = find_recipe("sevenn")
    trainer = FineTuneTrainer(BASE, recipe, find_environment(recipe), replay=replay)
    (with_replay,), (without,) = trainer.recipes(["Si"], seed=1), fine_tune_trainer().recipes(["Si"], seed=1)
    assert with_replay.options["replay_elements"] == "Mg O"
    assert "replay_sha256" not in without.options


def test_too_few_structures_or_unknown_elements_are_not_replayed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="7 structures are too few"):
        read_replay(replay_file(tmp_path / "few.extxyz", structures=7))
    with pytest.raises(InputError, match=r"There is no|no such file|does not exist"):
        read_replay(tmp_path / "nowhere.extxyz")
    recipe = find_recipe("sevenn")
    replay = read_replay(replay_file(tmp_path / "odd.extxyz", symbol="PoO"))
    with pytest.raises(InputError, match="--replay: sevennet-0 was not trained on Po"):
        FineTuneTrainer(BASE, recipe, find_environment(recipe), replay=replay)


def test_each_group_gives_its_end_to_choose_by() -> None:
    frames = [labelled(index, group="md") for index in range(10)]
    frames += [labelled(index, group="strain") for index in range(10, 14)]
    frames += [labelled(14, group="one")]
    assert held_out(frames) == (8, 9, 13)
    assert held_out(frames[:7]) == ()


def test_held_out_frames_are_the_last_in_the_file_whatever_the_order_given() -> None:
    frames = [replace(labelled(index), index=9 - index) for index in range(10)]
    assert held_out(frames) == (0, 1)
