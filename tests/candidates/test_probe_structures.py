from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlipguide.candidates.probe_structures import timed_structure, tried_structure
from mlipguide.catalog.cards import load_catalogue
from mlipguide.records.models.terms import Domain


@pytest.mark.parametrize(
    ("model", "formula", "periodic", "timed"),
    [
        ("sevennet-0", "Mg4O4", True, 64),
        ("ani-1x", "C2H6O", False, 9),
        ("lammps-reaxff-mattsson", "CH4", False, 5),
        ("lammps-reaxff-ab", "H3N", False, 4),
        ("lammps-si-sw", "Si8", True, 64),
        ("lammps-mg-mm-eam", "Mg2", True, 54),
        ("lammps-reaxff-znoh", "O4Zn4", True, 64),
    ],
)
def test_a_model_is_tried_on_what_it_knows(model: str, formula: str, periodic: bool, timed: int) -> None:
    card = load_catalogue().find(model)
    atoms = tried_structure(card)
    assert atoms.get_chemical_formula() == formula
    assert bool(atoms.pbc.all()) is periodic
    assert set(atoms.get_chemical_symbols()) <= set(card.known_elements)
    assert len(timed_structure(card)) == timed
    if periodic:  # a skewed cell, so that no component of the stress stands for another
        assert np.count_nonzero(abs(atoms.cell.array) > 1e-6) > 3


def test_distances_are_those_of_matter() -> None:
    for card in load_catalogue().cards:
        if card.backend == "lammps":
            atoms = tried_structure(card)
            distances = atoms.get_all_distances(mic=bool(atoms.pbc.all()))
            assert distances[distances > 0].min() > 0.8, card.id


def test_a_model_of_molecules_and_crystals_is_tried_on_a_crystal() -> None:
    card = load_catalogue().find("ani-1x")
    fact = card.training.domains[0]
    both = (fact, replace(fact, domain=Domain.CRYSTALS))
    assert tried_structure(replace(card, training=replace(card.training, domains=both))).pbc.all()
