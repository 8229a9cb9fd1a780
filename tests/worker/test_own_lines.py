"""A pair style of the user's own by its lines, without LAMMPS."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlipguide.worker.failures import WorkerError
from mlipguide.worker.lammps.own_lines import with_cutoff
from mlipguide.worker.lammps.potential import Potential, read_potential


def read(folder: Path, text: str) -> Potential:
    path = folder / "own.lammps"
    path.write_text(text, encoding="utf-8")
    return read_potential(path)


def test_lines_name_files_beside_them_and_the_elements_of_the_types(tmp_path: Path) -> None:
    file = tmp_path / "CuNi.alloy"
    file.write_text("table\n", encoding="utf-8")
    found = read(tmp_path, "# an alloy\npair_style eam/alloy\npair_coeff * * CuNi.alloy & \n Cu Ni # types\n")
    assert found.elements == ("Cu", "Ni")
    assert (found.parameters, found.units, found.pair_style) == (None, "metal", "eam/alloy")
    assert found.commands() == ("pair_style eam/alloy", f'pair_coeff * * "{file}" Cu Ni')


def test_isotopes_get_types_of_their_own_where_the_line_is_for_all_pairs(tmp_path: Path) -> None:
    found = read(tmp_path, "pair_style tersoff\npair_coeff * * library.meam Si C own.tersoff Si C\n")
    assert found.commands(("Si", "C", "C"))[1] == "pair_coeff * * library.meam Si C own.tersoff Si C C"


def test_a_labelmap_says_the_elements_where_no_line_does(tmp_path: Path) -> None:
    found = read(tmp_path, "units real\npair_style lj/cut 8.0\npair_coeff 1 1 0.23 3.4\nlabelmap atom 1 Ar\n")
    assert (found.elements, found.units) == (("Ar",), "real")
    assert found.commands(("Ar",)) == ("pair_style lj/cut 8.0", "pair_coeff 1 1 0.23 3.4")
    with pytest.raises(WorkerError, match="more atom types"):
        found.commands(("Ar", "Ar"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pair_style lj/cut 8.0\npair_coeff 1 1 0.23 3.4\n", "does not say the elements .* 'labelmap atom 1 Cu"),
        ("pair_style eam\nshell rm -rf /\n", "has the line 'shell rm -rf /'; taken are pair_style"),
        ("units lj\npair_style lj/cut 2.5\n", "has units lj; known are metal and real"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(WorkerError, match=message) as caught:
        read(tmp_path, text)
    assert caught.value.kind == "weights"


class _Lammps:
    """Writes into its log what LAMMPS writes of its lists."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._log: Path | None = None
        self.commands: list[str] = []

    def command(self, line: str) -> None:
        self.commands.append(line)
        if line.startswith("log /"):
            self._log = Path(line.split()[1])
        if line.startswith("run ") and self._log is not None:
            self._log.write_text(self._words, encoding="utf-8")


def test_the_cutoff_is_what_lammps_says_of_its_list(tmp_path: Path) -> None:
    found = read(tmp_path, "pair_style tersoff\npair_coeff * * own.tersoff Si C\n")
    lammps = _Lammps("Neighbor list info ...\n  master list distance cutoff = 3.2\n  ghost atom cutoff = 6.4\n")
    assert with_cutoff(found, lammps).cutoff_angstrom == pytest.approx(3.2)
    assert "create_box 2 cell" in lammps.commands
    with pytest.raises(WorkerError, match="does not say the cutoff of pair_style tersoff"):
        with_cutoff(found, _Lammps("Total wall time: 0:00:00\n"))
