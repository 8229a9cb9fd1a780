"""Every problem of a card is reported with its path; folders of the user extend the catalogue."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.locations import DATA
from mlipguide.catalog.validation import validate_folder
from mlipguide.core.errors import InputError


@pytest.fixture
def card() -> dict[str, Any]:
    """Give a card that may stand beside the built-in ones."""
    plain: dict[str, Any] = yaml.safe_load((DATA / "models" / "sevennet-l3i5.yaml").read_text(encoding="utf-8"))
    return deepcopy(plain) | {"id": "mine", "name": "Mine", "aliases": []}


def write_card(folder: Path, plain: Any, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(plain), encoding="utf-8")
    return path


def problems(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for violation in validate_folder(folder):
        found.setdefault(violation.field, []).append(violation.message)
    return found


def test_a_good_card_extends_the_catalogue(tmp_path: Path, card: dict[str, Any]) -> None:
    write_card(tmp_path, card)
    assert validate_folder(tmp_path) == ()
    catalogue = load_catalogue([tmp_path])
    assert len(catalogue.cards) == len(load_catalogue().cards) + 1
    assert catalogue.find("mine").known_elements[:2] == ("H", "He")


def test_a_broken_card_reports_all_its_violations_with_their_paths(tmp_path: Path, card: dict[str, Any]) -> None:
    card["id"] = "other"
    card["colour"] = "blue"
    card["superseded_by"] = "sevennet-l3i6"
    card["architecture"]["cutoff_angstrom"] = "wide"
    card["architecture"]["forces"] = "conservative"
    del card["architecture"]["layers"]
    card["training"]["elements"] = ["set:mptrj-98", "Xx", "Fe"]
    card["licences"]["code"]["sources"] = []
    card["licences"]["weights"]["sources"] = ["sevenn_pakage"]
    card["licences"]["weights"]["read_on"] = "yesterday"
    card["metrics"]["cps"] = 0.9
    card["provides"] = ["stress"]
    card["training"]["sets"] = ["MPtraj"]
    card["training"]["domains"] = [
        {"domain": "crystals", "evidence": "It was seen.", "sources": ["deng2023mptrajectory"]}
    ]
    card["training"]["cost"] = {"devices": 1, "device": "GPU", "hours": "many", "sources": []}
    path = write_card(tmp_path, card)

    found = problems(tmp_path)
    assert {violation.file for violation in validate_folder(tmp_path)} == {str(path)}
    assert found["id"] == ["'other' must be the name of the file, 'mine'"]
    assert "colour" in found
    assert found["superseded_by"] == ["there is no card 'sevennet-l3i6'. Did you mean 'sevennet-l3i5'?"]
    assert "architecture.cutoff_angstrom" in found
    assert found["architecture.layers"] == ["field required"]
    assert found["provides"] == ["must offer conservative, because the forces are"]
    assert found["training.sets"] == ["there is no data set 'MPtraj'. Did you mean 'MPtrj'?"]
    assert found["training.domains.0.sources"][0].startswith("there is no source 'deng2023mptrajectory'")
    assert found["training.cost.sources"] == ["at least one source is needed"]
    assert "training.cost.hours" in found
    assert found["training.elements"] == [
        "there is no set of elements 'mptrj-98'. Did you mean 'mptrj-89'?",
        "'Xx' is not a chemical symbol",
    ]
    assert found["licences.code.sources"] == ["at least one source is needed"]
    assert found["licences.weights.sources"] == ["there is no source 'sevenn_pakage'. Did you mean 'sevenn_package'?"]
    assert found["licences.weights.read_on"] == ["'yesterday' is not a date such as 2026-11-22"]
    assert found["metrics.cps"] == ["is 0.9, but f1, kappa_srme and rmsd give 0.7136"]


def test_every_file_is_reported_and_an_unreadable_one_does_not_hide_the_others(
    tmp_path: Path, card: dict[str, Any]
) -> None:
    (tmp_path / "broken.yaml").write_text("id: [", encoding="utf-8")
    (tmp_path / "empty.yaml").write_text("", encoding="utf-8")
    write_card(tmp_path, card | {"id": "x"})
    files = {Path(violation.file).name: violation for violation in validate_folder(tmp_path)}
    assert set(files) == {"broken.yaml", "empty.yaml", "mine.yaml"}
    assert files["broken.yaml"].field == "(file)"
    assert "not valid YAML" in str(files["broken.yaml"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rmsd": None}, "must be null, because one of f1, kappa_srme and rmsd is"),
        ({"cps": None}, "must be 0.7136, because all its parts are given"),
        ({"f1": 0.9}, "is 0.7136, but f1, kappa_srme and rmsd give 0.7836"),
    ],
)
def test_the_score_must_follow_from_its_parts(
    tmp_path: Path, card: dict[str, Any], changes: dict[str, float | None], message: str
) -> None:
    card["metrics"] |= changes
    write_card(tmp_path, card)
    assert problems(tmp_path) == {"metrics.cps": [message]}


def test_names_are_shared_with_no_other_card(tmp_path: Path, card: dict[str, Any]) -> None:
    write_card(tmp_path, card | {"aliases": ["MACE-MP-0", "twin"]})
    write_card(tmp_path, card | {"id": "twin"}, "twin.yaml")
    messages = [(Path(found.file).name, found.field, found.message) for found in validate_folder(tmp_path)]
    assert messages == [
        ("mine.yaml", "aliases.0", "'MACE-MP-0' is also a name of mace-mp-0-medium.yaml"),
        ("mine.yaml", "aliases.1", "'twin' is also a name of twin.yaml"),
        ("twin.yaml", "id", "'twin' is also a name of mine.yaml"),
    ]
    with pytest.raises(InputError, match="belongs to two cards"):
        load_catalogue([tmp_path])


@pytest.mark.parametrize(
    ("forces", "provides", "message"),
    [
        ("direct", ["conservative"], "must not offer conservative, because the forces are direct"),
        ("conservative", [], "must offer conservative, because the forces are"),
    ],
)
def test_what_is_offered_follows_from_the_forces(
    tmp_path: Path, card: dict[str, Any], forces: str, provides: list[str], message: str
) -> None:
    card["architecture"]["forces"] = forces
    card["provides"] = provides
    write_card(tmp_path, card)
    assert problems(tmp_path) == {"provides": [message]}


def test_weights_that_are_not_in_the_package_have_an_address_or_a_remark(tmp_path: Path, card: dict[str, Any]) -> None:
    card["weights"] = {"origin": "gated", "name": "x"}
    card["remarks"] = []
    write_card(tmp_path, card)
    assert list(problems(tmp_path)) == ["weights.url"]
    card["remarks"] = ["Ask its authors for the weights."]
    write_card(tmp_path, card)
    assert validate_folder(tmp_path) == ()


def test_a_folder_brings_its_own_data_sets_whose_domains_cards_take_over(tmp_path: Path, card: dict[str, Any]) -> None:
    data = {
        "frames": None,
        "elements": ["set:mptrj-89"],
        "level_of_theory": "PBE",
        "domains": [{"domain": "clusters", "evidence": "It holds clusters.", "sources": ["deng2023mptrj"]}],
        "sources": ["deng2023mptrj"],
    }
    path = tmp_path / "training_sets.yaml"
    path.write_text(yaml.safe_dump({"Mine": data}), encoding="utf-8")
    card["training"]["sets"] = ["MPtrj", "Mine"]
    write_card(tmp_path, card)
    assert validate_folder(tmp_path) == ()
    domains = [fact.domain.value for fact in load_catalogue([tmp_path]).find("mine").training.domains]
    assert domains == ["crystals", "clusters"]

    data["elements"] = ["Xx"]
    data["sources"] = ["nobody"]
    del data["level_of_theory"]
    path.write_text(yaml.safe_dump({"Mine": data}), encoding="utf-8")
    assert {violation.field for violation in validate_folder(tmp_path)} == {
        "Mine.elements",
        "Mine.sources",
        "Mine.level_of_theory",
    }
    with pytest.raises(InputError, match="'Mine': level_of_theory: field required"):
        load_catalogue([tmp_path])


def test_a_file_of_data_sets_that_is_none_is_a_violation(tmp_path: Path) -> None:
    (tmp_path / "training_sets.yaml").write_text("- MPtrj\n", encoding="utf-8")
    (violation,) = validate_folder(tmp_path)
    assert (violation.field, violation.message) == ("(file)", "data sets are expected, one name each")


def test_a_folder_brings_its_own_sets_and_sources(tmp_path: Path, card: dict[str, Any]) -> None:
    (tmp_path / "element_sets.yaml").write_text("water:\n  elements: [O, H]\n  sources: [me]\n", encoding="utf-8")
    (tmp_path / "sources.bib").write_text("@misc{me, title = {Notes}, year = 2026}", encoding="utf-8")
    card["training"] |= {"elements": ["set:water", "Li", "H"], "sources": ["me", "deng2023mptrj"]}
    write_card(tmp_path, card)
    assert validate_folder(tmp_path) == ()
    assert load_catalogue([tmp_path]).find("mine").training.elements == ("H", "Li", "O")


def test_loading_refuses_an_unknown_set_and_a_malformed_card(tmp_path: Path, card: dict[str, Any]) -> None:
    card["training"]["elements"] = ["set:nothing-like-it"]
    write_card(tmp_path, card)
    with pytest.raises(InputError, match=r"mine\.yaml: training\.elements: there is no set of elements"):
        load_catalogue([tmp_path])
    write_card(tmp_path, {"id": "mine"})
    with pytest.raises(InputError, match=r"mine\.yaml: name: field required; life_cycle"):
        load_catalogue([tmp_path])


def test_a_missing_folder_and_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        validate_folder(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is not a folder"):
        load_catalogue([tmp_path / "file"])


def test_an_empty_folder_adds_nothing(tmp_path: Path) -> None:
    assert validate_folder(tmp_path) == ()
    assert load_catalogue([tmp_path]) == load_catalogue()


def test_a_reference_energy_is_of_a_compound_unless_the_model_knows_one_element(tmp_path: Path) -> None:
    plain = yaml.safe_load((DATA / "models" / "hienet.yaml").read_text(encoding="utf-8"))
    plain["id"] = "mine"
    plain["aliases"] = []
    reference = plain["weights"]["reference"]
    reference["symbols"] = ["Mg", "Mg"]
    for elements, wrong in (["set:mptrj-89"], True), (["Mg"], False):
        plain["training"]["elements"] = elements
        (tmp_path / "mine.yaml").write_text(yaml.safe_dump(plain), encoding="utf-8")
        found = [item.field for item in validate_folder(tmp_path)]
        assert ("weights.reference.symbols" in found) is wrong
    reference["symbols"] = ["Mg", "Xx"]
    plain["weights"]["runs_with"] = ["hienet=!1"]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(plain), encoding="utf-8")
    assert {item.field for item in validate_folder(tmp_path)} == {"weights.runs_with.0", "weights.reference.symbols"}
