"""What is cited for models: every card, each work once, the run as it was answered, and what has no publication."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from mlipguide.candidates.citations import CitedRun, Library, citations_of
from mlipguide.catalog.additions import additions_of
from mlipguide.catalog.card_sources import read_all_sources
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.locations import all_files
from mlipguide.catalog.sources import Source, parse_sources
from mlipguide.catalog.training_sets import load_training_sets
from mlipguide.environments.recipes import load_recipes
from mlipguide.records.models.additions import AdditionKind
from mlipguide.records.models.citations import Citations, CitedAs, CitedFor
from mlipguide.records.models.terms import LifeCycle, WeightsOrigin
from mlipguide.report.exports.bibtex import SPECIAL, render_bibtex

NO_PAPER = {
    "eqnorm-mptrj",
    "lammps-al-mm-eam",
    "lammps-cu-meam",
    "lammps-cuzr-mm-eam",
    "lammps-nb-uf3",
    "lammps-ni-meam",
    "lammps-sic-meam",
    "lammps-ta-pod",
    "lammps-vfe-mm-eam",
    "orbmol-v2",
}
"""Cards of models whose authors name no publication, as far as their repositories and files say."""


@pytest.fixture(scope="module")
def library() -> Library:
    """Everything that is built in."""
    return Library(
        catalogue=load_catalogue(),
        sources=read_all_sources(),
        training_sets=load_training_sets(all_files(())),
        recipes=load_recipes(),
    )


def cite(library: Library, *names: str, driver: str | None = None, add: tuple[AdditionKind, ...] = ()) -> Citations:
    cards = [library.catalogue.find(name) for name in names]
    runs = [CitedRun(card=card, driver=driver, additions=additions_of(card, add)) for card in cards]
    return citations_of(runs, library)


def roles(found: Citations, role: CitedAs) -> list[str]:
    return [work.key for work in found.works if role in {one.role for one in work.cited_for}]


def test_every_card_names_its_paper_or_it_is_said_that_there_is_none(library: Library) -> None:
    without = {card.id for card in library.catalogue.cards if not card.cite}
    assert without == NO_PAPER
    for card in library.catalogue.cards:
        found = citations_of([CitedRun(card=card)], library)
        unpublished = [one for one in found.unpublished if one.what.role is CitedAs.MODEL]
        if card.id in NO_PAPER:
            assert [one.what.name for one in unpublished] == [card.name]
            assert unpublished[0].link is not None
            assert unpublished[0].link in render_bibtex(found)
        else:
            assert roles(found, CitedAs.MODEL), card.id
            assert unpublished == [], card.id
        assert roles(found, CitedAs.PACKAGE) or any(one.what.role is CitedAs.PACKAGE for one in found.unpublished)


def test_a_work_that_is_cited_for_a_model_says_who_wrote_what_and_when(library: Library) -> None:
    keys = {key for card in library.catalogue.cards for key in card.cite}
    keys |= {key for recipe in library.recipes.values() for key in recipe.cite if not key.startswith("code_")}
    for key in keys:
        source = library.sources[key]
        assert source.link is not None, key
        if not key.startswith("lammps_file_"):
            assert {"author", "title", "year"} <= source.fields.keys(), key
            assert source.is_publication, key


def test_every_recipe_that_is_built_has_an_address(library: Library) -> None:
    for name, recipe in library.recipes.items():
        assert not recipe.is_built or library.sources[recipe.cite[-1]].link, name


def test_a_model_with_its_data_engine_package_and_addition(library: Library) -> None:
    found = cite(library, "orb-v3", add=(AdditionKind.D3,))
    assert roles(found, CitedAs.MODEL) == ["rhodes2025orbv3"]
    assert roles(found, CitedAs.DATA) == [
        "deng2023mptrj",
        "deng2023chgnet",
        "schmidt2023alexandria",
        "barroso2024omat24",
    ]
    assert roles(found, CitedAs.ENGINE) == ["larsen2017ase"]
    assert roles(found, CitedAs.PACKAGE) == ["code_orb_models"]
    assert roles(found, CitedAs.ADDITION) == ["grimme2010d3", "grimme2011damping", "dftd3_package"]
    assert found.unpublished == ()


def test_the_functional_of_an_addition_is_cited(library: Library) -> None:
    found = cite(library, "mace-matpes-r2scan-0", add=(AdditionKind.D4,))
    assert roles(found, CitedAs.ADDITION) == ["caldeweyher2019d4", "dftd4_package", "ehlert2021r2scan"]


def test_each_work_stands_once_and_says_all_that_it_stands_for(library: Library) -> None:
    every = [card.id for card in library.catalogue.cards if card.life_cycle is LifeCycle.ACTIVE]
    found = cite(library, *every)
    assert max(Counter(work.key for work in found.works).values()) == 1
    dois = Counter(work.fields.get("doi", work.fields.get("eprint", work.key)).lower() for work in found.works)
    assert max(dois.values()) == 1
    chgnet = next(work for work in cite(library, "chgnet-0.3.0", "orb-v3").works if work.key == "deng2023chgnet")
    assert chgnet.cited_for == (CitedFor(CitedAs.MODEL, "CHGNet 0.3.0"), CitedFor(CitedAs.DATA, "MPtrj"))


def test_the_engine_is_the_one_that_was_used(library: Library) -> None:
    assert roles(cite(library, "sevennet-0", driver="torch-sim"), CitedAs.ENGINE) == ["cohen2025torchsim"]
    assert roles(cite(library, "lammps-si-sw"), CitedAs.ENGINE) == ["thompson2022lammps"]
    found = cite(library, "sevennet-0", driver="own")
    assert [one.what for one in found.unpublished] == [CitedFor(CitedAs.ENGINE, "own")]


def test_a_model_trained_further_cites_the_one_that_it_came_from(library: Library) -> None:
    base = library.catalogue.find("sevennet-0")
    weights = replace(
        base.weights, origin=WeightsOrigin.LOCAL, path="/x", sha256="0" * 64, derived_from=base.id, reference=None
    )
    mine = replace(base, id="mine", name="mine", aliases=(), cite=(), weights=weights)
    assert roles(citations_of([CitedRun(card=mine)], library), CitedAs.MODEL) == ["park2024sevennet"]


def test_bibtex_is_read_back_as_it_was(library: Library) -> None:
    every = [card.id for card in library.catalogue.cards]
    found = cite(library, *every)
    read = parse_sources(render_bibtex(found), what="cited.bib")
    assert list(read) == [work.key for work in found.works]
    for work in found.works:
        told = {name: SPECIAL.sub(r"\\\1", text) for name, text in work.fields.items() if name not in ("doi", "url")}
        told.pop("eprint", None)
        assert told.items() <= read[work.key].fields.items()
        assert read[work.key].fields.get("doi") == work.fields.get("doi")


def test_what_tex_would_take_for_a_command_is_written_out() -> None:
    text = SPECIAL.sub(r"\\\1", r"Cu_Zuo & Co, 50% \& more")
    assert text == r"Cu\_Zuo \& Co, 50\% \& more"


def test_an_entry_without_number_or_journal_is_no_publication() -> None:
    assert not Source("a", "misc", {"url": "https://x"}).is_publication
    assert Source("a", "misc", {"eprint": "1"}).is_publication
    assert Source("a", "article", {}).is_publication
