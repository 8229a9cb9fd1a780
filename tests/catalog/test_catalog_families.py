"""Families that are trained for one system: complete, sourced, and found by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlipguide.catalog import validation
from mlipguide.catalog.families import find_family, load_families
from mlipguide.catalog.locations import CardFiles, builtin_files
from mlipguide.catalog.validation import validate_folder
from mlipguide.core.errors import InputError
from mlipguide.records.models.family_card import Reach
from mlipguide.records.models.terms import CommercialUse

NAMES = ["ace", "allegro", "deepmd", "gap", "hdnnp", "mace", "mtp", "nep", "nequip", "pod", "snap", "uf3"]


def test_the_families_are_those_promised() -> None:
    assert [card.id for card in load_families()] == NAMES


def test_strictly_local_families_need_one_cutoff_of_ghosts() -> None:
    for card in load_families():
        assert (card.reach is Reach.LOCAL) == (card.layers == 1), card.id
    assert {card.id for card in load_families() if card.reach is Reach.MESSAGE_PASSING} == {"mace", "nequip"}


def test_each_says_what_runs_and_trains_it_and_where_it_is_strong_and_weak() -> None:
    for card in load_families():
        assert card.programs, card.id
        assert card.trainers, card.id
        assert card.strengths, card.id
        assert card.weaknesses, card.id
        assert all(speed.us_per_atom_step > 0 for speed in card.speeds), card.id


def test_published_costs_are_those_of_the_trials() -> None:
    pod = find_family("POD")
    assert [(item.seconds, item.force_mae_ev_per_angstrom) for item in pod.trainings] == [
        (12, 0.066),  # on DFT labels
        (1, 0.085),
        (2, 0.151),
        (7, 0.127),
        (23, 0.109),
    ]
    assert {speed.us_per_atom_step for speed in pod.speeds} >= {60, 128, 251}
    slowest = max((speed for card in load_families() for speed in card.speeds), key=lambda item: item.us_per_atom_step)
    assert slowest in find_family("gap").speeds


def test_a_trainer_for_academic_use_is_told_from_a_free_one() -> None:
    trainers = {trainer.package: trainer.commercial for trainer in find_family("ace").trainers}
    assert trainers == {"python-ace": CommercialUse.NO, "ace-jax": CommercialUse.YES}


def test_an_unknown_family_suggests_the_closest() -> None:
    with pytest.raises(InputError, match=r"^There is no family 'napp'\. Did you mean 'snap'\?$"):
        find_family("napp")


def test_violations_of_families_are_reported_with_their_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builtin = builtin_files()
    text = next(path for path in builtin.families if path.stem == "pod").read_text(encoding="utf-8")
    broken = tmp_path / "pot.yaml"
    broken.write_text(text.replace("reach: local", "reach: far").replace("nguyen2023pod", "nguyen"), encoding="utf-8")
    unreadable = tmp_path / "unreadable.yaml"
    unreadable.write_text("id: [", encoding="utf-8")
    files = CardFiles(
        cards=(),
        element_sets=builtin.element_sets,
        training_sets=builtin.training_sets,
        sources=builtin.sources,
        families=(broken, unreadable),
    )
    monkeypatch.setattr(validation, "builtin_files", lambda: files)
    found = {(Path(item.file).name, item.field) for item in validate_folder()}
    assert found == {
        ("pot.yaml", "id"),
        ("pot.yaml", "reach"),
        ("pot.yaml", "sources"),
        ("unreadable.yaml", "(file)"),
    }
