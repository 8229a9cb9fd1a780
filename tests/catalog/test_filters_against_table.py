"""``models list`` gives what the table of published models gives, read without the cards.

What a combination of options should give is computed here from the columns of the table alone. Models that no row is of
are left out of the comparison; every row must have its card.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_models import Run
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.elements import SYMBOLS

TABLE = Path(__file__).parents[1] / "data" / "models_accuracy_excerpt.csv"
Row = dict[str, str]
Claim = Callable[[Row], bool]

OTHER_NAMES = {"mace-mp-0": "mace-mp-0-medium"}
"""The id of a card whose row has another key."""

SUPERSEDED_SINCE = {"uma-s-1p1", "uma-s-1p2", "pet-mad-1.5-s", "pet-mad-1.5-xs"}
"""Rows without a life cycle, whose authors name a later version."""

H_TO_BI = set(SYMBOLS[:83])
ACTINIDES = set(SYMBOLS[88:94])
SPICE_1 = {"H", "C", "N", "O", "F", "P", "S", "Cl", "Br", "I"}
SPICE_2 = SPICE_1 | {"Li", "B", "Na", "Mg", "Si", "K", "Ca"}


def read_table() -> dict[str, Row]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {OTHER_NAMES.get(row["model_key"], row["model_key"]): row for row in rows}


ROWS = read_table()


def knows(*elements: str) -> Claim:
    """Tell it from the training set: SPICE and OMol25 name their elements, MAD-1.5 has 102, all others 89."""

    def claim(row: Row) -> bool:
        sets, count = row["training_sets"], row["n_elements_training_derived"]
        if sets.startswith("SPICE"):
            known = SPICE_2 if count == "17" else SPICE_1
        elif sets == "OMol25":
            known = H_TO_BI
        else:
            known = set(SYMBOLS[:102]) if count == "102" else H_TO_BI | ACTINIDES
        return set(elements) <= known

    return claim


def is_active(row: Row) -> bool:
    return row["lifecycle"] in ("active", "") and row["model_key"] not in SUPERSEDED_SINCE


def is_commercial(row: Row) -> bool:
    """Tell it from the column: outright or under conditions, which "check" and an acceptable-use policy are."""
    return row["commercial_use_derived"].startswith(("yes", "check"))


def is_conservative(row: Row) -> bool:
    """Tell it from the column; where it is empty the model is a DPA, whose forces are gradients in every filled row."""
    return row["conservative_forces"].startswith("yes") or row["model_key"].startswith("dpa")


def gives_moments(row: Row) -> bool:
    return "M" in row["targets"]


def is_called(prefix: str) -> Claim:
    return lambda row: row["model_key"].startswith(prefix)


def is_trained_on(name: str) -> Claim:
    return lambda row: name in row["training_sets"]


def reproduces(functional: str) -> Claim:
    """Tell it from the level of theory; where that lists heads, a card stands for one of them, which is PBE's."""
    return lambda row: (
        functional in row["level_of_theory_derived"]
        and "heads" not in row["level_of_theory_derived"]
        and "multi-task" not in row["level_of_theory_derived"]
    )


COMBINATIONS: tuple[tuple[str, tuple[Claim, ...]], ...] = (
    ("", (is_active,)),
    ("--all", ()),
    (
        "--elements Li,Fe,P,O --commercial --conservative",
        (knows("Li", "Fe", "P", "O"), is_commercial, is_conservative, is_active),
    ),
    ("--elements Li,Fe,P,O --all", (knows("Li", "Fe", "P", "O"),)),
    ("--elements C,H,O,N --conservative", (knows("C", "H", "O", "N"), is_conservative, is_active)),
    ("--elements U,O --commercial", (knows("U", "O"), is_commercial, is_active)),
    ("--elements Po --all", (knows("Po"),)),
    ("--elements Na,Cl --level-of-theory wB97M", (knows("Na", "Cl"), reproduces("wB97M"), is_active)),
    ("--commercial", (is_commercial, is_active)),
    ("--commercial --all", (is_commercial,)),
    ("--conservative --all", (is_conservative,)),
    ("--needs magnetism", (gives_moments, is_active)),
    ("--needs magnetism,conservative --commercial --all", (gives_moments, is_conservative, is_commercial)),
    ("--level-of-theory r2SCAN", (reproduces("r2SCAN"), is_active)),
    ("--training-set sAlex --commercial", (is_trained_on("sAlex"), is_commercial, is_active)),
    ("--training-set MPtrj --conservative --all", (is_trained_on("MPtrj"), is_conservative)),
    ("--family GRACE --elements Fe", (is_called("grace"), knows("Fe"), is_active)),
    ("--backend deepmd-kit --all", (is_called("dpa"),)),
    ("--family MACE --commercial", (is_called("mace"), is_commercial, is_active)),
)


def listed(run: Run, options: str) -> list[str]:
    outcome = run("models", "list", *options.split(), "--json")
    assert outcome.code == 0, outcome.err
    return [item["id"] for item in outcome.document["data"]["models"] if item["id"] in ROWS]


def test_the_table_is_there_and_every_row_has_its_card() -> None:
    assert len(ROWS) >= 90
    assert set(ROWS) <= {card.id for card in load_catalogue().cards}


@pytest.mark.parametrize(("options", "claims"), COMBINATIONS, ids=[options or "none" for options, _ in COMBINATIONS])
def test_a_combination_of_filters(run: Run, options: str, claims: tuple[Claim, ...]) -> None:
    expected = {model for model, row in ROWS.items() if all(claim(row) for claim in claims)}
    assert expected
    found = listed(run, options)
    assert set(found) == expected
    assert found == sorted(found)


def test_stress_where_the_table_says_what_is_given(run: Run) -> None:
    told = {model: row["targets"] for model, row in ROWS.items() if row["targets"]}
    assert len(told) >= 50
    found = listed(run, "--needs stress --all")
    assert set(found) & set(told) == {model for model, targets in told.items() if "S" in targets}


@pytest.mark.parametrize(
    ("key", "column", "largest_first"),
    [
        ("cps", "CPS_derived", True),
        ("f1", "F1_uniq_proto", True),
        ("kappa", "kappa_SRME", False),
        ("md-force-rmse", "md_force_rmse_meV_per_A", False),
        ("run-time", "md_run_time_sec", False),
        ("parameters", "model_params", False),
    ],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_sorting_follows_the_columns(run: Run, key: str, column: str, *, largest_first: bool, reverse: bool) -> None:
    found = listed(run, f"--all --sort {key} {'--reverse' if reverse else ''}")
    texts = [ROWS[model][column] for model in found]
    values = [float(text) for text in texts if re.fullmatch(r"[\d.]+", text)]  # not "6.6M active / 150M total"
    assert len(values) > 30
    assert values == sorted(values, reverse=largest_first is not reverse)
    assert len(found) == len(ROWS)


def test_what_the_licence_leaves_in_doubt_is_named(run: Run) -> None:
    data = run("models", "list", "--commercial", "--all", "--json").document["data"]
    named = {model for item in data["doubtful_licences"] for model in item["models"]}
    words = {model: row["commercial_use_derived"] for model, row in ROWS.items()}
    expected = {model for model, text in words.items() if not is_commercial(ROWS[model]) and not text.startswith("no")}
    assert named & set(ROWS) == expected
