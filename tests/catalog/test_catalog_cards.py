"""The built-in cards are right and are found by name."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from mlipguide.advice.constraints import licence_of
from mlipguide.catalog.card_checks import CPS_TOLERANCE
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.catalog.locations import builtin_files
from mlipguide.catalog.schema import CARD_SCHEMA, FAMILY_SCHEMA, card_schema, write_schemas
from mlipguide.catalog.sources import read_sources
from mlipguide.catalog.validation import validate_folder
from mlipguide.core.errors import InputError
from mlipguide.records.models.model_card import SHA256, ModelCard
from mlipguide.records.models.terms import CommercialUse, Forces, LifeCycle, Need, WeightsOrigin
from mlipguide.worker.backends.aimnet import ARCHITECTURES as AIMNET_ARCHITECTURES
from mlipguide.worker.backends.deepmd import LAYERS as DPA_LAYERS
from mlipguide.worker.backends.fairchem import RANDOM as RANDOM_UMA
from mlipguide.worker.backends.grace import ARCHITECTURES as GRACE_ARCHITECTURES
from mlipguide.worker.backends.mace import HIDDEN_IRREPS
from mlipguide.worker.backends.matgl4 import SIZES as TENSORNET_SIZES
from mlipguide.worker.backends.mattersim import SIZES
from mlipguide.worker.backends.nequip import ARCHITECTURES as NEQUIP_ARCHITECTURES
from mlipguide.worker.backends.orb import NEIGHBOURS
from mlipguide.worker.backends.upet import SHAPES as PET_SIZES

EXCERPT = Path(__file__).parents[1] / "data" / "models_accuracy_excerpt.csv"
CARD_FILES = builtin_files().cards
SUPERSEDED_SINCE = {
    "uma-s-1p1": "uma-s-1p2p1",
    "uma-s-1p2": "uma-s-1p2p1",
    "pet-mad-1.5-s": "pet-mad-1.6-s",
    "pet-mad-1.5-xs": "pet-mad-1.6-xs",
}
"""Rows whose authors have named a newer checkpoint since."""
SAME_NAME_ELSEWHERE = {"mace-mp-0": "mace-mp-0-medium"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def excerpt_rows() -> list[dict[str, str]]:
    lines = EXCERPT.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


ALLOWED = {"yes with": "conditions", "check": "conditions", "CONFLICT": "conflict"}
"""How the table words what licences allow, where it is not the first word."""


def optional_number(text: str) -> float | None:
    return float(text) if text else None


def cited(card: ModelCard) -> set[str]:
    training, licences = card.training, card.licences
    facts = [training.sources, licences.code.sources, licences.weights.sources]
    facts += [fact.sources for fact in training.domains]
    facts += [training.cost.sources] if training.cost else []
    facts += [card.metrics.sources] if card.metrics else []
    return {key for sources in facts for key in sources}


def differing(catalogue: Catalogue, compare: Callable[[ModelCard, dict[str, str]], object]) -> dict[str, object]:
    """Return what ``compare`` finds different between a card and its row, by the card's id."""
    found = {(card := catalogue.find(row["model_key"])).id: compare(card, row) for row in excerpt_rows()}
    return {name: difference for name, difference in found.items() if difference}


def test_there_is_a_card_for_every_public_checkpoint(catalogue: Catalogue) -> None:
    names = [card.id for card in catalogue.cards]
    assert names == sorted(names)
    assert len(names) >= 171
    rows = {SAME_NAME_ELSEWHERE.get(row["model_key"], row["model_key"]) for row in excerpt_rows()}
    assert {
        "chgnet-0.2.0",
        "chgnet-r2scan",
        "mace-mp-0-large",
        "mace-mp-0-small",
        "sevennet-0-22may2024",
        "sevennet-mf-0",
    } <= set(names) - rows
    assert rows <= set(names)


def test_validation_finds_nothing_in_the_builtin_files() -> None:
    assert validate_folder() == ()


def test_the_schema_files_are_what_the_records_generate(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    for path in (CARD_SCHEMA, FAMILY_SCHEMA):
        assert path.read_text(encoding="utf-8") == (tmp_path / path.name).read_text(encoding="utf-8"), (
            "The record changed: python -m mlipguide.catalog.schema"
        )


@pytest.mark.parametrize(("file", "cards"), [(CARD_SCHEMA, CARD_FILES), (FAMILY_SCHEMA, builtin_files().families)])
def test_every_card_validates_against_its_schema_file(file: Path, cards: tuple[Path, ...]) -> None:
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for path in cards:
        card = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert [error.message for error in validator.iter_errors(card)] == [], path.stem


def test_the_schema_refuses_unknown_fields_and_allows_defaults_to_be_left_out() -> None:
    schema = card_schema()
    assert schema["additionalProperties"] is False
    assert "backend" in schema["required"]
    assert "aliases" not in schema["required"]


def test_every_cited_source_exists_and_can_be_opened(catalogue: Catalogue) -> None:
    sources = read_sources()
    for card in catalogue.cards:
        assert cited(card) <= set(sources), card.id
        assert all((link := sources[key].link) and link.startswith("https://") for key in cited(card)), card.id


def test_figures_equal_those_of_the_table(catalogue: Catalogue) -> None:
    def compare(card: ModelCard, row: dict[str, str]) -> object:
        metrics, f1, kappa = card.metrics, optional_number(row["F1_uniq_proto"]), optional_number(row["kappa_SRME"])
        if metrics is None:
            return f1 or kappa
        force = optional_number(row["md_force_rmse_meV_per_A"])
        expected = {
            "f1": f1,
            "kappa_srme": kappa,
            "rmsd": None if "older" in row["notes"] else optional_number(row["geo_opt_RMSD"]),
            "md_force_rmse_ev_per_angstrom": None if force is None else pytest.approx(force / 1000),
            "md_run_time_s": optional_number(row["md_run_time_sec"]),
        }
        return {name: figure for name, figure in expected.items() if getattr(metrics, name) != figure}

    assert differing(catalogue, compare) == {}


def test_combined_scores_equal_those_of_the_table(catalogue: Catalogue) -> None:
    for row in excerpt_rows():
        metrics, cps = catalogue.find(row["model_key"]).metrics, optional_number(row["CPS_derived"])
        found = None if metrics is None else metrics.cps
        assert found == (None if cps is None else pytest.approx(cps, abs=CPS_TOLERANCE)), row["model_key"]


def test_architectures_equal_those_of_the_table_save_where_the_checkpoint_says_otherwise(catalogue: Catalogue) -> None:
    def compare(card: ModelCard, row: dict[str, str]) -> object:
        architecture, parameters, cutoff = card.architecture, row["model_params"], row["cutoff_A"]
        wrong: list[object] = []
        if parameters.isdigit() and architecture.parameters != int(parameters):
            wrong.append(("parameters", architecture.parameters))
        if cutoff.replace(".", "").isdigit() and architecture.cutoff_angstrom != float(cutoff):
            wrong.append(("cutoff", architecture.cutoff_angstrom))
        direct = row["conservative_forces"].startswith("no")
        if direct != (architecture.forces is Forces.DIRECT):
            wrong.append(architecture.forces)
        return wrong

    assert differing(catalogue, compare) == {"chgnet-0.3.0": [("cutoff", 6.0)]}
    assert any("leaderboard lists 5 Å" in remark for remark in catalogue.find("chgnet-0.3.0").remarks)


def test_a_cutoff_that_depends_on_the_elements_is_not_one_number(catalogue: Catalogue) -> None:
    rows = [row["model_key"] for row in excerpt_rows() if "element-dependent" in row["cutoff_A"]]
    assert len(rows) == 3
    assert all(catalogue.find(name).architecture.cutoff_angstrom is None for name in rows)


def test_numbers_of_elements_equal_those_of_the_table(catalogue: Catalogue) -> None:
    def compare(card: ModelCard, row: dict[str, str]) -> object:
        expected = row["n_elements_training_derived"]
        found = len(card.known_elements)
        return found if expected and found != int(expected) else None

    # The table takes over a number that the data set of this one contradicts; the card says so.
    assert differing(catalogue, compare) == {"mace-omol-0": 83}
    assert any("89 elements" in remark for remark in catalogue.find("mace-omol-0").remarks)


def test_what_the_licences_allow_equals_the_table(catalogue: Catalogue) -> None:
    def compare(card: ModelCard, row: dict[str, str]) -> object:
        text = row["commercial_use_derived"]
        expected = next((word for start, word in ALLOWED.items() if text.startswith(start)), text.split()[0])
        found = licence_of(card).commercial
        return found if found != expected else None

    assert differing(catalogue, compare) == {}


def test_licences_are_named_as_in_the_table_or_the_card_says_why_not(catalogue: Catalogue) -> None:
    for row in excerpt_rows():
        licences = catalogue.find(row["model_key"]).licences
        for fact, column in ((licences.code, "license_code"), (licences.weights, "license_checkpoint")):
            name = row[column].partition(" (")[0]
            assert fact.name == name or name in (fact.remark or ""), row["model_key"]


def test_a_licence_that_is_not_plain_says_what_to_mind(catalogue: Catalogue) -> None:
    for card in catalogue.cards:
        for fact in (card.licences.code, card.licences.weights):
            if fact.commercial is not CommercialUse.YES or fact.name.startswith(("CC-BY", "GPL", "LGPL")):
                assert fact.remark, card.id


def test_code_and_weights_are_licensed_apart(catalogue: Catalogue) -> None:
    licences = catalogue.find("mace-matpes-pbe-0").licences
    assert (licences.code.commercial, licences.weights.commercial) == (CommercialUse.YES, CommercialUse.NO)


def test_licences_that_were_read_at_their_source_decide_commercial_use(catalogue: Catalogue) -> None:
    for name in ("pet-mad-1.5-s", "pet-oam-l", "pet-omat-xs", "pet-omatpes-l", "pet-omol-s", "pet-spice-s"):
        card = catalogue.find(name)
        assert licence_of(card).commercial is CommercialUse.YES, name
        assert "upet_hub" in card.licences.weights.sources
    for name in ("equflash-29m-oam", "equflashv2-45m-oam"):
        code = catalogue.find(name).licences.code
        assert (code.name, code.commercial, code.sources[0]) == (
            "CC-BY-NC-SA-4.0",
            CommercialUse.NO,
            "ggnn_licence",
        )


def test_shapes_of_mace_are_those_of_the_training_scripts(catalogue: Catalogue) -> None:
    shapes = {"mace-mp-0b3": 2, "mace-omat-0-medium": 2, "mace-mh-1": 2, "mace-mpa-0": 2, "mace-omol-0": 3}
    for name, layers in shapes.items():
        card = catalogue.find(name)
        assert (card.architecture.cutoff_angstrom, card.architecture.layers) == (6.0, layers), name
        assert "mace_foundations_scripts" in card.training.sources


def test_a_model_trained_further_names_all_its_data(catalogue: Catalogue) -> None:
    assert catalogue.find("eqv2-m-omat-salex-mp").training.sets == ("MPtrj", "OMat24", "sAlex")
    assert catalogue.find("mace-matpes-r2scan-0").training.sets == ("OMat24", "MatPES-r2SCAN")


def test_a_published_checksum_stands_beside_the_address_of_its_file(catalogue: Catalogue) -> None:
    weights = {card.id: card.weights for card in catalogue.cards if card.weights.sha256 is not None}
    assert {"dpa-2.4-7m", "dpa-3.1-3m", "dpa-3.2-5m"} <= set(weights)
    for name, fact in weights.items():
        assert fact.url is not None, name
        assert SHA256.fullmatch(str(fact.sha256)), name
    assert str(weights["dpa-3.1-3m"].sha256).startswith("86dd3a804d78ca5d")


def test_a_combined_score_names_where_its_weights_stand(catalogue: Catalogue) -> None:
    sevennet = {"sevennet-omni", "sevennet-omni-i8"}  # their authors publish the score itself
    for card in catalogue.cards:
        if card.metrics is not None and card.metrics.cps is not None and card.id not in sevennet:
            assert "leaderboard_scores" in card.metrics.sources, card.id


def test_models_for_benchmarks_only_say_so(catalogue: Catalogue) -> None:
    for name in ("nequip-mp-l-0.1", "allegro-mp-l-0.1"):
        assert any("not for production" in remark for remark in catalogue.find(name).remarks), name


def test_life_cycles_and_costs_equal_those_of_the_table(catalogue: Catalogue) -> None:
    for row in excerpt_rows():
        card = catalogue.find(row["model_key"])
        if card.id not in SUPERSEDED_SINCE:
            assert card.life_cycle == (row["lifecycle"] or "active")
            assert card.superseded_by == (row["superseded_by"] or None)
        cost = card.training.cost
        if row["training_cost"]:
            assert cost is not None
            assert f"{cost.devices}x{cost.device}*{cost.hours}h" == row["training_cost"]


def test_what_a_model_gives_equals_the_targets_of_the_table(catalogue: Catalogue) -> None:
    for row in excerpt_rows():
        trained, _, _ = row["targets"].partition("_")
        if trained:
            provides = catalogue.find(row["model_key"]).provides
            assert (Need.STRESS in provides) == ("S" in trained), row["model_key"]
            assert (Need.MAGNETISM in provides) == row["targets"].endswith("M"), row["model_key"]


def test_only_models_with_dispersion_in_their_level_of_theory_give_it(catalogue: Catalogue) -> None:
    giving = {card.id: card.training.level_of_theory for card in catalogue.cards if Need.DISPERSION in card.provides}
    assert set(giving.values()) == {
        "ωB97M-V",
        "ωB97M-D3(BJ)",
        "ωB97M-D4rev",
        "B97-3c",
        "B97-3c with CPCM (THF)",
        "RPBE-D3",
        "PBE-D3 (MP, Alexandria)",
        "PBE0+MBD",
        "semi-empirical tight binding",
    }
    assert "orb-v3-conservative-omol" in giving


def test_total_charge_and_spin_go_together_but_for_closed_shells(catalogue: Catalogue) -> None:
    charged = {card.id for card in catalogue.cards if Need.TOTAL_CHARGE in card.provides}
    spins = {card.id for card in catalogue.cards if Need.SPIN in card.provides}
    assert spins < charged
    assert charged - spins == {"aimnet2", "aimnet2-2025", "aimnet2-b973c", "aimnet2-pd", "so3lr"}
    assert {"uma-s-1p2", "orb-v3-direct-omol", "mace-omol-0", "orbmol-v2", "aimnet2-nse"} <= spins
    assert "uma-s-1p2p1-ft-r2scan" not in charged  # its task takes neither


def test_models_with_long_range_terms_and_charges_are_found(catalogue: Catalogue) -> None:
    polar = {f"mace-polar-1-{size}" for size in "sml"}
    aimnet = {card.id for card in catalogue.cards if card.architecture.family == "AIMNet2"}
    assert len(aimnet) == 6
    far = {card.id for card in catalogue.cards if Need.LONG_RANGE in card.provides}
    assert far == polar | aimnet | {"orbmol-v2", "so3lr", "gfn1-xtb", "gfn2-xtb"}
    charges = {card.id for card in catalogue.cards if Need.CHARGES in card.provides}
    assert charges == far | {"qet-matpes-pbe-2025.2", "qet-matpes-r2scan-2025.2"}


def test_a_newer_checkpoint_is_named_where_there_is_one(catalogue: Catalogue) -> None:
    for old, new in SUPERSEDED_SINCE.items():
        assert (catalogue.find(old).life_cycle, catalogue.find(old).superseded_by) == (LifeCycle.SUPERSEDED, new)
        assert catalogue.find(new).life_cycle is LifeCycle.ACTIVE
    assert catalogue.find("pet-mad-s").id == "pet-mad-1.6-s"


def test_what_was_not_found_is_unknown_and_not_allowed(catalogue: Catalogue) -> None:
    for name in ("mace-polar-1-m", "dpa4-neo-omat24", "qet-matpes-pbe-2025.2", "nequip-oam-s"):
        weights = catalogue.find(name).licences.weights
        assert (weights.name, weights.commercial) == ("unknown", CommercialUse.UNKNOWN), name
    assert catalogue.find("aimnet2").architecture.parameters is None


def test_only_checkpoints_of_one_shape_share_a_time_law(catalogue: Catalogue) -> None:
    shared: dict[str, set[str]] = {}
    shapes: dict[str, set[object]] = {}
    for card in catalogue.cards:
        law = card.architecture.time_law
        shared.setdefault(law, set()).add(card.id)
        shapes.setdefault(law, set()).add((card.backend, card.architecture))
    assert all(len(distinct) == 1 for distinct in shapes.values())
    groups = [ids for ids in shared.values() if len(ids) > 1]
    assert {"sevennet-0", "sevennet-0-22may2024"} in groups
    assert {"orb-v3", "orb-v3-conservative-inf-omat"} in groups
    assert any({"nequix-mp-1", "nequix-mp-1-pft", "nequix-oam-1", "nequix-omat-1"} <= ids for ids in groups)
    assert not any({"uma-s-1p1", "uma-s-1p2"} <= ids for ids in groups)


def test_a_package_brings_its_weights_and_others_say_where_they_are(catalogue: Catalogue) -> None:
    for card in catalogue.cards:
        if card.weights.origin is WeightsOrigin.PACKAGE:
            assert card.weights.url is None
        else:
            assert card.weights.url or any("download" in text or "address" in text for text in card.remarks), card.id
    gated = {card.id for card in catalogue.cards if card.weights.origin is WeightsOrigin.GATED}
    assert {"uma-s-1p2", "esen-30m-oam", "eqv2-s-dens-mp"} <= gated


def test_random_weights_are_built_for_the_shapes_that_the_worker_knows(catalogue: Catalogue) -> None:
    built = {
        backend: {card.weights.name for card in catalogue.cards if card.weights.synthetic and card.backend == backend}
        for backend in {card.backend for card in catalogue.cards if card.weights.synthetic}
    }
    assert built.pop("mace-torch") == set(HIDDEN_IRREPS)
    assert all(
        card.id.startswith("mace-mp-0-")
        for card in catalogue.cards
        if card.weights.synthetic and card.backend == "mace-torch"
    )
    assert {name.removesuffix(".pth").rpartition("-")[2] for name in built.pop("mattersim")} == set(SIZES)
    orb = built.pop("orb-models")
    assert orb == {f"orb-v3-{kind}-{far}-omat" for kind in ("conservative", "direct") for far in NEIGHBOURS}
    assert built.pop("tensorpotential") == set(GRACE_ARCHITECTURES)
    nequip = {name.rpartition("/")[2].partition(":")[0] for name in built.pop("nequip")}
    assert nequip == set(NEQUIP_ARCHITECTURES)
    assert all(name.partition(" ")[0].rpartition("-")[2] in PET_SIZES for name in built.pop("upet"))
    assert built.pop("aimnet") == set(AIMNET_ARCHITECTURES)
    assert {name.rpartition("-")[2] for name in built.pop("matgl-4")} == set(TENSORNET_SIZES)
    assert built.pop("deepmd-kit") == set(DPA_LAYERS)
    assert {name.partition(":")[0] for name in built.pop("fairchem-core")} == {RANDOM_UMA}
    assert built == {}


def test_one_of_several_tasks_is_the_one_that_the_backend_is_told(catalogue: Catalogue) -> None:
    for card in catalogue.cards:
        if card.backend in ("sevenn", "mace-torch"):
            _, _, told = card.weights.name.partition(":")
            assert told.lower() == (card.training.head or told).lower(), card.id
    assert catalogue.find("sevennet-omni").weights.name == "7net-omni:mpa"
    assert catalogue.find("mace-mh-1").weights.name == "mh-1:omat_pbe"


def test_mp_r2scan_models_leave_out_ytterbium(catalogue: Catalogue) -> None:
    on_mp = {card.id for card in catalogue.cards if {"MP-r2SCAN", "MP relaxations (r2SCAN)"} & set(card.training.sets)}
    assert on_mp == {"chgnet-r2scan", "sevennet-mf-0"}
    assert all("Yb" not in catalogue.find(name).known_elements for name in on_mp)


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
