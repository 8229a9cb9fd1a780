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
            assert additions_of(one, tuple(AdditionKind)) == (), one.id
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


@pytest.mark.parametrize("text", ["d3,d3", "d3,d4", "d4,d3,d4"])
def test_dispersion_is_never_counted_twice(text: str) -> None:
    with pytest.raises(InputError, match="dispersion would be counted") as caught:
        parse_additions(text)
    assert caught.value.kind == "added_twice"


def test_an_unknown_addition_is_refused() -> None:
    with pytest.raises(InputError, match="there is no addition 'd5'"):
        parse_additions("d5")


def test_every_addition_has_its_sources() -> None:
    known = read_sources(DATA / "sources.bib")
    assert set(addition_facts()) == set(AdditionKind)
    for facts in addition_facts().values():
        assert facts.requirement.startswith(f"{facts.package}==")
        for key in (*facts.sources, *(key for method in facts.methods for key in method.sources)):
            assert key in known, key
            assert known[key].link


def test_an_addition_in_words() -> None:
    assert addition_words((D3_OF_PBE,)) == "D3(BJ) of PBE"
    assert addition_words((Addition(kind=AdditionKind.D4, method="r2scan"),)) == "D4 of r2SCAN"
    assert addition_words(()) == ""
