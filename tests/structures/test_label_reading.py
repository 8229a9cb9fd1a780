"""Labels are found under their usual names, and files that are damaged are refused with the frame."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import ase.io
import pytest
from ase.db import connect

from labelled import DATA, rattled, write
from mlipguide.core.errors import InputError
from mlipguide.records.requests.label_names import LabelKeys
from mlipguide.structures.labels import read_labels

HEAD = '2\nLattice="4 0 0 0 4 0 0 0 4" pbc="T T T" Properties=species:S:1:pos:R:3{arrays} {info}\n'


def file_with(tmp_path: Path, *, arrays: str = "", info: str = "", columns: str = "", rows: int = 2) -> Path:
    path = tmp_path / "labels.extxyz"
    lines = "".join(f"Cu {i}.0 0.0 0.0 {columns}\n" for i in range(rows))
    path.write_text(HEAD.format(arrays=arrays, info=info) + lines, encoding="utf-8")
    return path


@pytest.mark.parametrize("energy", ["energy", "REF_energy", "dft_energy", "total_energy", "free_energy", "TotEnergy"])
@pytest.mark.parametrize("forces", ["forces", "REF_forces", "dft_force", "force"])
def test_usual_names_are_found(tmp_path: Path, energy: str, forces: str) -> None:
    if energy == "TotEnergy":
        energy = "Energy"
    path = file_with(tmp_path, arrays=f":{forces}:R:3", info=f"{energy}=-7.5", columns="0.1 0.2 0.3")
    (frame,) = read_labels(path)
    assert frame.energy_ev == -7.5
    assert frame.forces_ev_per_angstrom is not None
    assert frame.forces_ev_per_angstrom.tolist() == [[0.1, 0.2, 0.3]] * 2
    assert (frame.keys.energy, frame.keys.forces) == (energy, forces)


def test_what_a_model_said_is_no_reference(tmp_path: Path) -> None:
    path = file_with(tmp_path, info="MACE_energy=-1 REF_energy=-2 formation_energy=-3")
    (frame,) = read_labels(path)
    assert frame.energy_ev == -2


def test_names_whose_values_differ_are_asked_about(tmp_path: Path) -> None:
    path = file_with(tmp_path, info="energy=-1 REF_energy=-2")
    with pytest.raises(InputError, match=r"energy, REF_energy|REF_energy, energy") as caught:
        list(read_labels(path))
    assert "--energy-key" in caught.value.hint
    (frame,) = read_labels(path, LabelKeys(energy="energy"))
    assert frame.energy_ev == -1


def test_names_whose_values_agree_are_not(tmp_path: Path) -> None:
    (frame,) = read_labels(file_with(tmp_path, info="energy=-2 REF_energy=-2"))
    assert frame.energy_ev == -2


def test_a_free_energy_beside_the_energy_is_mentioned_and_not_read(tmp_path: Path) -> None:
    (frame,) = read_labels(file_with(tmp_path, info="energy=-2 free_energy=-2.1"))
    assert (frame.energy_ev, frame.keys.free_energy) == (-2, "free_energy")


def test_a_virial_becomes_a_stress(tmp_path: Path) -> None:
    path = file_with(tmp_path, info='energy=0 virial="-64 0 0 0 -128 0 0 0 -192"')
    (frame,) = read_labels(path)
    assert frame.stress_ev_per_angstrom3 is not None
    assert frame.stress_ev_per_angstrom3.tolist() == pytest.approx([1, 2, 3, 0, 0, 0])


def test_a_name_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="REF_enrgy") as caught:
        list(read_labels(file_with(tmp_path, info="REF_energy=-2"), LabelKeys(energy="REF_enrgy")))
    assert "REF_energy" in caught.value.message


def test_databases_and_excerpts_are_read(tmp_path: Path) -> None:
    frames = rattled(3)
    with connect(tmp_path / "labels.db") as database:
        for one in frames:
            database.write(one, config_type="a")
    found = list(read_labels(tmp_path / "labels.db"))
    assert [one.energy_ev for one in found] == pytest.approx([one.get_potential_energy() for one in frames])
    assert {one.group for one in found} == {"a"}
    for name, elements in (("Si", {"Si"}), ("Li", {"Li"})):
        excerpt = list(read_labels(DATA / f"{name}.extxyz"))
        assert len(excerpt) == 8
        assert {symbol for one in excerpt for symbol in one.atoms.symbols} == elements
        assert all(one.forces_ev_per_angstrom is not None and one.group for one in excerpt)


def test_trajectories_are_read(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "run.traj", rattled(2))
    assert [one.energy_ev is not None for one in read_labels(tmp_path / "run.traj")] == [True, True]


def broken(tmp_path: Path, change: str) -> Path:
    path = write(tmp_path / "labels.extxyz", rattled(3))
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    second = 34  # 32 atoms and two lines a frame
    if change == "truncated":
        lines = lines[:-5]
    elif change == "too few rows":
        del lines[second + 5]
    elif change == "too many rows":
        lines.insert(second + 5, lines[second + 5])
    elif change == "nan":
        words = lines[second + 3].split()
        lines[second + 3] = " ".join([*words[:-1], "nan"]) + "\n"
    elif change == "too few columns":
        lines[second + 3] = "Cu 0.0 0.0\n"
    elif change == "words":
        lines[second + 3] = lines[second + 3].replace("Cu", "Cu ***", 1)
    elif change == "empty":
        lines = []
    elif change == "blank":
        lines = ["\n", "\n"]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("truncated", "frame 2: it announces 32 atoms, and the file ends after 27"),
        ("too few rows", "frame [12]: "),
        ("too many rows", "frame 2: a number of atoms is expected"),
        ("nan", "frame 1: forces of atom 1 is NaN"),
        ("too few columns", "frame 1: "),
        ("words", "frame 1: "),
        ("empty", "is empty"),
        ("blank", "is empty"),
    ],
)
def test_damaged_files_are_refused_with_the_frame(tmp_path: Path, change: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        list(read_labels(broken(tmp_path, change)))
    assert caught.value.hint


def test_a_count_that_fills_the_memory_is_refused_before_it_does(tmp_path: Path) -> None:
    path = tmp_path / "Si.POSCAR"
    path.write_text("Si\n1.0\n5 0 0\n0 5 0\n0 0 5\nSi\n1500000000\nDirect\n0 0 0\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"frame 0: .* needs more memory than a file of its size can"):
        list(read_labels(path))


def test_files_without_labels_are_refused_with_what_they_hold(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no frame has energies or forces") as caught:
        list(read_labels(file_with(tmp_path, info="band_gap=1.0")))
    assert "band_gap" in caught.value.hint


def test_forces_of_another_shape_are_refused(tmp_path: Path) -> None:
    path = file_with(tmp_path, arrays=":forces:R:2", columns="0.1 0.2")
    with pytest.raises(InputError, match="2 × 2; 2 × 3 is expected"):
        list(read_labels(path))


def test_long_files_give_their_first_frame_at_once(tmp_path: Path) -> None:
    """The rest is damaged: who reads ahead stumbles over it."""
    path = write(tmp_path / "labels.extxyz", rattled(1))
    with path.open("a", encoding="utf-8") as stream:
        stream.write("damage\n")
    frames = read_labels(path)
    assert next(frames).index == 0
    with pytest.raises(InputError, match="frame 1"):
        next(frames)


def test_memory_does_not_grow_with_the_number_of_frames(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.extxyz", rattled(4))
    text = path.read_text(encoding="utf-8")
    code = (
        "import resource, sys; from pathlib import Path; from mlipguide.structures.labels import read_labels\n"
        "frames = read_labels(Path(sys.argv[1])); next(frames)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "count = 1 + sum(1 for _ in frames)\n"
        "print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    path.write_text(text * 500, encoding="utf-8")  # 2000 frames, 8 MB: 40 MB and more as Atoms
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    count, grown_kib = map(int, done.stdout.split())
    assert count == 2000
    assert grown_kib < 8_000


@pytest.mark.parametrize(
    ("info", "kelvin"),
    [
        ("temperature=300", 300.0),
        ("temp=450.5", 450.5),
        ("T=900", 900.0),
        ("temperature_K=1200.0", 1200.0),
        ("temperature=-5", None),
        ("temperature=nan", None),
        ("temperature=hot", None),
        ('temperature="1 2 3"', None),
        ("config_type=MD_300K", None),
        ("group=AIMD-300", None),
    ],
)
def test_a_temperature_is_kept_where_a_file_states_it(tmp_path: Path, info: str, kelvin: float | None) -> None:
    (frame,) = read_labels(file_with(tmp_path, info=f"energy=-1 {info}"))
    assert frame.temperature_k == kelvin


PLAIN = 'Properties=species:S:1:pos:R:3:forces:R:3 energy=-1.0 pbc="T T T"'


@pytest.mark.parametrize(
    ("atoms", "cell", "words"),
    [
        (1, "-1e300 0 0 0 7 0 0 0 7", "1e\\+300 Å"),
        (1, "7 0 0 7 0 0 0 0 7", "volume"),
        (0, "7 0 0 0 7 0 0 0 7", "a number of atoms is expected"),
    ],
)
def test_a_frame_that_is_no_structure_is_refused_by_its_number(
    tmp_path: Path, atoms: int, cell: str, words: str
) -> None:
    good, row = f'1\nLattice="7 0 0 0 7 0 0 0 7" {PLAIN}\n', "Cu 0 0 0 0 0 0\n"
    path = tmp_path / "frames.extxyz"
    path.write_text(f'{good}{row}{atoms}\nLattice="{cell}" {PLAIN}\n{row * atoms}', encoding="utf-8")
    with pytest.raises(InputError, match=f"frame 1: .*{words}"):
        list(read_labels(path))
