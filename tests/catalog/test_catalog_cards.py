"""The built-in cards are right and are found by name."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.catalog.locations import builtin_files
from mlipguide.catalog.schema import CARD_SCHEMA, card_schema, write_card_schema
from mlipguide.catalog.sources import read_sources
from mlipguide.catalog.validation import validate_folder
from mlipguide.core.errors import InputError
from mlipguide.records.model_card import Forces, ModelCard, WeightsOrigin

EXCERPT = Path(__file__).parents[1] / "data" / "models_accuracy_excerpt.csv"
CARD_FILES = builtin_files().cards
SAME_NAME_ELSEWHERE = {"mace-mp-0": "mace-mp-0-medium"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def excerpt_rows() -> list[dict[str, str]]:
    lines = EXCERPT.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def optional_number(text: str) -> float | None:
    return float(text) if text else None


def cited(card: ModelCard) -> set[str]:
    facts = [card.training.sources, card.licences.code.sources, card.licences.weights.sources]
    return {key for sources in facts for key in sources} | set(card.metrics.sources if card.metrics else ())


def test_the_cards_are_those_promised_sorted_by_id(catalogue: Catalogue) -> None:
    assert [card.id for card in catalogue.cards] == [
        "chgnet-0.2.0",
        "chgnet-0.3.0",
        "chgnet-r2scan",
        "mace-mp-0-large",
        "mace-mp-0-medium",
        "mace-mp-0-small",
        "sevennet-0",
        "sevennet-0-22may2024",
        "sevennet-l3i5",
        "sevennet-mf-0",
    ]


def test_validation_finds_nothing_in_the_builtin_cards() -> None:
    assert validate_folder() == ()


def test_the_schema_file_is_what_the_record_generates(tmp_path: Path) -> None:
    write_card_schema(tmp_path / "schema.json")
    assert CARD_SCHEMA.read_text(encoding="utf-8") == (tmp_path / "schema.json").read_text(encoding="utf-8"), (
        "The record changed: python -m mlipguide.catalog.schema"
    )


@pytest.mark.parametrize("path", CARD_FILES, ids=lambda path: path.stem)
def test_every_card_validates_against_the_schema_file(path: Path) -> None:
    schema: dict[str, Any] = json.loads(CARD_SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    card = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(card)] == []


def test_the_schema_refuses_unknown_fields_and_allows_defaults_to_be_left_out() -> None:
    schema = card_schema()
    assert schema["additionalProperties"] is False
    assert "backend" in schema["required"]
    assert "aliases" not in schema["required"]


def test_every_cited_source_exists_and_every_source_can_be_opened(catalogue: Catalogue) -> None:
    sources = read_sources()
    for card in catalogue.cards:
        assert cited(card) <= set(sources), card.id
        assert all((link := sources[key].link) and link.startswith("https://") for key in cited(card))


@pytest.mark.parametrize("row", excerpt_rows(), ids=lambda row: row["model_key"])
def test_figures_equal_those_of_the_leaderboard(catalogue: Catalogue, row: dict[str, str]) -> None:
    card = catalogue.find(row["model_key"])
    assert card.id == SAME_NAME_ELSEWHERE.get(row["model_key"], row["model_key"])
    metrics = card.metrics
    assert metrics is not None
    assert card.architecture.parameters == int(row["model_params"])
    assert len(card.training.elements) == int(row["n_elements_training_derived"])
    assert card.training.level_of_theory == row["level_of_theory_derived"]
    assert card.licences.weights.commercial == row["commercial_use_derived"].split()[0]
    assert metrics.f1 == float(row["F1_uniq_proto"])
    assert metrics.kappa_srme == float(row["kappa_SRME"])
    assert metrics.cps == optional_number(row["CPS_derived"])
    on_older_scale = "older" in row["notes"]
    assert metrics.rmsd == (None if on_older_scale else float(row["geo_opt_RMSD"]))
    force = optional_number(row["md_force_rmse_meV_per_A"])
    assert metrics.md_force_rmse_ev_per_angstrom == (None if force is None else pytest.approx(force / 1000))


def test_cutoff_equals_the_leaderboard_save_where_the_checkpoint_says_otherwise(catalogue: Catalogue) -> None:
    differing = {
        card.id: (card.architecture.cutoff_angstrom, float(row["cutoff_A"]))
        for row in excerpt_rows()
        if (card := catalogue.find(row["model_key"])).architecture.cutoff_angstrom != float(row["cutoff_A"])
    }
    assert differing == {"chgnet-0.3.0": (6.0, 5.0)}
    assert any("leaderboard lists 5 Å" in remark for remark in catalogue.find("chgnet-0.3.0").remarks)


def test_cards_without_a_row_have_no_metrics(catalogue: Catalogue) -> None:
    rated = {card.id for card in catalogue.cards if card.metrics is not None}
    assert rated == {SAME_NAME_ELSEWHERE.get(row["model_key"], row["model_key"]) for row in excerpt_rows()}


def test_a_licence_conflict_is_stated(catalogue: Catalogue) -> None:
    for row in excerpt_rows():
        licences = catalogue.find(row["model_key"]).licences
        for fact, column in ((licences.code, "license_code"), (licences.weights, "license_checkpoint")):
            assert fact.name == row[column] or row[column] in (fact.remark or "")


def test_only_checkpoints_of_one_shape_share_a_time_law(catalogue: Catalogue) -> None:
    shared: dict[str, set[str]] = {}
    shapes: dict[str, set[object]] = {}
    for card in catalogue.cards:
        law = card.architecture.time_law
        shared.setdefault(law, set()).add(card.id)
        shapes.setdefault(law, set()).add(card.architecture)
    assert all(len(distinct) == 1 for distinct in shapes.values())
    assert sorted(sorted(ids) for ids in shared.values() if len(ids) > 1) == [
        ["chgnet-0.3.0", "chgnet-r2scan"],
        ["sevennet-0", "sevennet-0-22may2024"],
    ]


def test_weights_that_are_downloaded_have_an_address_and_others_none(catalogue: Catalogue) -> None:
    for card in catalogue.cards:
        downloaded = card.weights.origin is WeightsOrigin.DOWNLOAD
        assert (card.weights.url is not None) == downloaded
        assert card.weights.synthetic == (card.backend == "mace-torch")
        assert card.architecture.forces is Forces.CONSERVATIVE


def test_r2scan_models_leave_out_ytterbium(catalogue: Catalogue) -> None:
    without = {card.id for card in catalogue.cards if "Yb" not in card.training.elements}
    assert without == {card.id for card in catalogue.cards if card.training.level_of_theory == "r2SCAN"}
    assert without == {"chgnet-r2scan", "sevennet-mf-0"}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("sevennet-0", "sevennet-0"),
        ("SevenNet-L3i5", "sevennet-l3i5"),
        ("7net-0_22May2024", "sevennet-0-22may2024"),
        (" CHGNet ", "chgnet-0.3.0"),
        ("mace-mp-0", "mace-mp-0-medium"),
    ],
)
def test_cards_are_found_by_id_and_alias_in_any_case(catalogue: Catalogue, name: str, found: str) -> None:
    assert catalogue.find(name).id == found


def test_an_unknown_name_suggests_the_closest(catalogue: Catalogue) -> None:
    with pytest.raises(InputError) as caught:
        catalogue.find("SevenNet-l3i6")
    assert caught.value.message == "There is no model 'SevenNet-l3i6'. Did you mean 'sevennet-l3i5'?"
    assert "mlipguide models list" in caught.value.hint


def test_a_name_like_no_other_suggests_nothing(catalogue: Catalogue) -> None:
    with pytest.raises(InputError, match=r"^There is no model 'xyz'\.$"):
        catalogue.find("xyz")


def test_select_keeps_the_order_and_drops_repetitions(catalogue: Catalogue) -> None:
    chosen = catalogue.select(["mace-mp-0", "chgnet", "mace-mp-0-medium"])
    assert [card.id for card in chosen] == ["mace-mp-0-medium", "chgnet-0.3.0"]
    assert catalogue.select([]) == ()
