"""Overlaps are refused by name, oddities are said, images count."""

from __future__ import annotations

import ase
import numpy as np
import pytest
from ase.build import bulk, molecule
from hypothesis import given, settings
from hypothesis import strategies as st

from mlipguide.core.errors import InputError
from mlipguide.structures.checks import check_structure
from mlipguide.structures.distances import find_pairs, find_shortest_distance


def refuse(atoms: ase.Atoms) -> InputError:
    with pytest.raises(InputError) as caught:
        check_structure(atoms, source="here")
    assert caught.value.message.startswith("here: ")
    assert caught.value.hint
    return caught.value


def kinds(atoms: ase.Atoms) -> list[str]:
    return [notice.kind for notice in check_structure(atoms, source="here")]


@pytest.mark.parametrize("distance", [0.0, 0.2, 0.49])
def test_an_overlap_names_both_atoms(distance: float) -> None:
    atoms = ase.Atoms("CuHO", positions=[(5, 5, 5), (0, 0, 0), (0, 0, distance)])
    error = refuse(atoms)
    assert error.kind == "overlapping_atoms"
    assert "atoms 2 (H) and 3 (O) (counted from 1; indices 1 and 2 from 0)" in error.message
    assert f"{distance:.3f} Å" in error.message


def test_large_atoms_overlap_at_larger_distances() -> None:
    assert refuse(ase.Atoms("Cs2", positions=[(0, 0, 0), (0, 0, 1.9)])).kind == "overlapping_atoms"


def test_a_heap_of_atoms_is_refused() -> None:
    positions = np.random.default_rng(0).normal(0, 0.1, (20000, 3))
    assert refuse(ase.Atoms("Cu20000", positions=positions)).kind == "overlapping_atoms"


@pytest.mark.parametrize(
    "cell", [[0.4, 9, 9], [[0.4, 0, 0], [3, 9, 0], [0, 0, 9]], [[9, 0, 0], [9, 0.4, 0], [0, 0, 9]]]
)
def test_an_atom_overlaps_its_own_image(cell: list[float]) -> None:
    assert "its own periodic image" in refuse(ase.Atoms("H", cell=cell, pbc=True)).message


def test_an_overlap_across_the_cell_is_seen_with_unwrapped_atoms() -> None:
    atoms = ase.Atoms("Cu2", positions=[(0.1, 2, 2), (3.9 + 40, 2, 2)], cell=[4, 4, 4], pbc=True)
    assert "0.200 Å" in refuse(atoms).message
    atoms.pbc = False
    assert kinds(atoms) == ["cell_ignored"]


def test_periodicity_without_a_cell() -> None:
    assert refuse(ase.Atoms("H", pbc=True)).kind == "missing_cell"
    assert "vector c" in refuse(ase.Atoms("H", cell=[3, 3, 0], pbc=True)).message


def test_no_atoms_and_no_elements() -> None:
    assert refuse(ase.Atoms()).kind == "no_atoms"
    assert refuse(ase.Atoms("CuX", positions=[(0, 0, 0), (3, 0, 0)])).kind == "unknown_element"
    atoms = ase.Atoms("H")
    atoms.numbers[:] = 150
    assert refuse(atoms).kind == "unknown_element"


def test_a_short_distance_is_noticed() -> None:
    atoms = molecule("H2O")
    atoms.positions[1] = atoms.positions[0] + (atoms.positions[1] - atoms.positions[0]) * 0.55
    notices = check_structure(atoms, source="here")
    assert [notice.kind for notice in notices] == ["short_distance", "no_cell"]
    assert "shortest of 1 suspiciously" in notices[0].message


def test_a_good_crystal_has_nothing_to_say() -> None:
    assert kinds(bulk("Cu", "fcc", a=3.6)) == []
    assert kinds(bulk("Si", "diamond", a=5.43)) == []


def test_what_is_not_fully_periodic_is_said() -> None:
    assert kinds(ase.Atoms("Cu", cell=[2.5, 2.5, 0], pbc=[True, True, False])) == ["partly_periodic"]
    assert kinds(molecule("CH4")) == ["no_cell"]
    assert kinds(molecule("CH4", vacuum=10, pbc=True)) == ["low_density"]


def test_large_atoms_fill_a_cell_of_low_density() -> None:
    assert kinds(bulk("Cs", "bcc", a=6.14)) == []


def test_many_atoms_are_checked() -> None:
    atoms = bulk("Cu", "fcc", a=3.6, cubic=True).repeat((30, 30, 28))
    assert len(atoms) > 1e5
    assert kinds(atoms) == []
    atoms.positions[77] = atoms.positions[99000] + 0.1
    assert "78 (Cu) and 99001 (Cu)" in refuse(atoms).message


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    number=st.integers(1, 12),
    periodic=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_pairs_are_those_of_ase(seed: int, number: int, periodic: tuple[bool, bool, bool]) -> None:
    from ase.neighborlist import neighbor_list

    generator = np.random.default_rng(seed)
    cell = np.eye(3) * generator.uniform(1.5, 6, 3) + generator.uniform(-1, 1, (3, 3))
    atoms = ase.Atoms(f"H{number}", positions=generator.uniform(-8, 8, (number, 3)), cell=cell, pbc=periodic)
    cutoff = float(generator.uniform(0.5, 5))
    first, second, distance = neighbor_list("ijd", atoms, cutoff)
    pairs = find_pairs(atoms, cutoff)
    wanted = {(min(i, j), max(i, j), round(d, 6)) for i, j, d in zip(first, second, distance, strict=True)}
    found = {
        (min(i, j), max(i, j), round(d, 6)) for i, j, d in zip(pairs.first, pairs.second, pairs.distance, strict=True)
    }
    assert {pair[:2] for pair in found} == {pair[:2] for pair in wanted}
    assert sorted(pair[2] for pair in found) == pytest.approx(sorted(pair[2] for pair in wanted), abs=2e-6)
    shortest = find_shortest_distance(atoms)
    if len(distance):
        assert shortest == pytest.approx(distance.min())
    else:
        assert shortest is None or shortest >= cutoff
