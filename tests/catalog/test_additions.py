"""What can be added to which model of the catalogue, and why not to the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlipguide.catalog.additions import (
    addition_facts,
    addition_to,
    addition_words,
    additions_of,
    parse_additions,
    refusal_words,
    refusals,
)
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.locations import DATA
from mlipguide.catalog.sources import read_sources
from mlipguide.core.errors import InputError
from mlipguide.records.models.additions import Addition, AdditionKind
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import Need

D3_OF_PBE = Addition(kind=AdditionKind.D3, method="pbe", damping="d3bj")
D3_OF_R2SCAN = Addition(kind=AdditionKind.D3, method="r2scan", damping="d3bj")


def card(name: str) -> ModelCard:
    return load_catalogue().find(name)


@pytest.mark.parametrize(
    ("model", "addition"),
    [
        ("sevennet-0", D3_OF_PBE),
        ("chgnet-0.3.0", D3_OF_PBE),
        ("mace-mp-0-medium", D3_OF_PBE),
        ("chgnet-r2scan", D3_OF_R2SCAN),
    ],
)
def test_the_parameters_are_those_of_the_models_functional(model: str, addition: Addition) -> None:
    assert addition_to(card(model), AdditionKind.D3) == addition
    assert addition_to(card(model), AdditionKind.D4) == replace(addition, kind=AdditionKind.D4, damping=None)


@pytest.mark.parametrize(
    "model", ["orb-d3-sm-v2", "mace-off23-small", "aimnet2", "uma-s-1p1-omol", "gfn2-xtb", "so3lr"]
)
def test_what_has_dispersion_gets_none(model: str) -> None:
    (refusal,) = refusals(card(model), (AdditionKind.D3,))
    assert refusal.is_held
    assert refusal.sources == card(model).training.sources
    words = refusal_words(refusal.kind, refusal.level_of_theory, refusal.sources, is_held=True)
    assert words.startswith("D3(BJ) is not added: it has dispersion already by its level of theory, ")
    assert str(refusal.level_of_theory) in words
    assert refusal.sources[0] in words


def test_no_model_of_the_catalogue_gets_dispersion_twice() -> None:
    cards = load_catalogue().cards
    marks = ("D2", "D3", "D4", "-V", "VV10", "MBD", "3c")
    for one in cards:
        level = one.training.level_of_theory or ""
        if Need.DISPERSION in one.provides or any(mark in level for mark in marks):
            assert additions_of(one, (AdditionKind.D3, AdditionKind.D4)) == (), one.id
    able = [one for one in cards if additions_of(one, (AdditionKind.D3,))]
    assert len(able) > 100
    assert {one.training.level_of_theory.partition(" (")[0].partition(",")[0] for one in able} == {  # type: ignore[union-attr]
        "PBE",
        "PBE/PBE+U",
        "r2SCAN",
    }


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (None, "nothing says which functional it was trained on"),
        ("ωB97X/6-31G(d)", "there are no parameters for its level of theory, ωB97X/6-31G(d)"),
        ("several (multi-task)", "there are no parameters"),
        ("PBEsol", "there are no parameters"),
        ("by task: omat PBE/PBE+U, oc20 RPBE", "there are no parameters"),
    ],
)
def test_a_functional_without_parameters_is_refused(level: str | None, words: str) -> None:
    plain = card("sevennet-0")
    other = replace(plain, training=replace(plain.training, level_of_theory=level))
    (refusal,) = refusals(other, (AdditionKind.D3,))
    assert not refusal.is_held
    assert words in refusal_words(refusal.kind, refusal.level_of_theory, refusal.sources, is_held=False)


def test_the_option_is_read() -> None:
    assert parse_additions(None) == ()
    assert parse_additions(" D3 ") == (AdditionKind.D3,)
    assert parse_additions("d4") == (AdditionKind.D4,)
    assert parse_additions("zbl,d3") == (AdditionKind.ZBL, AdditionKind.D3)


@pytest.mark.parametrize(
    ("text", "words", "once"),
    [
        ("d3,d3", "dispersion would be counted twice", "d3"),
        ("d3,d4", "dispersion would be counted twice", "d3"),
        ("d4,d3,d4", "dispersion would be counted more than once", "d4"),
        ("zbl,zbl", "repulsion would be counted twice", "zbl"),
        ("zbl,d4,zbl", "repulsion would be counted twice", "zbl,d4"),
    ],
)
def test_nothing_is_ever_counted_twice(text: str, words: str, once: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        parse_additions(text)
    assert caught.value.kind == "added_twice"
    assert caught.value.hint == f"Give --add {once}"


def test_a_repulsion_belongs_to_no_functional_and_goes_where_none_is() -> None:
    zbl = Addition(kind=AdditionKind.ZBL, reach=0.65)
    for name in ("sevennet-0", "aimnet2", "chgnet-r2scan", "mace-mp-0-medium", "mace-omol-0"):
        assert additions_of(card(name), (AdditionKind.ZBL,)) == (zbl,), name
    unknown = replace(card("sevennet-0"), training=replace(card("sevennet-0").training, level_of_theory=None))
    assert addition_to(unknown, AdditionKind.ZBL) == zbl


@pytest.mark.parametrize(
    "name",
    ["mace-mp-0b3", "mace-mpa-0", "mace-omat-0-medium", "mace-mh-1", "orb-v3", "so3lr", "gfn2-xtb", "nep89", "unep-v1"],
)
def test_a_model_that_repels_nuclei_gets_no_second_repulsion(name: str) -> None:
    (refusal,) = refusals(card(name), (AdditionKind.ZBL,))
    words = refusal_words(refusal.kind, refusal.level_of_theory, refusal.sources, is_held=refusal.is_held)
    assert words == "ZBL is not added: it has repulsion already."


def test_a_card_that_tells_of_a_repulsion_in_words_says_so_to_the_machine() -> None:
    told = [one for one in load_catalogue().cards if "pair repulsion (ZBL)" in " ".join(one.remarks)]
    assert len(told) > 8
    for one in told:
        assert (Need.REPULSION in one.provides) == ("has no pair repulsion" not in " ".join(one.remarks)), one.id


def test_an_unknown_addition_is_refused() -> None:
    with pytest.raises(InputError, match="there is no addition 'd5'"):
        parse_additions("d5")


def test_every_addition_has_its_sources() -> None:
    known = read_sources(DATA / "sources.bib")
    assert set(addition_facts()) == set(AdditionKind)
    for facts in addition_facts().values():
        if facts.package is not None:
            assert str(facts.requirement).startswith(f"{facts.package}==")
        for key in (*facts.sources, *(key for method in facts.methods for key in method.sources)):
            assert key in known, key
            assert known[key].link


def test_an_addition_in_words() -> None:
    assert addition_words((D3_OF_PBE,)) == "D3(BJ) of PBE"
    assert addition_words((Addition(kind=AdditionKind.D4, method="r2scan"),)) == "D4 of r2SCAN"
    zbl = Addition(kind=AdditionKind.ZBL, reach=0.65)
    assert addition_words((D3_OF_PBE, zbl)) == "D3(BJ) of PBE, ZBL"
    assert addition_words(()) == ""
