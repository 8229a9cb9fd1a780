"""CIF: the setting that the file means, its own formula, rounded positions, and what it leaves open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import ase
import ase.io
import gemmi
import numpy as np
import pytest

from mlipguide.core.errors import InputError
from mlipguide.structures.checks import check_structure
from mlipguide.structures.distances import find_shortest_distance
from mlipguide.structures.files import ReadStructure, read_with_notices

DATA = Path(__file__).parents[1] / "data" / "structures"
LOOP = "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
OPERATIONS = "loop_\n_space_group_symop_operation_xyz\n"
Read = Callable[..., ReadStructure]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_text(text: str, *, cell: str = "5.432 5.432 5.432 90 90 90", index: str | None = None) -> ReadStructure:
        path = tmp_path / "a.cif"
        names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
        lines = "".join(f"_cell_{name} {value}\n" for name, value in zip(names, cell.split(), strict=True))
        path.write_text(f"data_a\n{lines}{text}\n")
        return read_with_notices(path, index=index)

    return read_text


def counts(atoms: ase.Atoms) -> dict[str, int]:
    return dict(Counter(map(str, atoms.symbols)))


def test_a_trigonal_crystal_on_hexagonal_axes_without_operations_is_whole() -> None:
    found = read_with_notices(DATA / "al2o3.cif")
    assert counts(found.atoms) == {"Al": 12, "O": 18}
    assert found.atoms.cell.cellpar()[5] == pytest.approx(120)
    assert find_shortest_distance(found.atoms) == pytest.approx(1.855, abs=0.005), "Al-O in corundum"


def test_the_second_origin_is_read_from_the_symbol() -> None:
    found = read_with_notices(DATA / "si.cif")
    assert counts(found.atoms) == {"Si": 8}
    assert find_shortest_distance(found.atoms) == pytest.approx(5.432 * 3**0.5 / 4)
    assert found.notices == ()


class TestOpenOrigins:
    site = LOOP + "Si1 Si 0.125 0.125 0.125\n"

    def test_the_formula_decides_and_it_is_said(self, read: Read) -> None:
        facts = "_chemical_formula_sum Si\n_cell_formula_units_Z 8\n_symmetry_space_group_name_H-M 'F d -3 m'\n"
        found = read(facts + self.site)
        assert counts(found.atoms) == {"Si": 8}
        assert [notice.kind for notice in found.notices] == ["symmetry_assumed"]
        assert "origin choice 2" in found.notices[0].message

    def test_the_density_decides_where_there_is_no_formula(self, read: Read) -> None:
        facts = "_exptl_crystal_density_diffrn 2.33\n_symmetry_space_group_name_H-M 'F d -3 m'\n"
        assert counts(read(facts + self.site).atoms) == {"Si": 8}

    @pytest.mark.parametrize("group", ["_space_group_IT_number 227", "_symmetry_space_group_name_H-M 'F d -3 m'"])
    def test_otherwise_both_are_shown(self, read: Read, group: str) -> None:
        with pytest.raises(InputError) as caught:
            read(f"{group}\n{self.site}")
        assert caught.value.kind == "ambiguous_setting"
        assert "origin choice 1: Si16" in caught.value.message
        assert "origin choice 2: Si8" in caught.value.message

    def test_a_site_that_is_the_same_under_both_needs_no_decision(self, read: Read) -> None:
        assert counts(read("_symmetry_space_group_name_H-M 'P -1'\n" + self.site).atoms) == {"Si": 2}

    @pytest.mark.parametrize(
        "symbol", ["F d -3 m :2", "F d -3 m:2", "F d -3 m Z", "Fd-3m:2", "F d -3 m (origin choice 2)", "F_d_-3_m_:2"]
    )
    def test_each_way_to_write_the_second_origin(self, read: Read, symbol: str) -> None:
        assert counts(read(f"_symmetry_space_group_name_H-M '{symbol}'\n{self.site}").atoms) == {"Si": 8}


class TestOwnFormula:
    def test_atoms_that_contradict_it_are_refused_without_listed_operations(self, read: Read) -> None:
        facts = "_chemical_formula_sum 'Si O2'\n_cell_formula_units_Z 4\n_symmetry_space_group_name_H-M 'P 1'\n"
        with pytest.raises(InputError) as caught:
            read(facts + LOOP + "Si1 Si 0 0 0\n")
        assert caught.value.kind == "formula_disagrees"
        assert "Si in the cell" in caught.value.message
        assert "Z = 4" in caught.value.message

    def test_an_asymmetric_unit_without_symmetry_is_refused(self, read: Read) -> None:
        with pytest.raises(InputError) as caught:
            read("_chemical_formula_sum Si\n_cell_formula_units_Z 8\n" + LOOP + "Si1 Si 0.125 0.125 0.125\n")
        assert caught.value.kind == "formula_disagrees"

    def test_with_listed_operations_it_is_said(self, read: Read) -> None:
        facts = "_chemical_formula_sum 'Na Cl'\n_cell_formula_units_Z 4\n" + OPERATIONS + "'x,y,z'\n'-x,-y,-z'\n"
        found = read(facts + LOOP + "Na1 Na 0.2 0 0\nCl1 Cl 0.5 0.5 0.3\n")
        assert len(found.atoms) == 4
        assert [notice.kind for notice in found.notices] == ["formula_differs"]

    def test_missing_hydrogen_is_refused(self, read: Read) -> None:
        facts = "_chemical_formula_sum 'C H4'\n_cell_formula_units_Z 1\n" + OPERATIONS + "'x,y,z'\n"
        with pytest.raises(InputError) as caught:
            read(facts + LOOP + "C1 C 0.2 0 0\n")
        assert caught.value.kind == "missing_hydrogen"


class TestSettings:
    @pytest.mark.parametrize(
        ("symbol", "cell", "atoms"),
        [
            ("R -3 m", "3 3 9 90 90 120", 3),
            ("R -3 m:H", "3 3 9 90 90 120", 3),
            ("R -3 m", "4 4 4 50 50 50", 1),
            ("R -3 m:R", "4 4 4 50 50 50", 1),
        ],
    )
    def test_the_cell_tells_the_axes(self, read: Read, symbol: str, cell: str, atoms: int) -> None:
        found = read(f"_symmetry_space_group_name_H-M '{symbol}'\n{LOOP}Fe1 Fe 0 0 0\n", cell=cell)
        assert len(found.atoms) == atoms

    def test_a_cell_that_the_group_does_not_allow_is_refused(self, read: Read) -> None:
        with pytest.raises(InputError) as caught:
            read(f"_symmetry_space_group_name_H-M 'R -3 m'\n{LOOP}Fe1 Fe 0 0 0\n", cell="3 4 9 90 90 120")
        assert caught.value.kind == "unknown_setting"
        assert "R -3 m" in caught.value.message

    @pytest.mark.parametrize("text", ["_symmetry_space_group_name_H-M 'Q 7'\n", "_space_group_IT_number 300\n"])
    def test_a_group_that_there_is_not_is_refused(self, read: Read, text: str) -> None:
        with pytest.raises(InputError) as caught:
            read(text + LOOP + "Fe1 Fe 0 0 0\n")
        assert caught.value.kind == "unknown_setting"

    def test_a_symbol_of_another_number_is_refused(self, read: Read) -> None:
        text = "_space_group_IT_number 225\n_symmetry_space_group_name_H-M 'P n m a'\n"
        with pytest.raises(InputError, match="contradicts its number, 225"):
            read(text + LOOP + "Fe1 Fe 0 0 0\n")

    def test_magnetic_operations_count_too(self, read: Read) -> None:
        text = (
            "loop_\n_space_group_symop_magn_operation.xyz\nx,y,z,+1\n-x,-y,-z,+1\n"
            "loop_\n_space_group_symop_magn_centering.xyz\nx,y,z,+1\nx+1/2,y+1/2,z+1/2,-1\n"
        )
        assert len(read(text + LOOP + "Fe1 Fe 0.1 0.2 0.3\n").atoms) == 4

    def test_a_modulated_structure_is_refused(self, read: Read) -> None:
        text = "loop_\n_space_group_symop_ssg_operation_algebraic\nx1,x2,x3,x4\n"
        with pytest.raises(InputError, match="modulated"):
            read(text + LOOP + "Fe1 Fe 0.1 0.2 0.3\n")

    @pytest.mark.parametrize("group", list(gemmi.spacegroup_table())[::23], ids=lambda group: group.xhm())
    def test_every_kind_of_group_gives_its_general_position(self, tmp_path: Path, group: gemmi.SpaceGroup) -> None:
        """The atoms are the copies that the group's operations make, whatever names the group in the file."""
        operations = list(group.operations())
        place = [0.0931, 0.1742, 0.2383]
        truth = sorted(
            tuple(round(one % 1.0, 4) % 1.0 for one in operation.apply_to_xyz(place)) for operation in operations
        )
        code = group.ext.strip("\0") or group.qualifier
        number = f"_space_group_IT_number {group.number}\n"
        for said in (
            OPERATIONS + "".join(f"'{one.triplet()}'\n" for one in operations),
            f"_symmetry_space_group_name_H-M '{group.xhm()}'\n",
            f"_space_group_name_Hall '{group.hall}'\n",
            number + (f"_space_group_IT_coordinate_system_code {code}\n" if code else ""),
        ):
            if said == number and not group.is_reference_setting():
                continue
            path = tmp_path / "a.cif"
            names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
            cell = zip(names, cell_of(group), strict=True)
            head = "data_a\n" + "".join(f"_cell_{name} {value}\n" for name, value in cell)
            path.write_text(head + said + LOOP + f"Fe1 Fe {' '.join(map(str, place))}\n")
            found = read_with_notices(path).atoms
            assert in_order(found) == pytest.approx(np.array(truth), abs=2e-4), said

    @pytest.mark.parametrize("number", [2, 14, 62, 141, 166, 194, 225])
    def test_listed_operations_give_what_ase_gives(self, tmp_path: Path, number: int) -> None:
        group = gemmi.find_spacegroup_by_number(number)
        names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
        cell = zip(names, cell_of(group), strict=True)
        text = "data_a\n" + "".join(f"_cell_{name} {value}\n" for name, value in cell)
        text += f"_space_group_IT_number {number}\n" + OPERATIONS
        text += "".join(f"'{one.triplet()}'\n" for one in group.operations())
        path = tmp_path / "a.cif"
        path.write_text(text + LOOP + "Fe1 Fe 0.0931 0.1742 0.2383\nO1 O 0 0 0\n")
        truth = ase.io.read(path)
        assert isinstance(truth, ase.Atoms)
        found = read_with_notices(path).atoms
        assert str(found.symbols) == str(truth.symbols)
        assert np.allclose(found.cell.array, truth.cell.array)
        assert in_order(found) == pytest.approx(in_order(truth), abs=2e-4)


def cell_of(group: gemmi.SpaceGroup) -> tuple[float, ...]:
    if group.ext == "R":
        return (7, 7, 7, 70, 70, 70)
    if group.crystal_system_str() == "monoclinic":
        unique = {"b": (7, 8, 9, 90, 100, 90), "c": (7, 8, 9, 90, 90, 100), "a": (7, 8, 9, 100, 90, 90)}
        return unique[next((one for one in group.qualifier if one in "abc"), "b")]
    return CELLS[group.crystal_system_str()]


CELLS = {
    "triclinic": (7, 8, 9, 80, 95, 100),
    "orthorhombic": (7, 8, 9, 90, 90, 90),
    "tetragonal": (7, 7, 9, 90, 90, 90),
    "trigonal": (7, 7, 9, 90, 90, 120),
    "hexagonal": (7, 7, 9, 90, 90, 120),
    "cubic": (9, 9, 9, 90, 90, 90),
}


def in_order(atoms: ase.Atoms) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    places = (tuple(round(float(one) % 1.0, 4) % 1.0 for one in row) for row in atoms.get_scaled_positions())
    return np.array(sorted(places))


class TestRoundedPositions:
    """Magnesium, hexagonal close packing: its one site is (1/3, 2/3, 1/4) in P 63/m m c, of which there are two."""

    @pytest.mark.parametrize("digits", [2, 3, 4, 5])
    def test_copies_of_a_rounded_special_position_are_one_atom(self, read: Read, digits: int) -> None:
        site = f"Mg1 Mg {1 / 3:.{digits}f} {2 / 3:.{digits}f} 0.25\n"
        found = read(
            "_chemical_formula_sum Mg\n_cell_formula_units_Z 2\n_symmetry_space_group_name_H-M 'P 63/m m c'\n"
            + LOOP
            + site,
            cell="3.209 3.209 5.211 90 90 120",
        )
        assert len(found.atoms) == 2
        assert find_shortest_distance(found.atoms) == pytest.approx(3.1971, abs=1e-3)
        assert np.allclose(sorted(found.atoms.get_scaled_positions()[:, 0]), [1 / 3, 2 / 3])
        assert [notice.kind for notice in found.notices] == (["rounded_positions"] if digits == 2 else [])

    def test_a_large_cell_needs_no_more_digits(self, read: Read) -> None:
        found = read(
            "_symmetry_space_group_name_H-M 'P 63/m m c'\n" + LOOP + "Zn1 Zn 0.333 0.667 0.25\n",
            cell="30 30 15 90 90 120",
        )
        assert len(found.atoms) == 2

    def test_all_atoms_and_the_operations_beside_them_give_each_atom_once(self, read: Read) -> None:
        atoms = "Fe1 Fe 0.1 0.2 0.3\nFe2 Fe 0.9 0.8 0.7\n"
        assert len(read(OPERATIONS + "x,y,z\n-x,-y,-z\n" + LOOP + atoms).atoms) == 2

    def test_what_is_more_than_rounding_from_a_mirror_is_no_special_position(self, read: Read) -> None:
        """0.08 Å from its mirror image, with four digits."""
        found = read(OPERATIONS + "x,y,z\nx,y,-z\n" + LOOP + "Fe1 Fe 0 0 0.0074\n")
        assert len(found.atoms) == 2

    def test_a_split_position_is_no_special_one(self, read: Read) -> None:
        """0.4 Å from its mirror image: two atoms that overlap, which is refused later, not one in the middle."""
        found = read(OPERATIONS + "x,y,z\nx,y,-z\n" + LOOP + "Fe1 Fe 0 0 0.0368\n")
        assert len(found.atoms) == 2
        with pytest.raises(InputError, match="overlap"):
            check_structure(found.atoms, source="a.cif")


class TestSites:
    def test_standard_uncertainties_are_no_part_of_the_number(self, read: Read) -> None:
        found = read(LOOP + "Fe1 Fe 0.25(3) 0.5000(12) 0\n", cell="5.43(2) 5.43(2) 5.43(2) 90 90.0(1) 90")
        assert found.atoms.positions[0] == pytest.approx([1.3575, 2.715, 0])

    def test_coordinates_that_are_not_known_are_refused_by_name(self, read: Read) -> None:
        with pytest.raises(InputError, match="site H1 are not there"):
            read(LOOP + "Fe1 Fe 0 0 0\nH1 H ? ? ?\n")

    @pytest.mark.parametrize("symbol", ["Fe", "Fe3+", "FE", "fe2+", "Fe0+"])
    def test_charges_and_case_of_symbols(self, read: Read, symbol: str) -> None:
        assert counts(read(LOOP + f"M1 {symbol} 0 0 0\n").atoms) == {"Fe": 1}

    @pytest.mark.parametrize(
        ("label", "formula", "element"),
        [
            ("Ca1", None, "Ca"),
            ("CA1", "Ca", "Ca"),
            ("CA1", "C H", "C"),
            ("OW1", None, "O"),
            ("Ow", None, "O"),
            ("H1A", None, "H"),
        ],
    )
    def test_labels_alone(self, read: Read, label: str, formula: str | None, element: str) -> None:
        loop = LOOP.replace("_atom_site_type_symbol\n", "")
        facts = OPERATIONS + "x,y,z\n" + (f"_chemical_formula_sum '{formula}'\n" if formula else "")
        if formula == "C H":
            loop += "H1 0.5 0.5 0.5\n"
        assert element in counts(read(f"{facts}{loop}{label} 0 0 0\n").atoms)

    def test_a_label_that_may_be_two_elements_is_refused(self, read: Read) -> None:
        loop = LOOP.replace("_atom_site_type_symbol\n", "")
        with pytest.raises(InputError) as caught:
            read(f"{loop}CA1 0 0 0\n")
        assert caught.value.kind == "ambiguous_element"
        assert "Ca or C" in caught.value.message

    def test_dummies_are_no_atoms(self, read: Read) -> None:
        loop = LOOP + "_atom_site_calc_flag\n"
        assert len(read(loop + "Fe1 Fe 0 0 0 d\nCg1 C 0.5 0.5 0.5 dum\n").atoms) == 1

    def test_two_blocks_are_two_frames(self, tmp_path: Path) -> None:
        one = (DATA / "si.cif").read_text()
        path = tmp_path / "two.cif"
        path.write_text(
            one + "\ndata_empty\n_cell_length_a 3\n\n" + one.replace("5.4320", "5.5000").replace("data_", "data_b")
        )
        assert read_with_notices(path, index="0").atoms.cell[0, 0] == pytest.approx(5.432)
        assert read_with_notices(path).atoms.cell[0, 0] == pytest.approx(5.5)
        with pytest.raises(InputError, match="2 frames"):
            read_with_notices(path, index="2")

    def test_an_asymmetric_unit_in_mmcif_is_refused_and_all_atoms_are_read(self, tmp_path: Path) -> None:
        text = (  # as proteins are written
            "data_x\n_cell.length_a 10\n_cell.length_b 11\n_cell.length_c 12\n_cell.angle_alpha 90\n"
            "_cell.angle_beta 90\n_cell.angle_gamma 90\n_symmetry.space_group_name_H-M '{group}'\n"
            "loop_\n_atom_site.group_PDB\n"
            "_atom_site.type_symbol\n_atom_site.label_atom_id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n"
            "_atom_site.Cartn_z\n_atom_site.occupancy\nATOM C CA 1 2 3 1.0\nATOM N N 2.4 2 3 1.0\n"
        )
        path = tmp_path / "a.cif"
        path.write_text(text.format(group="P 1"))
        found = read_with_notices(path).atoms
        assert counts(found) == {"C": 1, "N": 1}
        assert found.positions[1] == pytest.approx([2.4, 2, 3])
        path.write_text(text.format(group="P 21 21 21"))
        with pytest.raises(InputError) as caught:
            read_with_notices(path)
        assert caught.value.kind == "asymmetric_unit"

    def test_a_molecule_without_a_cell(self, tmp_path: Path) -> None:
        path = tmp_path / "a.cif"
        loop = LOOP.replace("fract", "Cartn")
        path.write_text(f"data_x\n{loop}O1 O 0 0 0\nH1 H 0.96 0 0\nH2 H -0.24 0.93 0\n")
        found = read_with_notices(path).atoms
        assert counts(found) == {"O": 1, "H": 2}
        assert not any(found.pbc)
