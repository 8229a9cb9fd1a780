"""What a file says beside atoms and cell: held atoms, charge and spin, masses; kept in repeated cells, or said."""

from __future__ import annotations

from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest
from ase import data
from ase.build import bulk, molecule
from ase.constraints import FixAtoms, FixBondLength, FixCartesian, FixedLine, FixedPlane, FixScaled

from mlipguide.core.errors import InputError
from mlipguide.structures.electrons import Electrons, parse_electrons
from mlipguide.structures.files import ReadStructure, read_with_notices
from mlipguide.structures.holds import degrees_of_freedom, freed, held_axes, held_in
from mlipguide.structures.isotopes import masses_of
from mlipguide.structures.labels import read_labels
from mlipguide.structures.supercells import near_cubic_supercell, repeated

SLAB = """Cu(111), its lower layer held
1.0
5.105 0.0 0.0
2.5525 4.4211 0.0
0.0 0.0 15.0
Cu O
3 1
Selective dynamics
Direct
0.0 0.0 0.30 F F F
0.5 0.0 0.30 F F F
0.3 0.3 0.45 F F T
0.3 0.3 0.57 T F F

0.01 0.01 0.01
0.01 0.01 0.01
0.01 0.01 0.01
0.01 0.01 0.01
"""
FORMATE = "H 0 0 1.13\nC 0 0 0\nO 1.135 0 -0.525\nO -1.135 0 -0.525\n"


def read(folder: Path, name: str, text: str, given: Electrons | None = None) -> ReadStructure:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_with_notices(path, given=given or Electrons())


def molecule_file(comment: str, atoms: str = FORMATE) -> str:
    return f'{len(atoms.splitlines())}\nProperties=species:S:1:pos:R:3 pbc="F F F" {comment}\n{atoms}'


def kinds(found: ReadStructure) -> dict[str, str]:
    return {notice.kind: notice.message for notice in found.notices}


def test_selective_dynamics_is_kept_and_velocities_are_said_to_be_lost(tmp_path: Path) -> None:
    found = read(tmp_path, "POSCAR", SLAB)
    held = held_in(found.atoms)
    assert (held.wholly, held.partly) == (2, 2)
    # The third atom moves along c, which is z, and the fourth along a, which is x.
    axes = held_axes(found.atoms)
    assert axes is not None
    assert axes.tolist() == [[True] * 3, [True] * 3, [True, True, False], [False, True, True]]
    assert degrees_of_freedom(found.atoms) == 2
    assert "2 of 4 atoms held, 2 held along some directions" in kinds(found)["kept_from_file"]
    assert kinds(found)["not_kept"].endswith("not kept: velocities.")
    assert len(found.notices) == 2


def test_every_image_of_a_held_atom_is_held(tmp_path: Path) -> None:
    slab = read(tmp_path, "POSCAR", SLAB).atoms
    built = repeated(slab, (3, 2, 1))
    axes = held_axes(built)
    assert axes is not None
    assert axes.reshape(6, 4, 3).all(axis=0).tolist() == np.asarray(held_axes(slab)).tolist()
    assert degrees_of_freedom(built) == 12
    assert not freed(built).constraints
    assert built.constraints


def test_a_free_direction_in_a_skewed_cell_is_along_its_vector() -> None:
    atoms = ase.Atoms("Cu2", [[0, 0, 0], [1, 1, 1]], cell=[[4, 0, 0], [1, 4, 0], [1, 1, 5]], pbc=True)
    path_free = atoms.cell[2] / np.linalg.norm(atoms.cell[2])
    atoms.set_constraint([FixScaled([0], (True, True, False)), FixScaled([1], (False, False, True))])
    from mlipguide.structures.holds import kept_constraints

    constraints, dropped = kept_constraints(atoms)
    assert dropped == ()
    atoms.set_constraint(constraints)
    line = next(one for one in constraints if isinstance(one, FixedLine))
    assert line.dir == pytest.approx(path_free)
    axes = held_axes(atoms)
    assert axes is None, "c is no axis"
    before = atoms.positions.copy()
    atoms.set_velocities(np.ones((2, 3)))
    velocities = atoms.get_velocities()
    assert np.cross(velocities[0], path_free) == pytest.approx(np.zeros(3), abs=1e-9)
    atoms.set_positions(before + np.ones((2, 3)))
    assert np.cross(atoms.positions[0] - before[0], path_free) == pytest.approx(np.zeros(3), abs=1e-9)
    assert (atoms.positions - before)[1, 2] == 0, "a and b span the plane of x and y"


def test_many_constraints_of_a_kind_become_one(tmp_path: Path) -> None:
    atoms = bulk("Cu", cubic=True).repeat(2)
    atoms.set_constraint([FixAtoms([0, 1]), FixCartesian([4], (True, False, False)), FixAtoms([2])])
    path = tmp_path / "held.extxyz"
    ase.io.write(path, atoms)
    found = read_with_notices(path).atoms
    assert sorted(type(one).__name__ for one in found.constraints) == ["FixAtoms", "FixCartesian"]
    assert held_in(found).wholly == 3


def test_a_constraint_of_another_kind_is_said_to_be_lost(tmp_path: Path) -> None:
    atoms = bulk("Cu", cubic=True)
    atoms.set_constraint([FixBondLength(0, 1), FixedPlane([2], (1, 1, 0))])
    path = tmp_path / "held.traj"
    ase.io.write(path, atoms)
    found = read_with_notices(path)
    assert "the constraint FixBondLengths" in kinds(found)["not_kept"]
    assert [type(one).__name__ for one in found.atoms.constraints] == ["FixedPlane"]


@pytest.mark.parametrize(
    ("comment", "charge", "spin"),
    [
        ("charge=-1 spin=1", -1, 1),
        ("total_charge=-1 multiplicity=3", -1, 3),
        ("Charge=-1.0 unpaired_electrons=2", -1, 3),
        ("charge=-1 spin=0", -1, None),
        ("charge=0 mult=2", 0, 2),
        ("", None, None),
    ],
)
def test_charge_and_spin_are_read(tmp_path: Path, comment: str, charge: int | None, spin: int | None) -> None:
    found = read(tmp_path, "m.extxyz", molecule_file(comment))
    assert (found.atoms.info.get("charge"), found.atoms.info.get("spin")) == (charge, spin)
    assert bool(found.notices) == bool(comment)
    assert ("A spin of 0 is no multiplicity" in kinds(found).get("kept_from_file", "")) == ("spin=0" in comment)


@pytest.mark.parametrize(
    ("comment", "kind"),
    [
        ("charge=-0.5", "bad_charge"),
        ("charge=-1 total_charge=1", "bad_charge"),
        ("spin=-2", "bad_spin"),
        ("charge=-1 spin=2", "impossible_spin"),
        ("charge=-1 spin=31", "impossible_spin"),
        ("charge=-1 spin=1 uhf=2", "bad_spin"),
    ],
)
def test_what_makes_no_sense_is_refused_and_can_be_set_right(tmp_path: Path, comment: str, kind: str) -> None:
    with pytest.raises(InputError) as raised:
        read(tmp_path, "m.extxyz", molecule_file(comment))
    assert raised.value.kind == kind
    right = read(tmp_path, "m.extxyz", molecule_file(comment), parse_electrons("-1", "1")).atoms
    assert right.info == {"charge": -1, "spin": 1}


@pytest.mark.parametrize(("charge", "spin"), [("x", None), ("0.5", None), (None, "0"), (None, "1.5"), ("nan", None)])
def test_options_that_are_no_charge_or_spin_are_refused(charge: str | None, spin: str | None) -> None:
    with pytest.raises(InputError, match=r"--charge|--spin"):
        parse_electrons(charge, spin)


def test_charges_and_moments_of_atoms_are_added_up(tmp_path: Path) -> None:
    atoms = molecule("CH3")
    atoms.set_initial_charges([0.4, 0.2, 0.2, 0.2])
    path = tmp_path / "m.traj"
    ase.io.write(path, atoms)
    found = read_with_notices(path)
    assert found.atoms.info == {"charge": 1}, "the moment of the neutral radical is not that of its cation"
    assert "charges of the atoms add up to 1. " in kinds(found)["kept_from_file"]
    assert "cannot have this spin" in kinds(found)["kept_from_file"]
    atoms.set_initial_charges([0.1, 0.2, 0.2, 0.2])
    atoms.set_initial_magnetic_moments([1.0, 0, 0, 0])
    ase.io.write(path, atoms)
    found = read_with_notices(path)
    assert found.atoms.info == {"spin": 2}
    assert "add up to 0.700, which is no whole number" in kinds(found)["kept_from_file"]


def test_a_repeated_cell_has_the_charge_and_the_unpaired_electrons_of_its_cells() -> None:
    cell = bulk("NaCl", "rocksalt", a=5.64)
    cell.info.update(charge=-1, spin=2)
    assert repeated(cell, (2, 2, 1)).info == {"charge": -4, "spin": 5}
    assert near_cubic_supercell(cell, atoms_wanted=16).info == {"charge": -8, "spin": 9}
    assert cell.info == {"charge": -1, "spin": 2}


WATER = {
    "a.xyz": "3\n\nO 0 0 0\nD 0.9 0 0\nT 0 0.9 0\n",
    "a.extxyz": '3\nLattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3\nO 0 0 0\nD 0.9 0 0\nT 0 0.9 0\n',
    "POSCAR": "DTO\n1\n5 0 0\n0 5 0\n0 0 5\nO D T\n1 1 1\nDirect\n0 0 0\n0.2 0 0\n0 0.2 0\n",
    "a.pdb": "".join(
        f"ATOM      {i}  {s:<3} HOH A   1    {x:8.3f}{y:8.3f}   0.000  1.00  0.00           {s}\n"
        for i, (s, x, y) in enumerate((("O", 0, 0), ("D", 0.9, 0), ("T", 0, 0.9)), start=1)
    ),
}


@pytest.mark.parametrize("name", WATER)
def test_deuterium_and_tritium_are_heavy_hydrogen(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, name, WATER[name])
    assert found.atoms.numbers.tolist() == [8, 1, 1]
    assert found.atoms.get_masses() == pytest.approx([15.999, 2.0141, 3.01605], abs=1e-4)
    assert [(one.element, one.mass_dalton) for one in masses_of(found.atoms)] == [
        ("H", 2.014),
        ("H", 3.016),
        ("O", 15.999),
    ]
    assert "H of 2.014 Da (1), H of 3.016 Da (1)" in kinds(found)["kept_from_file"]
    assert len(data.chemical_symbols) == 119
    assert "D" not in data.atomic_numbers


@pytest.mark.parametrize(("symbol", "mass"), [("D", 2.014), ("T", 3.016)])
def test_a_cif_may_hold_heavy_hydrogen(tmp_path: Path, symbol: str, mass: float) -> None:
    text = (
        "data_x\n_cell_length_a 5\n_cell_length_b 5\n_cell_length_c 5\n_cell_angle_alpha 90\n_cell_angle_beta 90\n"
        "_cell_angle_gamma 90\n_symmetry_space_group_name_H-M 'P 1'\nloop_\n_atom_site_label\n_atom_site_type_symbol\n"
        f"_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\nO1 O 0 0 0\nH1 {symbol} 0.2 0 0\n"
    )
    assert read(tmp_path, "a.cif", text).atoms.get_masses() == pytest.approx([15.999, mass], abs=1e-3)


def test_masses_of_a_file_are_kept_where_they_are_no_elements(tmp_path: Path) -> None:
    head = '3\nProperties=species:S:1:pos:R:3:masses:R:1 pbc="F F F"\n'
    heavy = read(tmp_path, "a.extxyz", head + "O 0 0 0 11.967\nH 0.9 0 0 3.024\nH 0 0.9 0 3.024\n")
    assert heavy.atoms.get_masses() == pytest.approx([11.967, 3.024, 3.024])
    natural = read(tmp_path, "b.extxyz", head + "O 0 0 0 16.0\nH 0.9 0 0 1.0\nH 0 0.9 0 1.00794\n")
    assert natural.atoms.has("masses") is False
    assert natural.notices == ()
    assert near_cubic_supercell(
        ase.Atoms("H", cell=[3, 3, 3], pbc=True, masses=[2.014]), atoms_wanted=8
    ).get_masses() == pytest.approx([2.014] * 8)


def test_labels_of_held_atoms_are_read_as_they_are(tmp_path: Path) -> None:
    text = (
        '2\nLattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3:move_mask:L:1:forces:R:3 energy=-1.0 '
        'pbc="T T T" charge=1\nCu 0 0 0 F 0.5 0 0\nCu 2 0 0 T -0.5 0 0\n'
    )
    path = tmp_path / "labels.extxyz"
    path.write_text(text, encoding="utf-8")
    (frame,) = read_labels(path)
    assert frame.forces_ev_per_angstrom is not None
    assert frame.forces_ev_per_angstrom.tolist() == [[0.5, 0, 0], [-0.5, 0, 0]]
    assert not frame.atoms.constraints
    assert frame.atoms.info == {"charge": 1}
