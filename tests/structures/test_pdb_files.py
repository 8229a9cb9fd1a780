"""PDB: elements from columns 77-78 or else 13-14, filler cells, models, and what is no whole crystal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlipguide.core.errors import InputError
from mlipguide.structures.files import ReadStructure, read_with_notices

DATA = Path(__file__).parents[1] / "data" / "structures"
Read = Callable[..., ReadStructure]


def atom(name: str, residue: str = "LIG", x: float = 0.0, element: str = "", record: str = "HETATM") -> str:
    """Return a line; ``name`` is columns 13 to 16."""
    place = f"{x:8.3f}{0.0:8.3f}{0.0:8.3f}"
    return f"{record:6}    1 {name:4} {residue:>3} A   1    {place}  1.00  0.00          {element:>2}\n"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_text(text: str, index: str | None = None) -> ReadStructure:
        path = tmp_path / "a.pdb"
        path.write_text(text)
        return read_with_notices(path, index=index)

    return read_text


def test_an_alpha_carbon_is_carbon() -> None:
    found = read_with_notices(DATA / "glycine.pdb")
    assert list(found.atoms.symbols) == ["N", "C", "C", "O", "O", "H", "H", "H", "H", "H"]
    assert [notice.kind for notice in found.notices] == ["elements_guessed"]
    assert "CA is C" in found.notices[0].message


class TestElements:
    @pytest.mark.parametrize(
        ("name", "residue", "element"),
        [
            (" CA ", "GLY", "C"),
            ("CA  ", "GLY", "C"),
            ("CA  ", "CA", "Ca"),
            (" CA ", "CA", "Ca"),
            ("NA  ", "NA", "Na"),
            ("HG11", "VAL", "H"),
            ("1HG1", "VAL", "H"),
            (" OXT", "GLY", "O"),
            (" CL ", "LIG", "C"),
            ("ZN  ", "LIG", "Zn"),
            (" HO4", "LIG", "H"),
            ("C1  ", "LIG", "C"),
        ],
    )
    def test_names_as_the_format_aligns_them(self, read: Read, name: str, residue: str, element: str) -> None:
        assert list(read(atom(name, residue)).atoms.symbols) == [element]

    @pytest.mark.parametrize("name", ["CA  ", "CD1 ", "HG12", "CO  "])
    def test_a_name_of_two_elements_is_refused_and_named(self, read: Read, name: str) -> None:
        with pytest.raises(InputError) as caught:
            read(atom(name, "LIG"))
        assert caught.value.kind == "unknown_element"
        assert "columns 77-78" in caught.value.message
        assert f"'{name.strip()}'" in caught.value.message
        assert f"may be {name[:2].capitalize()} or {name[0]}" in caught.value.message

    def test_the_column_decides_where_it_is_filled(self, read: Read) -> None:
        found = read(atom("CA  ", "LIG", element="CA") + atom("CA  ", "LIG", x=3, element="C"))
        assert list(found.atoms.symbols) == ["Ca", "C"]
        assert found.notices == ()

    def test_deuterium_is_hydrogen_of_its_mass(self, read: Read) -> None:
        assert list(read(atom(" D1 ", element="D")).atoms.symbols) == ["H"]


class TestCell:
    def test_a_filler_is_no_cell_and_it_is_said(self, read: Read) -> None:
        found = read(
            "CRYST1    1.000    1.000    1.000  90.00  90.00  90.00 P 1           1\n" + atom(" O  ", element="O")
        )
        assert not any(found.atoms.pbc)
        assert found.atoms.cell.rank == 0
        assert [notice.kind for notice in found.notices] == ["filler_cell"]

    @pytest.mark.parametrize("group", ["P 1", "", "P1"])
    def test_a_real_cell_is_kept(self, read: Read, group: str) -> None:
        found = read(f"CRYST1   10.000   11.000   12.000  90.00  90.00  90.00 {group}\n" + atom(" O  ", element="O"))
        assert found.atoms.cell.lengths() == pytest.approx([10, 11, 12])
        assert all(found.atoms.pbc)

    def test_an_asymmetric_unit_is_refused(self, read: Read) -> None:
        line = "CRYST1   10.000   11.000   12.000  90.00  90.00  90.00 P 21 21 21    4\n"
        with pytest.raises(InputError, match="P 21 21 21") as caught:
            read(line + atom(" O  ", element="O"))
        assert caught.value.kind == "asymmetric_unit"


class TestModels:
    cell = "CRYST1   10.000   11.000   12.000  90.00  90.00  90.00 P 1           1\n"

    def test_each_model_has_the_cell_and_the_end_is_none(self, read: Read) -> None:
        models = "".join(f"MODEL {n}\n{atom(' O  ', x=n, element='O')}ENDMDL\n" for n in (1, 2))
        text = self.cell + models + "END\n"
        assert read(text).atoms.positions[0, 0] == 2
        assert read(text).atoms.cell.rank == 3
        assert read(text, "0").atoms.positions[0, 0] == 1
        with pytest.raises(InputError, match="2 frames"):
            read(text, "2")

    def test_coordinates_that_are_none_are_refused(self, read: Read) -> None:
        with pytest.raises(InputError, match="columns 31-54"):
            read(atom(" O  ", element="O").replace("0.000", "x.000", 1))
