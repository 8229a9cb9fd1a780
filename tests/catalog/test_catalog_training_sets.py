"""Data sets are sourced, and the cards take their domains over."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlipguide.catalog.cards import load_catalogue, load_element_sets
from mlipguide.catalog.elements import expand_elements
from mlipguide.catalog.locations import DATA, TRAINING_SETS, builtin_files
from mlipguide.catalog.sources import read_sources
from mlipguide.catalog.training_sets import read_training_sets
from mlipguide.core.errors import InputError
from mlipguide.records.models.terms import Domain


def test_every_data_set_says_what_it_covers_with_sources_that_exist() -> None:
    known = set(read_sources())
    for name, data in read_training_sets(DATA / TRAINING_SETS).items():
        assert data.domains, name
        assert set(data.sources) <= known, name
        assert all(set(fact.sources) <= known and fact.evidence.endswith(".") for fact in data.domains), name


@pytest.mark.parametrize(
    ("name", "count", "domain"),
    [
        ("MPtrj", 89, Domain.CRYSTALS),
        ("OMat24", 89, Domain.OFF_EQUILIBRIUM),
        ("OMol25", 83, Domain.MOLECULES),
        ("OC20", 56, Domain.SURFACES),
        ("OC25", 73, Domain.LIQUIDS),
        ("OMC25", 12, Domain.MOLECULAR_CRYSTALS),
        ("ODAC23", 71, Domain.POROUS),
        ("SPICE 2", 17, Domain.CLUSTERS),
        ("MAD-1.5", 102, Domain.MOLECULES),
        ("MatterSim", 89, Domain.HIGH_PRESSURE),
        ("COSMOSDataset", 92, Domain.POROUS),
    ],
)
def test_data_sets_cover_what_their_sources_say(name: str, count: int, domain: Domain) -> None:
    data = read_training_sets(DATA / TRAINING_SETS)[name]
    assert len(expand_elements(data.elements, load_element_sets([builtin_files()]))) == count
    assert domain in {fact.domain for fact in data.domains}


def test_the_83_elements_of_omol25_are_those_without_actinides() -> None:
    sets = load_element_sets([builtin_files()])
    assert set(sets["mptrj-89"].elements) - set(sets["omol25-83"].elements) == {"Ac", "Th", "Pa", "U", "Np", "Pu"}


def test_a_card_has_the_domains_of_its_data_and_its_own() -> None:
    catalogue = load_catalogue()
    for card in catalogue.cards:
        assert card.training.domains, card.id
        assert len(set(card.training.domains)) == len(card.training.domains), card.id
    uma = {fact.domain for fact in catalogue.find("uma-s-1p2").training.domains}
    assert {Domain.CRYSTALS, Domain.MOLECULES, Domain.SURFACES, Domain.LIQUIDS, Domain.POROUS} <= uma
    own = {fact.domain for fact in catalogue.find("mace-mp-0b3").training.domains}
    assert own == {Domain.CRYSTALS, Domain.HIGH_PRESSURE}


def test_a_malformed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / TRAINING_SETS
    path.write_text("[MPtrj]", encoding="utf-8")
    with pytest.raises(InputError, match="data sets are expected"):
        read_training_sets(path)
    path.write_text("Mine: {frames: many}", encoding="utf-8")
    with pytest.raises(InputError, match="'Mine': frames"):
        read_training_sets(path)
