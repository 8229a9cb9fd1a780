"""What consists of molecules, and what bonds hold together."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule

from mlipguide.structures.molecular_matter import molecules_in
from mlipguide.structures.presets import PRESETS, build_preset


def test_of_the_presets_urea_water_and_ethanol_are_matter_of_molecules() -> None:
    found = {name: kinds for name in PRESETS if (kinds := molecules_in(build_preset(name)))}
    assert found == {"urea": {"CH4N2O": 2}, "water": {"H2O": 64}, "ethanol": {"C2H6O": 1}}


def test_a_molecule_across_a_face_of_the_cell_is_whole() -> None:
    box = molecule("C6H6", cell=[8, 8, 8], pbc=True)
    box.positions += 7.9
    box.wrap()
    assert molecules_in(box) == {"C6H6": 1}


@pytest.mark.parametrize(
    "atoms",
    [
        bulk("NaCl", "rocksalt", a=5.64),
        bulk("Ar", "fcc", a=5.3),
        graphene(vacuum=8.0),
        Atoms("C2H2", [[0, 0, 0], [1.3, 0, 0], [0, 1.1, 0], [1.3, -1.1, 0]], cell=[2.6, 8, 8], pbc=True),
    ],
    ids=["salt", "noble gas", "sheet", "polymer"],
)
def test_salts_noble_gases_sheets_and_endless_chains_are_not(atoms: Atoms) -> None:
    assert molecules_in(atoms) == {}


def test_heat_does_not_join_molecules() -> None:
    water = build_preset("water")
    water.positions += np.random.default_rng(1).normal(scale=0.05, size=water.positions.shape)
    assert molecules_in(water) == {"H2O": 64}
