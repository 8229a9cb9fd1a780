"""Reading: every malformed file gives one clear InputError."""

from __future__ import annotations

import gzip
import resource
import warnings
from collections.abc import Callable
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase.build import bulk

from mlipguide.core.errors import InputError
from mlipguide.structures.checks import check_structure
from mlipguide.structures.files import read_structure

EXAMPLES = Path(__file__).parents[2] / "configs" / "structures"

CIF = """data_x
_cell_length_a 4.2
_cell_length_b 4.2
_cell_length_c 4.2
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Fe1 Fe 0 0 0 {fe}
{more}O1 O 0.5 0.5 0.5 1.0
"""

LAMMPS = """made by hand

2 atoms
2 atom types

0 5 xlo xhi
0 5 ylo yhi
0 5 zlo zhi

{masses}Atoms # atomic

1 1 0 0 0
2 2 2 2 2
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def write_file(name: str, contents: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        return path

    return write_file


Write = Callable[[str, "str | bytes"], Path]


def refuse(path: Path, index: str | None = None) -> InputError:
    with pytest.raises(InputError) as caught:
        read_structure(path, index=index)
    assert caught.value.hint
    assert "Traceback" not in caught.value.message
    assert "\n" not in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("name", "formula", "periodic"),
    [
        ("LiFePO4.cif", "Fe4Li4O16P4", True),
        ("Si.POSCAR", "Si8", True),
        ("ethanol.xyz", "C2H6O", False),
        ("water.extxyz", "H16O8", True),
    ],
)
def test_examples_are_read_and_pass_the_checks(name: str, formula: str, periodic: bool) -> None:
    atoms = read_structure(EXAMPLES / name)
    assert atoms.get_chemical_formula("hill") == formula
    assert all(atoms.pbc) is periodic
    kinds = [notice.kind for notice in check_structure(atoms, source=name)]
    assert kinds == ([] if periodic else ["no_cell"])


@pytest.mark.parametrize("name", ["a.cif", "POSCAR", "a.extxyz", "a.xsf", "a.pdb", "a.traj", "a.vasp", "a.json"])
def test_what_ase_writes_comes_back(tmp_path: Path, name: str) -> None:
    atoms = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    path = tmp_path / name
    ase.io.write(path, atoms, format="vasp" if name.endswith("vasp") else None)
    again = read_structure(path)
    assert sorted(again.numbers) == sorted(atoms.numbers)
    assert again.cell.volume == pytest.approx(atoms.cell.volume, rel=1e-4)
    assert again.calc is None


def test_a_compressed_file_is_read(write: Write) -> None:
    assert len(read_structure(write("w.extxyz.gz", gzip.compress((EXAMPLES / "water.extxyz").read_bytes())))) == 24


def test_an_at_sign_belongs_to_the_name(write: Write) -> None:
    assert len(read_structure(write("run@1.xyz", (EXAMPLES / "ethanol.xyz").read_bytes()))) == 9


class TestIndex:
    path = EXAMPLES / "water.extxyz"

    def test_the_last_frame_is_the_default(self) -> None:
        frames = list(ase.io.iread(self.path, index=":"))
        assert np.allclose(read_structure(self.path).positions, frames[2].positions)

    @pytest.mark.parametrize(("index", "frame"), [("0", 0), ("1", 1), ("+2", 2), ("-1", 2), ("-2", 1), ("-3", 0)])
    def test_one_frame_is_picked(self, index: str, frame: int) -> None:
        frames = list(ase.io.iread(self.path, index=":"))
        assert np.allclose(read_structure(self.path, index=index).positions, frames[frame].positions)

    @pytest.mark.parametrize("index", ["3", "17", "-4", "-100"])
    def test_outside_says_how_many_there_are(self, index: str) -> None:
        error = refuse(self.path, index)
        assert "3 frames" in error.message
        assert error.kind == "bad_index"

    @pytest.mark.parametrize("index", ["1", "-2"])
    def test_a_format_of_one_frame_has_one(self, index: str) -> None:
        assert "1 frame," in refuse(EXAMPLES / "Si.POSCAR", index).message

    @pytest.mark.parametrize("index", [":", "0:2", "::-1"])
    def test_a_slice_is_refused(self, index: str) -> None:
        assert "slice" in refuse(self.path, index).message

    @pytest.mark.parametrize("index", ["", "last", "1.5", "1e2", "9" * 40])
    def test_nonsense_is_refused(self, index: str) -> None:
        assert "not a whole number" in refuse(self.path, index).message


class TestUnusableFiles:
    def test_missing(self, tmp_path: Path) -> None:
        assert refuse(tmp_path / "no.cif").kind == "missing_file"

    def test_folder(self, tmp_path: Path) -> None:
        assert "folder" in refuse(tmp_path).message

    def test_name_that_no_file_can_have(self) -> None:
        refuse(Path("a" * 5000 + ".cif"))
        refuse(Path("a\0.cif"))

    @pytest.mark.parametrize("name", ["a.cif", "POSCAR", "a.xyz", "a.data", "a.unknown"])
    @pytest.mark.parametrize("contents", ["", " \n\n"])
    def test_empty(self, write: Write, name: str, contents: str) -> None:
        assert refuse(write(name, contents)).kind == "empty_file"

    @pytest.mark.parametrize(
        "name",
        [
            "a.cif",
            "POSCAR",
            "a.xyz",
            "a.extxyz",
            "a.pdb",
            "a.data",
            "a.traj",
            "a.xsf",
            "a.json",
            "a.db",
            "a.gz",
            "a.bin",
            "a",
        ],
    )
    def test_binary_garbage(self, write: Write, name: str) -> None:
        garbage = np.random.default_rng(0).integers(0, 256, 4096, dtype=np.uint8).tobytes()
        refuse(write(name, garbage))

    def test_unknown_format(self, write: Write) -> None:
        assert refuse(write("a.docx", "hello world\n")).kind == "unknown_format"
        assert refuse(write("noending", "hello world\n")).kind == "unknown_format"

    @pytest.mark.parametrize("share", [0.15, 0.4, 0.7, 0.95])
    @pytest.mark.parametrize("name", ["LiFePO4.cif", "Si.POSCAR", "ethanol.xyz"])
    def test_truncated(self, write: Write, name: str, share: float) -> None:
        text = (EXAMPLES / name).read_text()
        cut = text[: int(len(text) * share)]
        if name == "Si.POSCAR" and share == 0.95:
            cut = cut.rsplit(maxsplit=1)[0]  # the last row without its last number
        assert refuse(write(name, cut)).kind in {"unreadable_structure", "no_atoms", "unknown_format"}

    def test_a_trajectory_whose_end_is_cut_off_still_has_its_first_frames(self, write: Write) -> None:
        text = (EXAMPLES / "water.extxyz").read_text()
        path = write("run.extxyz", text[:-300])
        assert "--index" in refuse(path).hint
        assert len(read_structure(path, index="1")) == 24

    @pytest.mark.parametrize("count", ["99999999999999", "9" * 100])
    def test_a_count_that_cannot_be_is_not_counted_through(self, write: Write, count: str) -> None:
        assert "announces" in refuse(write("a.xyz", f"{count}\n\nH 0 0 0\n")).message

    def test_a_count_that_fills_the_memory_is_refused_before_it_does(self, write: Write) -> None:
        lines = ["Si", "1.0", "5 0 0", "0 5 0", "0 0 5", "Si", "1500000000", "Direct", "0 0 0", ""]
        path = write("Si.POSCAR", "\n".join(lines))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert "needs more memory than a file of its size can" in refuse(path).message
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 2**20, "KiB"

    def test_any_exception_of_a_reader_is_worded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for error in (RuntimeError("odd\nsecond line"), MemoryError(), SystemExit(3), RecursionError("deep")):

            def fail(*_: object, error: BaseException = error, **__: object) -> None:
                raise error

            monkeypatch.setattr(ase.io, "read", fail)
            refuse(EXAMPLES / "Si.POSCAR")

    def test_ctrl_c_passes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(ase.io, "read", interrupt)
        with pytest.raises(KeyboardInterrupt):
            read_structure(EXAMPLES / "Si.POSCAR")

    def test_warnings_and_prints_of_a_reader_stay_inside(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def chat(*_: object, **__: object) -> ase.Atoms:
            warnings.warn("beware", stacklevel=1)
            print("progress")  # noqa: T201  # what a careless reader does
            return bulk("Cu")

        monkeypatch.setattr(ase.io, "read", chat)
        assert len(read_structure(EXAMPLES / "Si.POSCAR")) == 1
        assert capsys.readouterr().out == ""


class TestUnusableContents:
    def test_partial_occupancy_names_the_sites(self, write: Write) -> None:
        error = refuse(write("p.cif", CIF.format(fe=0.6, more="Ni1 Ni 0 0 0 0.4\n")))
        assert error.kind == "partial_occupancy"
        assert "Fe1 (0.6)" in error.message
        assert "Ni1 (0.4)" in error.message
        assert "ordered supercell" in error.hint

    def test_vacancies(self, write: Write) -> None:
        assert "Fe1 (0.97)" in refuse(write("p.cif", CIF.format(fe=0.97, more=""))).message

    def test_two_whole_species_on_one_site(self, write: Write) -> None:
        assert refuse(write("p.cif", CIF.format(fe=1.0, more="Ni1 Ni 0 0 0 1.0\n"))).kind == "partial_occupancy"

    def test_full_occupancy_is_fine(self, write: Write) -> None:
        assert len(read_structure(write("p.cif", CIF.format(fe=1.0, more="")))) == 2

    def test_partial_occupancy_in_pdb(self, write: Write) -> None:
        line = "ATOM      1  N   ALA A   1      11.104   6.134  -6.504  {:4.2f}  0.00           N\nEND\n"
        assert refuse(write("a.pdb", line.format(0.5))).kind == "partial_occupancy"
        assert len(read_structure(write("b.pdb", line.format(0.0)))) == 1

    @pytest.mark.parametrize("symbol", ["Qq", "X", "Zz9"])
    def test_unknown_elements(self, write: Write, symbol: str) -> None:
        assert refuse(write("a.xyz", f"1\nc\n{symbol} 0 0 0\n")).kind == "unknown_element"

    @pytest.mark.parametrize("name", ["a.data", "data.lammps", "system.lmp"])
    def test_lammps_data_without_elements(self, write: Write, name: str) -> None:
        error = refuse(write(name, LAMMPS.format(masses="")))
        assert error.kind == "unknown_element"
        assert "Masses" in error.hint

    def test_lammps_data_with_masses(self, write: Write) -> None:
        masses = "Masses\n\n1 22.99\n2 35.45\n\n"
        assert str(read_structure(write("a.data", LAMMPS.format(masses=masses))).symbols) == "NaCl"

    @pytest.mark.parametrize(
        ("columns", "row", "known"), [("id type x y z", "1 1", False), ("id element x y z", "1 Cu", True)]
    )
    def test_lammps_dump(self, write: Write, columns: str, row: str, known: bool) -> None:
        text = (
            "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n0 4\n0 4\n0 4\n"
            f"ITEM: ATOMS {columns}\n{row} 0 0 0\n"
        )
        path = write("a.lammpstrj", text)
        if known:
            assert str(read_structure(path).symbols) == "Cu"
        else:
            assert "element" in refuse(path).hint

    @pytest.mark.parametrize("number", ["nan", "inf"])
    def test_positions_that_are_not_finite(self, write: Write, number: str) -> None:
        assert refuse(write("a.xyz", f"1\nc\nH {number} 0 0\n")).kind == "not_finite"

    @pytest.mark.parametrize("vector", ["0 0 0", "1 1 1"])
    def test_cell_without_volume(self, write: Write, vector: str) -> None:
        text = f"c\n1.0\n{vector}\n{vector}\n{vector}\nSi\n1\nDirect\n0 0 0\n"
        assert refuse(write("POSCAR", text)).kind in {"missing_cell", "flat_cell"}

    def test_no_atoms(self, write: Write) -> None:
        assert refuse(write("a.xyz", "0\nnothing\n")).kind == "no_atoms"
