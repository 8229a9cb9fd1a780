"""What LAMMPS is given and what it says, without LAMMPS: boxes, potentials by their files, logs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from mlipguide.worker.failures import WorkerError
from mlipguide.worker.geometry import right_handed
from mlipguide.worker.lammps.boxes import box_of
from mlipguide.worker.lammps.loop_log import read_loop_times
from mlipguide.worker.lammps.potential import read_potential

LOG = """
log "loop.log"
run 3 pre no post yes
WARNING: something harmless
Per MPI rank memory allocation (min/avg/max) = 2.9 | 2.9 | 2.9 Mbytes
   Step          CPU
        98   0
        99   0.0125
       100   0.0245
       101   0.0400
Loop time of 0.0402 on 2 procs for 3 steps with 1000 atoms

Performance: 6.350 ns/day, 3.779 hours/ns, 73.501 timesteps/s, 4.704 katom-step/s
22.5% CPU use with 2 MPI tasks x 1 OpenMP threads

MPI task timing breakdown:
Section |  min time  |  avg time  |  max time  |%varavg| %total
---------------------------------------------------------------
Pair    | 0.0301     | 0.03216    | 0.0342     |   0.0 | 80.00
Neigh   | 0.0010     | 0.00201    | 0.0030     |   0.0 |  5.00
Comm    | 0.0010     | 0.00201    | 0.0030     |   0.0 |  5.00
Output  | 0.0001     | 0.0001     | 0.0001     |   0.0 |  0.18
Modify  | 0.0005     | 0.0005     | 0.0005     |   0.0 |  0.04
Other   |            | 0.0034     |            |       |  8.50
"""


def test_a_log_gives_the_time_of_each_step_and_the_shares() -> None:
    times = read_loop_times(LOG)
    assert times.steps_s == pytest.approx((0.0125, 0.012, 0.0155))
    assert times.loop_s == 0.0402
    assert times.pair_share == pytest.approx(0.8)
    assert times.forces_share == pytest.approx(0.9)


@pytest.mark.parametrize(
    "broken",
    ["", LOG.replace("        99   0.0125\n", ""), LOG.replace("Loop time of", "Loop"), LOG.replace("Pair ", "Pear ")],
)
def test_another_log_is_refused(broken: str) -> None:
    with pytest.raises(WorkerError) as raised:
        read_loop_times(broken)
    assert raised.value.kind == "backend"


def skewed() -> Atoms:
    atoms: Atoms = bulk("NaCl", "rocksalt", a=5.6)
    atoms.rattle(0.1, seed=1)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.03 * np.arange(9).reshape(3, 3)), scale_atoms=True)
    atoms.rotate(33, (1, 2, 3), rotate_cell=True)
    return atoms


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 0, 2]], ids=["right-handed", "left-handed"])
def test_a_box_is_the_same_crystal_turned(order: list[int]) -> None:
    atoms = skewed()
    atoms.set_cell(atoms.cell.array[order])
    box = box_of(atoms, ("Cl", "Na"), margin=10)
    assert box.cell == pytest.approx(np.tril(box.cell), abs=1e-12)
    assert (np.diag(box.cell) > 0).all()
    assert box.rotation @ box.rotation.T == pytest.approx(np.eye(3), abs=1e-12)
    assert box.back(box.cell) == pytest.approx(atoms.cell.array)
    assert box.types == [2, 1]
    turned = Atoms(numbers=atoms.numbers, positions=box.positions, cell=box.cell, pbc=True)
    scaled = turned.get_scaled_positions(wrap=False)
    assert (scaled >= 0).all()
    assert (scaled < 1).all()
    assert turned.get_distance(0, 1, mic=True) == pytest.approx(atoms.get_distance(0, 1, mic=True))
    vectors = np.arange(6.0).reshape(2, 3)
    assert box.back(box.into(vectors)) == pytest.approx(vectors)
    tensor = np.diag([1.0, 2.0, 3.0])
    assert np.trace(box.tensor_back(tensor)) == pytest.approx(6)
    # A force times a displacement is the same number in both frames, and so is a tensor between two vectors.
    left, right = vectors
    assert left @ box.tensor_back(tensor) @ right == pytest.approx(box.into(left) @ tensor @ box.into(right))


def test_a_molecule_gets_a_box_with_room() -> None:
    water = molecule("H2O")
    box = box_of(water, ("H", "O"), margin=10)
    turned = Atoms(numbers=water.numbers, positions=box.positions, cell=box.cell, pbc=True)
    assert turned.get_all_distances(mic=True) == pytest.approx(water.get_all_distances())
    images = np.linalg.norm(box.cell, axis=1)
    assert (images >= 10).all()


def test_a_slab_keeps_its_cell_along_the_surface() -> None:
    from ase.build import fcc111

    slab = fcc111("Cu", (2, 2, 3))
    slab.pbc = (True, True, False)
    box = box_of(slab, ("Cu",), margin=10)
    assert np.linalg.norm(box.cell[:2], axis=1) == pytest.approx(slab.cell.lengths()[:2])
    assert box.cell[2, 2] == pytest.approx(np.ptp(slab.positions[:, 2]) + 10)


def potential_in(folder: Path, **changes: object) -> Path:
    files = {}
    for name in ("a.pod", "b.pod"):
        (folder / name).write_text(name, encoding="utf-8")
        files[name] = hashlib.sha256(name.encode()).hexdigest()
    content = {
        "format": 1,
        "pair_style": "pod",
        "files": files,
        "elements": ["Si", "O"],
        "cutoff_angstrom": 5.0,
        "parameters": 7,
        **changes,
    }
    path = folder / "potential.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_potential_is_named_by_one_file(tmp_path: Path) -> None:
    potential = read_potential(potential_in(tmp_path))
    style, coefficients = potential.commands()
    assert style == "pair_style pod"
    assert coefficients == f'pair_coeff * * "{tmp_path}/a.pod" "{tmp_path}/b.pod" Si O'


def test_another_file_under_the_same_name_is_refused(tmp_path: Path) -> None:
    path = potential_in(tmp_path)
    (tmp_path / "b.pod").write_text("other", encoding="utf-8")
    with pytest.raises(WorkerError, match=r"b\.pod.*is not the file") as raised:
        read_potential(path)
    assert raised.value.kind == "weights"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "format 2"),
        ({"pair_style": "tersoff"}, "tersoff"),
        ({"files": ["a.pod"]}, "does not name a potential"),
        ({"parameters": None}, "does not name a potential"),
    ],
)
def test_a_file_that_names_no_potential_is_refused(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    with pytest.raises(WorkerError, match=words) as raised:
        read_potential(potential_in(tmp_path, **changes))
    assert raised.value.kind == "weights"


def test_isotopes_are_types_of_their_own_with_the_element_of_the_potential(tmp_path: Path) -> None:
    atoms = bulk("Si", cubic=True)
    plain = box_of(atoms, ("Ge", "Si"), margin=1.0)
    assert plain.types == [2] * 8
    masses = atoms.get_masses()
    masses[[1, 4]] = 29.97
    atoms.set_masses(masses)
    box = box_of(atoms, ("Ge", "Si"), margin=1.0)
    assert box.kinds == [("Ge", 72.63), ("Si", 28.085), ("Si", 29.97)]
    assert box.types == [2, 3, 2, 2, 3, 2, 2, 2]
    assert box.commands("metal", "atomic")[-1] == "create_box 3 cell"
    potential = read_potential(potential_in(tmp_path))
    assert potential.commands([symbol for symbol, _ in box.kinds])[1].endswith('" Ge Si Si')


def test_a_left_handed_cell_becomes_right_handed_with_the_same_distances() -> None:
    atoms = bulk("Si", cubic=True)
    atoms.rattle(0.3, seed=1)
    atoms.set_cell(atoms.cell.array @ np.array([[1, 0.1, 0], [0, 1, 0.05], [0.08, 0, 1]]), scale_atoms=True)
    atoms.set_cell(atoms.cell.array[[1, 0, 2]])
    assert atoms.cell.handedness == -1
    box = box_of(atoms, ("Si",), margin=1.0)
    assert np.linalg.det(box.cell) > 0
    there = Atoms("Si8", positions=box.positions, cell=box.cell, pbc=True)
    assert there.get_all_distances(mic=True) == pytest.approx(atoms.get_all_distances(mic=True), abs=1e-9)
    vector = np.array([[0.3, -0.7, 1.1]])
    assert box.back(box.into(vector)) == pytest.approx(vector)


def test_a_cell_can_be_made_right_handed_and_is_the_same_crystal() -> None:
    atoms = bulk("Si", cubic=True)
    atoms.rattle(0.3, seed=1)
    assert right_handed(atoms) is atoms
    atoms.set_cell(atoms.cell.array[[1, 0, 2]])
    turned = right_handed(atoms)
    assert (atoms.cell.handedness, turned.cell.handedness) == (-1, 1)
    assert turned.positions.tolist() == atoms.positions.tolist()
    assert turned.get_all_distances(mic=True) == pytest.approx(atoms.get_all_distances(mic=True), abs=1e-9)
