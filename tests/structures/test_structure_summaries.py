"""Summaries describe, and recognise the same kind again."""

from __future__ import annotations

import ase
import pytest
from ase.build import bulk, fcc111, molecule

from mlipguide.core.serialisation import from_plain, to_plain
from mlipguide.records.task.structure import StructureSummary
from mlipguide.structures.presets import build_preset
from mlipguide.structures.summaries import is_same_kind, summarise


def test_a_crystal() -> None:
    summary = summarise(build_preset("lifepo4"), source="preset:lifepo4")
    assert summary.formula == "Li4Fe4P4O16"
    assert summary.reduced_formula == "LiFePO4"
    assert summary.elements == ("Li", "O", "P", "Fe")
    assert summary.atoms == 28
    assert summary.cell_lengths_angstrom == pytest.approx((10.329, 6.0065, 4.6908))
    assert summary.number_density_per_angstrom3 == pytest.approx(28 / (10.329 * 6.0065 * 4.6908))
    assert summary.shortest_distance_angstrom == pytest.approx(1.52, abs=0.02)
    assert from_plain(StructureSummary, to_plain(summary), what="it") == summary


def test_what_is_not_there_is_none() -> None:
    atom = summarise(ase.Atoms("Ar"), source="x")
    assert atom.cell_lengths_angstrom is None
    assert atom.number_density_per_angstrom3 is None
    assert atom.shortest_distance_angstrom is None
    assert (
        summarise(ase.Atoms("C2H6O"[:2], positions=[(0, 0, 0), (0, 0, 50)]), source="x").shortest_distance_angstrom
        == 50
    )
    assert summarise(bulk("Cu", "fcc", a=3.6), source="x").shortest_distance_angstrom == pytest.approx(3.6 / 2**0.5)


def same(a: ase.Atoms, b: ase.Atoms) -> bool:
    forward = is_same_kind(summarise(a, source="a"), summarise(b, source="b"))
    assert is_same_kind(summarise(b, source="b"), summarise(a, source="a")) is forward
    return forward


def test_a_supercell_is_the_same_kind() -> None:
    copper = bulk("Cu", "fcc", a=3.6)
    assert same(copper, bulk("Cu", "fcc", a=3.6, cubic=True).repeat((3, 2, 1)))
    assert same(copper, bulk("Cu", "fcc", a=3.6 * 1.005))
    assert not same(copper, bulk("Cu", "fcc", a=3.6 * 1.01))
    assert not same(copper, bulk("Ni", "fcc", a=3.6))


def test_slabs_are_compared_by_atoms_per_area() -> None:
    slab = fcc111("Cu", (1, 1, 3), a=3.6, vacuum=8)
    assert same(slab, fcc111("Cu", (3, 2, 3), a=3.6, vacuum=12))
    assert not same(slab, fcc111("Cu", (1, 1, 4), a=3.6, vacuum=8))
    assert not same(slab, bulk("Cu", "fcc", a=3.6))


def test_molecules_are_compared_whole() -> None:
    assert same(molecule("CH4"), molecule("CH4"))
    assert not same(molecule("C2H4"), molecule("C3H6_D3h"))


def test_a_molecule_keeps_its_formula_in_a_box_and_without_one() -> None:
    benzene = molecule("C6H6")
    assert summarise(benzene, source="x").reduced_formula == "C6H6"
    benzene.center(vacuum=6.0)
    benzene.pbc = True
    assert summarise(benzene, source="x").reduced_formula == "C6H6"
    assert summarise(benzene.repeat((2, 1, 1)), source="x").formula == "C12H12"
    assert same(benzene, benzene.repeat((2, 1, 1)))


def test_a_summary_that_an_earlier_version_stored_is_written_as_today() -> None:
    plain = to_plain(summarise(build_preset("lifepo4"), source="preset:lifepo4"))
    plain |= {"formula": "Fe4Li4O16P4", "reduced_formula": "FeLiO4P"}
    assert from_plain(StructureSummary, plain, what="it").reduced_formula == "LiFePO4"
