"""Checkpoints of the user's own: what their cards say, and that another file is never taken for them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from mlipguide.catalog.card_sources import cited_sources, read_all_sources
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.checkpoints import checkpoint_problem, is_missing, sha256_of
from mlipguide.catalog.locations import DATA
from mlipguide.catalog.own_models import card_file, derive_card, suggest_id, write_own_card
from mlipguide.catalog.validation import validate_folder
from mlipguide.catalog.weights import find_weights
from mlipguide.core.errors import InputError
from mlipguide.core.paths import DATA_VARIABLE, own_models_dir
from mlipguide.core.serialisation import from_plain, to_plain
from mlipguide.records.models.model_card import ModelCard, WeightsFact
from mlipguide.records.models.terms import LifeCycle, WeightsOrigin

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ABC_SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "tuned.pth"
    path.write_bytes(b"abc")
    return path


def registered(checkpoint: Path, base: str = "sevennet-0", model_id: str = "mine") -> ModelCard:
    card = derive_card(
        load_catalogue().find(base),
        checkpoint,
        sha256_of(checkpoint),
        model_id=model_id,
        elements=(),
        level_of_theory=None,
        today="2026-11-24",
    )
    write_own_card(card)
    return card


def test_the_checksum_is_that_of_the_file(checkpoint: Path) -> None:
    assert sha256_of(checkpoint) == ABC_SHA256


def test_a_derived_card_keeps_what_decides_speed_and_drops_what_was_measured(checkpoint: Path) -> None:
    base = load_catalogue().find("sevennet-0")
    card = registered(checkpoint)
    assert card.architecture == base.architecture
    assert (card.backend, card.provides, card.training.sets) == (base.backend, base.provides, base.training.sets)
    assert card.training.elements == base.training.elements
    assert (card.metrics, card.training.cost, card.aliases, card.superseded_by) == (None, None, (), None)
    assert card.life_cycle is LifeCycle.ACTIVE  # the one that it started from is superseded
    assert card.licences.code == base.licences.code
    assert card.licences.weights.commercial is base.licences.weights.commercial
    assert "Carried over from sevennet-0" in (card.licences.weights.remark or "")
    assert "sevennet-0" in card.remarks[0]
    assert card.weights == WeightsFact(
        origin=WeightsOrigin.LOCAL,
        name="7net-0",
        path=str(checkpoint),
        sha256=ABC_SHA256,
        derived_from="sevennet-0",
    )


def test_elements_are_narrowed_and_never_widened(checkpoint: Path) -> None:
    base = load_catalogue().find("chgnet-r2scan")
    narrowed = derive_card(
        base, checkpoint, "0", model_id="mine", elements=("O", "Li"), level_of_theory="PBE", today="2026-11-24"
    )
    assert narrowed.training.elements == ("Li", "O")
    assert narrowed.architecture == replace(base.architecture, parameters=None)
    assert narrowed.training.level_of_theory == "PBE"
    with pytest.raises(InputError, match="Yb not among the elements of chgnet-r2scan"):
        derive_card(base, checkpoint, "0", model_id="mine", elements=("Yb",), level_of_theory=None, today="2026-11-24")


def test_a_registered_card_is_in_the_catalogue_and_valid(checkpoint: Path) -> None:
    before = len(load_catalogue().cards)
    card = registered(checkpoint)
    catalogue = load_catalogue()
    assert catalogue.notices == ()
    assert len(catalogue.cards) == before + 1
    assert catalogue.find("MINE") == card
    assert validate_folder(own_models_dir()) == ()


def test_the_file_is_found_while_it_is_the_registered_one(checkpoint: Path) -> None:
    card = registered(checkpoint)
    assert find_weights(card, {}) == checkpoint
    assert checkpoint_problem(card) is None
    assert not is_missing(card)


def test_another_file_in_its_place_is_refused(checkpoint: Path) -> None:
    card = registered(checkpoint)
    checkpoint.write_bytes(b"abd")
    os.utime(checkpoint, ns=(0, 0))  # times and size tell nothing
    with pytest.raises(InputError, match="not the one that was registered") as caught:
        find_weights(card, {})
    assert caught.value.kind == "checkpoint"
    assert f"mlipguide models add {checkpoint} --from sevennet-0 --id mine" in caught.value.hint
    assert "ba7816bf8f01" in str(checkpoint_problem(card))


def test_a_missing_file_is_refused_unless_another_is_given(checkpoint: Path, tmp_path: Path) -> None:
    card = registered(checkpoint)
    checkpoint.rename(tmp_path / "moved.pth")
    assert is_missing(card)
    assert "does not exist" in str(checkpoint_problem(card))
    with pytest.raises(InputError, match="does not exist"):
        find_weights(card, {})
    assert find_weights(card, {"mine": tmp_path / "moved.pth"}) == tmp_path / "moved.pth"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id: mine\n", "backend: field required"),
        ("id: [\n", "not valid YAML"),
        (None, "belongs to two cards, 'sevennet-0' and 'bad'"),
    ],
)
def test_a_broken_own_card_is_a_notice_and_the_others_stay(checkpoint: Path, text: str | None, says: str) -> None:
    registered(checkpoint, model_id="good")
    taken = yaml.safe_dump(to_plain(replace(load_catalogue().find("sevennet-0"), id="bad")))
    card_file("bad").write_text(taken if text is None else text, encoding="utf-8")
    catalogue = load_catalogue()
    assert catalogue.find("good").id == "good"
    (notice,) = catalogue.notices
    assert notice.kind == "broken_card"
    assert "Your own model bad was left out" in notice.message
    assert says in notice.message


def test_an_own_folder_that_is_a_file_is_no_folder(tmp_path: Path) -> None:
    own_models_dir().parent.mkdir(parents=True)
    own_models_dir().touch()
    assert load_catalogue().notices == ()
    assert tmp_path.exists()


@pytest.mark.parametrize(
    "weights",
    [
        {"origin": "local", "name": "a"},
        {"origin": "local", "name": "a", "path": "/a", "sha256": EMPTY_SHA256},
        {"origin": "local", "name": "a", "path": "/a", "sha256": EMPTY_SHA256, "derived_from": "b", "synthetic": True},
        {"origin": "package", "name": "a", "path": "/a"},
        {"origin": "download", "name": "a", "url": "https://a.invalid/b", "path": "/a"},
        {"origin": "download", "name": "a", "url": "https://a.invalid/b", "sha256": "0"},
        {"origin": "gated", "name": "a", "sha256": EMPTY_SHA256},
        {"origin": "package", "name": "a", "sha256": EMPTY_SHA256},
        {"origin": "trained", "name": "a", "path": "/a"},
        {"origin": "trained", "name": "a", "path": "/a", "sha256": EMPTY_SHA256, "synthetic": True},
    ],
)
def test_path_and_checksum_go_with_own_files_and_a_checksum_with_an_address(weights: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"(local|trained) weights|goes with a url"):
        from_plain(WeightsFact, weights, what="weights")


def test_a_file_to_be_downloaded_may_have_the_checksum_that_its_source_publishes() -> None:
    plain = {"origin": "download", "name": "a", "url": "https://a.invalid/b", "sha256": EMPTY_SHA256}
    assert from_plain(WeightsFact, plain, what="weights").sha256 == EMPTY_SHA256


def test_a_built_in_card_cannot_be_of_a_local_file(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(checkpoint)
    plain = yaml.safe_load(card_file("mine").read_text(encoding="utf-8"))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.yaml").write_text(yaml.safe_dump(plain), encoding="utf-8")
    for module in ("card_checks", "locations"):
        monkeypatch.setattr(f"mlipguide.catalog.{module}.DATA", tmp_path)
    for name in ("element_sets.yaml", "training_sets.yaml", "sources.bib", "families"):
        if (DATA / name).exists():
            (tmp_path / name).symlink_to(DATA / name)
    found = {violation.field: violation.message for violation in validate_folder()}
    assert found["weights.origin"] == "a built-in card cannot be of a file on one machine"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("My Run (2).model", "my-run-2"), ("a.b_C.pth", "a.b_c"), (".hidden", "hidden"), ("Ünï.pth", "n")],
)
def test_an_id_is_suggested_after_the_file(name: str, expected: str) -> None:
    assert suggest_id(Path("/somewhere") / name) == expected


def test_every_source_of_a_card_is_found_and_the_users_own_are_read(checkpoint: Path) -> None:
    card = registered(checkpoint)
    (own_models_dir() / "sources.bib").write_text("@misc{mine, title = {My run}}\n", encoding="utf-8")
    known = read_all_sources()
    assert set(cited_sources(card)) <= set(known)
    assert known["mine"].title == "My run"
    (own_models_dir() / "sources.bib").write_text("@misc{mine, title = \n", encoding="utf-8")
    assert set(cited_sources(card)) <= set(read_all_sources())
