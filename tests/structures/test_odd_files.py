"""Ordinary files of other formats that ASE reads wrongly in silence, or of which it drops something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ase.build import bulk

from mlipguide.core.errors import InputError
from mlipguide.structures.checks import check_structure
from mlipguide.structures.files import ReadStructure, read_with_notices
from mlipguide.structures.formats.xyz_columns import voigt_notices
from mlipguide.structures.label_files import iterate_frames
from mlipguide.structures.labels import read_labels

Read = Callable[..., ReadStructure]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_text(name: str, text: str, index: str | None = None) -> ReadStructure:
        path = tmp_path / name
        path.write_text(text)
        return read_with_notices(path, index=index)

    return read_text


def kinds(found: ReadStructure) -> list[str]:
    return [notice.kind for notice in found.notices]


class TestXYZ:
    forces = "2\nc\nC 0 0 0 0.1 0.2 0.3\nO 1.2 0 0 -0.1 -0.2 -0.3\n"

    def test_columns_that_are_dropped_are_said(self, read: Read) -> None:
        found = read("a.xyz", self.forces)
        assert kinds(found) == ["columns_dropped"]
        assert "Properties=species:S:1:pos:R:3:forces:R:3" in found.notices[0].message

    def test_named_columns_are_no_matter(self, read: Read) -> None:
        assert kinds(read("a.xyz", self.forces.replace("\nc\n", "\nProperties=species:S:1:pos:R:3:forces:R:3\n"))) == []
        assert kinds(read("a.xyz", "2\nc\nC 0 0 0\nO 1.2 0 0\n")) == []

    def test_labels_in_unnamed_columns_are_told_how_to_be_named(self, tmp_path: Path) -> None:
        path = tmp_path / "labels.xyz"
        path.write_text(self.forces)
        with pytest.raises(InputError) as caught:
            list(read_labels(path))
        assert caught.value.kind == "no_labels"
        assert "Properties=species:S:1:pos:R:3:forces:R:3" in caught.value.hint

    @pytest.mark.parametrize(("name", "element"), [("CA", "Ca"), ("CO", "Co"), ("HG", "Hg")])
    def test_an_alpha_carbon_among_organic_atoms_is_refused(self, read: Read, name: str, element: str) -> None:
        with pytest.raises(InputError, match=f"'{name}' may be {element}"):
            read("a.xyz", f"2\nc\n{name} 0 0 0\nN 1.5 0 0\n")
        assert str(read("a.xyz", f"2\nc\n{name} 0 0 0\nFE 2.5 0 0\n").atoms.symbols) == f"{element}Fe"

    @pytest.mark.parametrize("name", ["C1", "Fe_up", "6"])
    def test_labels_that_are_no_symbols_are_named(self, read: Read, name: str) -> None:
        with pytest.raises(InputError, match=f"'{name}' is not a chemical element"):
            read("a.xyz", f"1\nc\n{name} 0 0 0\n")

    def test_columns_without_number_are_damage(self, read: Read, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="columns"):
            read("a.extxyz", "1\nProperties=species:S:1:pos:R:999999999\nH 0 0 0\n")
        with pytest.raises(InputError, match="frame 0: its Properties"):
            list(iterate_frames(tmp_path / "a.extxyz"))


class TestBoundaryAtoms:
    def test_atoms_that_a_viewer_added_are_refused_by_that_name(self) -> None:
        atoms = bulk("Cu", "fcc", a=3.6, cubic=True)
        copy = atoms[[0]]
        copy.positions += atoms.cell[2]
        with pytest.raises(InputError) as caught:
            check_structure(atoms + copy, source="a.xyz")
        assert caught.value.kind == "boundary_atoms"
        assert "viewer" in caught.value.hint

    def test_two_atoms_in_one_place_are_still_an_overlap(self) -> None:
        atoms = bulk("Cu", "fcc", a=3.6, cubic=True)
        with pytest.raises(InputError) as caught:
            check_structure(atoms + atoms[[0]], source="a.xyz")
        assert caught.value.kind == "overlapping_atoms"

    def test_another_element_on_the_opposite_face_is_an_overlap(self) -> None:
        atoms = bulk("Cu", "fcc", a=3.6, cubic=True)
        copy = atoms[[0]]
        copy.symbols[:] = "Ni"
        copy.positions += atoms.cell[0]
        with pytest.raises(InputError) as caught:
            check_structure(atoms + copy, source="a.xyz")
        assert caught.value.kind == "overlapping_atoms"


class TestVoigtOrder:
    @pytest.mark.parametrize(
        ("comment", "key", "said"),
        [
            ('REF_stress="1 2 3 4 5 6" energy=1', "REF_stress", True),
            ("stress={1 2 3 4 5 6}", "stress", True),
            ('REF_stress="1 4 5 4 2 6 5 6 3"', "REF_stress", False),
            ('other_REF_stress="1 2 3 4 5 6"', "REF_stress", False),
            ("energy=1", None, False),
        ],
    )
    def test_six_numbers_have_an_order_that_is_said(
        self, tmp_path: Path, comment: str, key: str | None, said: bool
    ) -> None:
        path = tmp_path / "a.extxyz"
        path.write_text(f"1\n{comment}\nCu 0 0 0\n")
        found = voigt_notices(path, key)
        assert [notice.kind for notice in found] == (["voigt_order_assumed"] if said else [])
        assert all("xx, yy, zz, yz, xz, xy" in notice.message for notice in found)


class TestGromacs:
    text = "gly\n    {n}\n{rows}   1.82060   1.82060   1.82060\n"

    def test_ions_are_no_carbon_and_no_nitrogen(self, read: Read) -> None:
        """ASE reads CL as carbon and NA as nitrogen."""
        rows = (
            "    1GLY     CA    1   0.126   1.624   1.679\n    2CL      CL    2   0.990   1.661   1.747\n"
            "    3NA      NA    3   0.500   0.500   0.500\n    4SOL     OW    4   0.100   0.100   0.100\n"
        )
        found = read("a.gro", self.text.format(n=4, rows=rows))
        assert list(found.atoms.symbols) == ["C", "Cl", "Na", "O"]
        assert kinds(found) == ["elements_guessed"]

    def test_a_name_of_two_elements_is_refused(self, read: Read) -> None:
        with pytest.raises(InputError, match="may be Cl or C"):
            read("a.gro", self.text.format(n=1, rows="    1LIG    CL1    1   0.126   1.624   1.679\n"))


class TestSDF:
    one = "x\n  y\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n    0.0000    0.0000    0.0000 {}   0  0\nM  END\n$$$$\n"

    def test_the_molecule_that_is_meant(self, read: Read, tmp_path: Path) -> None:
        """ASE reads the first of several."""
        text = self.one.format("C") + self.one.format("O")
        assert str(read("a.sdf", text).atoms.symbols) == "O"
        assert str(read("a.sdf", text, "0").atoms.symbols) == "C"
        assert [str(atoms.symbols) for atoms in iterate_frames(tmp_path / "a.sdf")] == ["C", "O"]
        with pytest.raises(InputError, match="2 frames"):
            read("a.sdf", text, "2")

    def test_the_newer_form_is_refused(self, read: Read) -> None:
        with pytest.raises(InputError, match="V3000"):
            read("a.sdf", "x\n  y\n\n  0  0  0     0  0            999 V3000\nM  V30 BEGIN CTAB\nM  END\n$$$$\n")


class TestOthers:
    poscar = "{comment}\n1.0\n5.43 0 0\n0 5.43 0\n0 0 5.43\n{symbols}2\nDirect\n0 0 0\n.25 .25 .25\n"

    def test_elements_out_of_the_comment_of_a_poscar_are_said(self, read: Read) -> None:
        found = read("POSCAR", self.poscar.format(comment="Si", symbols=""))
        assert kinds(found) == ["elements_from_comment"]
        assert kinds(read("POSCAR", self.poscar.format(comment="c", symbols="Si\n"))) == []

    def test_the_box_of_a_cube_file_is_said(self, read: Read) -> None:
        text = "c\nc\n 1 0 0 0\n 2 5 0 0\n 2 0 5 0\n 2 0 0 5\n 6 6.0 0 0 0\n" + "0.0 " * 8 + "\n"
        assert kinds(read("a.cube", text)) == ["cell_assumed"]

    @pytest.mark.parametrize("symmetry", ["LATT 1\n", "LATT -1\nSYMM -X,1/2+Y,-Z\n"])
    def test_symmetry_of_a_shelx_file_is_not_left_aside(self, read: Read, symmetry: str) -> None:
        text = "TITL x\nCELL 0.71 5 5 5 90 90 90\n{}SFAC Si\nSi 1 0.1 0.2 0.3 11.0\nEND\n"
        with pytest.raises(InputError) as caught:
            read("a.res", text.format(symmetry))
        assert caught.value.kind == "asymmetric_unit"
        assert len(read("a.res", text.format("LATT -1\n")).atoms) == 1
