"""LAMMPS files: elements by labels, comments and masses, never by numbers; atoms in the order of their ids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from mlipguide.core.errors import InputError
from mlipguide.structures.distances import find_shortest_distance
from mlipguide.structures.files import ReadStructure, read_with_notices
from mlipguide.structures.formats.type_elements import mass_element
from mlipguide.structures.label_files import iterate_frames
from mlipguide.structures.labels import read_labels

DATA = Path(__file__).parents[1] / "data" / "structures"
METHANOL = """methanol, own numbers

4 atoms
4 atom types
0 20 xlo xhi
0 20 ylo yhi
0 20 zlo zhi

{labels}Masses

{masses}

Atoms # full

4 1 4 0.4 2.0 0.9 0.0
1 1 1 0.1 0.0 0.0 0.0
2 1 2 0.0 -0.5 0.9 0.0
3 1 3 -0.6 1.4 0.0 0.0
"""
LABELS = "Atom Type Labels\n\n1 C\n2 H\n3 O\n4 HO\n\n"
Read = Callable[[str], ReadStructure]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_text(text: str) -> ReadStructure:
        path = tmp_path / ("a.lammpstrj" if text.startswith("ITEM") else "a.data")
        path.write_text(text)
        return read_with_notices(path)

    return read_text


def refusal(read: Read, text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.hint
    return caught.value


def masses(*values: str) -> str:
    return "\n".join(f"{number} {value}" for number, value in enumerate(values, start=1))


def test_labels_of_atoms_that_are_not_in_the_order_of_ids() -> None:
    atoms = read_with_notices(DATA / "unsorted_labels_no_masses.data").atoms
    truth = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    found = {tuple(np.round(place, 3)): symbol for place, symbol in zip(atoms.positions, atoms.symbols, strict=True)}
    wanted = {tuple(np.round(place, 3)): symbol for place, symbol in zip(truth.positions, truth.symbols, strict=True)}
    assert found == wanted
    assert find_shortest_distance(atoms) == pytest.approx(2.82)


class TestMasses:
    def test_elements_masses_are_enough(self, read: Read) -> None:
        found = read(METHANOL.format(labels="", masses=masses("12.011", "1.008", "15.9994", "1.0")))
        assert str(found.atoms.symbols) == "CHOH"
        assert found.notices == ()

    def test_repartitioned_hydrogen_is_refused_with_what_was_seen(self, read: Read) -> None:
        """C 9.995 is no beryllium, H 3.024 no helium, and O 13.983 in such a file no nitrogen."""
        error = refusal(read, METHANOL.format(labels="", masses=masses("9.995", "3.024", "13.983", "3.024")))
        assert error.kind == "unknown_element"
        assert "mass 9.995" in error.message
        assert "mass 3.024" in error.message
        assert "Atom Type Labels" in error.hint

    def test_one_odd_mass_makes_the_others_doubtful(self, read: Read) -> None:
        error = refusal(read, METHANOL.format(labels="", masses=masses("12.011 # C", "3.024 # H", "13.983", "1.008")))
        assert "type 3 (mass 13.983)" in error.message

    @pytest.mark.parametrize("by", ["labels", "comments"])
    def test_labels_or_comments_tell_them(self, read: Read, by: str) -> None:
        names = ("C", "H", "O", "H")
        values = ("9.995", "3.024", "13.983", "3.024")
        commented = masses(*(f"{value}  # {name}" for value, name in zip(values, names, strict=True)))
        labels = "Atom Type Labels\n\n1 C\n2 H\n3 O\n4 H\n\n"
        found = read(
            METHANOL.format(
                labels=labels if by == "labels" else "", masses=masses(*values) if by == "labels" else commented
            )
        )
        assert str(found.atoms.symbols) == "CHOH"
        assert [notice.kind for notice in found.notices] == ["masses_changed"]
        assert "C 9.995" in found.notices[0].message
        assert "masses" not in found.atoms.arrays

    def test_a_label_against_a_mass_is_refused(self, read: Read) -> None:
        text = METHANOL.format(labels=LABELS, masses=masses("15.999", "1.008", "12.011", "1.008"))
        error = refusal(read, text)
        assert error.kind == "masses_disagree"
        assert "C by its label and O by its mass" in error.message

    def test_labels_that_are_no_symbols_leave_it_to_the_mass(self, read: Read) -> None:
        labels = "Atom Type Labels\n\n1 ct\n2 hc\n3 oh\n4 ho\n\n"
        found = read(METHANOL.format(labels=labels, masses=masses("12.011", "1.008", "15.999", "1.008")))
        assert str(found.atoms.symbols) == "CHOH"

    def test_deuterium_is_hydrogen(self, read: Read) -> None:
        found = read(METHANOL.format(labels="", masses=masses("12.011", "2.014", "15.999", "2.014")))
        assert str(found.atoms.symbols) == "CHOH"

    def test_atoms_may_name_labels_and_masses_too(self, read: Read) -> None:
        text = METHANOL.format(labels=LABELS.replace("HO", "Hx"), masses="C 12.011\nH 1.008\nO 15.999\nHx 1.008")
        for number, label in (("1", "C"), ("2", "H"), ("3", "O"), ("4", "Hx")):
            text = text.replace(f"\n{number} 1 {number} ", f"\n{number} 1 {label} ")
        assert str(read(text).atoms.symbols) == "CHOH"

    @pytest.mark.parametrize(
        ("mass", "element"),
        [
            (1.0, "H"),
            (12, "C"),
            (14.007, "N"),
            (16, "O"),
            (28.09, "Si"),
            (35.5, "Cl"),
            (55.85, "Fe"),
            (58.7, "Ni"),
            (58.93, "Co"),
            (63.5, "Cu"),
            (197, "Au"),
            (3.024, None),
            (9.95, None),
            (72.0, None),
            (2.014, "H"),
            (40.0, None),
            (0.0, None),
            (1e9, None),
            (float("nan"), None),
        ],
    )
    def test_which_element_has_a_mass(self, mass: float, element: str | None) -> None:
        assert mass_element(mass) == element


class TestData:
    text = METHANOL.format(labels="", masses=masses("12.011", "1.008", "15.9994", "1.0"))

    def test_image_flags_unfold(self, read: Read) -> None:
        found = read(self.text.replace("2.0 0.9 0.0", "2.0 0.9 0.0 1 0 -1").replace("1.4 0.0 0.0", "1.4 0.0 0.0 0 0 0"))
        assert found.atoms.positions[3] == pytest.approx([22.0, 0.9, -20.0])

    def test_a_charge_style_without_its_name(self, read: Read) -> None:
        text = self.text.replace("Atoms # full", "Atoms")
        rows = "1 1 0.5 0 0 0\n2 2 -0.5 1 0 0\n3 3 0.0 2 0 0\n4 4 0.0 3 0 0\n"
        found = read(text[: text.index("\n4 1 4")] + "\n" + rows)
        assert found.atoms.positions[:, 0] == pytest.approx([0, 1, 2, 3])

    def test_a_tilted_box(self, read: Read) -> None:
        found = read(self.text.replace("0 20 zlo zhi", "0 20 zlo zhi\n5 1 2 xy xz yz"))
        assert found.atoms.cell.array == pytest.approx(np.array([[20, 0, 0], [5, 20, 0], [1, 2, 20]]))

    @pytest.mark.parametrize(
        ("old", "new", "kind"),
        [
            ("# full", "# peri", "unknown_style"),
            ("methanol", "LAMMPS data file, units = lj,", "unknown_units"),
            ("4 atoms", "5 atoms", "unreadable_structure"),
            ("\n3 1 3", "\n2 1 3", "unreadable_structure"),
            ("-0.6 1.4", "-0.6 x", "unreadable_structure"),
            ("4 1 4 0.4 2.0", "4 1 4 0.4 1e21", "too_far"),
        ],
    )
    def test_damage_is_named(self, read: Read, old: str, new: str, kind: str) -> None:
        assert refusal(read, self.text.replace(old, new)).kind == kind


DUMP = (
    "ITEM: UNITS\nmetal\nITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS {box}\n"
    "ITEM: ATOMS {columns}\n{rows}\n"
)
BOX = "pp pp pp\n0 4\n0 5\n0 6"


class TestDump:
    def test_type_numbers_are_no_elements(self, read: Read) -> None:
        error = refusal(read, DUMP.format(box=BOX, columns="id type x y z", rows="1 11 0 0 0\n2 17 2 2 2"))
        assert error.kind == "unknown_element"
        assert "element" in error.hint

    def test_the_default_element_of_several_types_is_none(self, read: Read) -> None:
        """LAMMPS writes C for each type that dump_modify gives no element."""
        error = refusal(read, DUMP.format(box=BOX, columns="id type element x y z", rows="1 1 C 0 0 0\n2 2 C 2 2 2"))
        assert "dump_modify" in error.message

    def test_symbols_are_sorted_with_their_atoms(self, read: Read) -> None:
        found = read(DUMP.format(box=BOX, columns="id element x y z", rows="2 Cl 2 2 2\n1 Na 0 0 0"))
        assert str(found.atoms.symbols) == "NaCl"
        assert found.atoms.positions[1] == pytest.approx([2, 2, 2])
        assert all(found.atoms.pbc)

    def test_masses_tell_and_odd_ones_do_not(self, read: Read) -> None:
        rows = "1 22.99 0 0 0\n2 35.45 2 2 2"
        assert str(read(DUMP.format(box=BOX, columns="id mass x y z", rows=rows)).atoms.symbols) == "NaCl"
        odd = DUMP.format(box=BOX, columns="id mass x y z", rows=rows.replace("22.99", "3.024"))
        assert "3.024" in refusal(read, odd).message

    def test_scaled_positions_in_a_tilted_box_that_is_open_on_one_side(self, read: Read) -> None:
        box = "xy xz yz pp pp ff\n0 5 1\n0 5 0\n1 6 0"
        found = read(DUMP.format(box=box, columns="id element xs ys zs", rows="1 Na 0 0 0\n2 Cl 0.5 0.5 0.5"))
        assert found.atoms.cell.array == pytest.approx(np.array([[4, 0, 0], [1, 5, 0], [0, 0, 5]]))
        assert found.atoms.positions == pytest.approx(np.array([[0, 0, 1], [2.5, 2.5, 3.5]]))
        assert found.atoms.pbc.tolist() == [True, True, False]

    def test_forces_come_without_an_energy(self, tmp_path: Path) -> None:
        path = tmp_path / "run.lammpstrj"
        columns = "id element x y z fx fy fz"
        frame = DUMP.format(box=BOX, columns=columns, rows="2 Cl 2 2 2 -1 0 0\n1 Na 0 0 0 1 0 0")
        path.write_text(frame + frame.split("metal\n")[1])
        frames = list(read_labels(path))
        assert len(frames) == len(list(iterate_frames(path))) == 2
        assert frames[1].energy_ev is None
        assert frames[1].forces_ev_per_angstrom == pytest.approx(np.array([[1, 0, 0], [-1, 0, 0]]))

    @pytest.mark.parametrize(("index", "x"), [("0", 0.0), ("1", 1.0), ("-1", 2.0), ("-3", 0.0), ("2", 2.0)])
    def test_one_frame_of_several(self, tmp_path: Path, index: str, x: float) -> None:
        path = tmp_path / "run.lammpstrj"
        path.write_text(
            "".join(
                DUMP.format(box=BOX, columns="id element x y z", rows=f"1 Na {x} 0 0\n2 Cl 2 2 2") for x in range(3)
            )
        )
        assert read_with_notices(path, index=index).atoms.positions[0, 0] == x
        with pytest.raises(InputError, match="3 frames"):
            read_with_notices(path, index="3")
