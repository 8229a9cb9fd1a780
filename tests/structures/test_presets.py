"""Presets are sound, seeded and what they say."""

from __future__ import annotations

import re

import numpy as np
import pytest

from mlipguide.core.errors import InputError
from mlipguide.structures.checks import check_structure
from mlipguide.structures.distances import find_pairs
from mlipguide.structures.presets import PRESETS, build_preset

EXPECTED_NOTICES = {"ethanol": ["no_cell"], "pt111-co": ["partly_periodic"]}
RANDOM = {"water", "silica-glass", "cantor-alloy"}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_passes_the_checks(name: str) -> None:
    for seed in (0, 17):
        notices = check_structure(build_preset(name, seed=seed), source=name)
        assert [notice.kind for notice in notices] == EXPECTED_NOTICES.get(name, [])


@pytest.mark.parametrize("name", PRESETS)
def test_the_seed_decides(name: str) -> None:
    first, again, other = (build_preset(name, seed=seed) for seed in (3, 3, 4))
    assert bool(first == again)
    assert bool(first == other) is (name not in RANDOM)


@pytest.mark.parametrize("name", PRESETS)
def test_the_description_gives_the_number_of_atoms(name: str) -> None:
    found = re.search(r"\((\d+) atoms", PRESETS[name].description)
    assert found is not None
    assert len(build_preset(name)) == int(found[1])


@pytest.mark.parametrize(
    ("name", "density"), [("water", 0.997), ("silica-glass", 2.20), ("lifepo4", 3.60), ("urea", 1.375)]
)
def test_densities_in_g_per_cm3(name: str, density: float) -> None:
    atoms = build_preset(name)
    assert atoms.get_masses().sum() / atoms.cell.volume / 0.602214076 == pytest.approx(density, rel=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_water_molecules_are_whole_and_apart(seed: int) -> None:
    water = build_preset("water", seed=seed)
    pairs = find_pairs(water, 1.1)
    assert len(pairs.distance[~pairs.across]) + len(pairs.distance[pairs.across]) / 2 == 128
    assert pairs.distance == pytest.approx(0.9572)


def test_silicon_is_four_coordinated_in_silica() -> None:
    silica = build_preset("silica-glass")
    pairs = find_pairs(silica, 2.4)
    bonds = {
        (int(i), int(j))
        for i, j in np.concatenate([np.stack([pairs.first, pairs.second], 1), np.stack([pairs.second, pairs.first], 1)])
        if silica.numbers[i] == 14 and silica.numbers[j] == 8
    }
    assert len(bonds) / 64 == pytest.approx(4, abs=0.4)


def test_the_alloy_is_nearly_equimolar() -> None:
    _, counts = np.unique(build_preset("cantor-alloy").numbers, return_counts=True)
    assert len(counts) == 5
    assert np.ptp(counts) <= 1


def test_an_unknown_name_is_answered() -> None:
    with pytest.raises(InputError, match="Did you mean 'copper'") as caught:
        build_preset("coper")
    assert "silicon" in caught.value.hint
    assert build_preset(" Copper ") == build_preset("copper")
    with pytest.raises(InputError, match="negative"):
        build_preset("water", seed=-1)
