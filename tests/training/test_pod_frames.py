"""Frames as fitpod takes them: the same crystal, with every neighbour where it is looked for."""

from __future__ import annotations

import io

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.neighborlist import neighbor_list

from mlipguide.core.errors import InputError
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.engines.pod_frames import pod_frame, written

CUTOFF_ANGSTROM = 5.0


def frame(atoms: Atoms, *, energy_ev: float | None = -10.0, index: int = 3) -> LabelledFrame:
    forces = np.random.default_rng(0).normal(size=(len(atoms), 3))
    forces -= forces.mean(axis=0)
    return LabelledFrame(
        index=index,
        atoms=atoms,
        energy_ev=energy_ev,
        forces_ev_per_angstrom=forces,
        stress_ev_per_angstrom3=None,
        group=None,
    )


def neighbours_in_images(atoms: Atoms) -> int:
    """Count pairs as fitpod does: in the images that the diagonal of the lower triangular cell says."""
    lower, rotation = atoms.cell.standard_form()
    positions = atoms.positions @ np.asarray(rotation).T
    counts = [int(np.ceil(CUTOFF_ANGSTROM / length)) for length in np.diag(lower.array)]
    ranges = [range(-count, count + 1) for count in counts]
    images = np.array([(i, j, k) for i in ranges[0] for j in ranges[1] for k in ranges[2]]) @ lower.array
    distances = np.linalg.norm(positions[:, None, None] - positions[None, :, None] - images, axis=-1)
    return int(((distances > 1e-6) & (distances <= CUTOFF_ANGSTROM)).sum())


def structures() -> dict[str, Atoms]:
    skewed = bulk("Si")
    skewed.rattle(0.1, seed=1)
    sheared = skewed.copy()
    sheared.set_cell(np.array([[1, 0, 0], [3, 1, 0], [-2, 5, 1]]) @ skewed.cell.array)  # the same lattice
    left = skewed.copy()
    left.set_cell(left.cell.array[[1, 0, 2]])
    outside = bulk("Si", cubic=True)
    outside.rattle(0.1, seed=2)
    outside.positions += 30.0
    return {"primitive": skewed, "sheared": sheared, "left-handed": left, "outside": outside}


@pytest.mark.parametrize("name", structures())
def test_every_neighbour_is_found(name: str) -> None:
    atoms = structures()[name]
    ready = pod_frame(frame(atoms), CUTOFF_ANGSTROM)
    times = len(ready.atoms) // len(atoms)
    expected = len(neighbor_list("i", atoms, CUTOFF_ANGSTROM))
    assert np.linalg.det(ready.atoms.cell.array) > 0
    assert neighbours_in_images(ready.atoms) == times * expected
    assert ready.energy_ev == pytest.approx(times * -10.0)
    scaled = ready.atoms.get_scaled_positions(wrap=False)
    assert (scaled > -1e-9).all()
    assert (scaled < 1 + 1e-9).all()


def test_the_sheared_cell_would_have_missed_some() -> None:
    atoms = structures()["sheared"]
    atoms.wrap()
    assert neighbours_in_images(atoms) < len(neighbor_list("i", atoms, CUTOFF_ANGSTROM))


def test_forces_keep_their_atoms() -> None:
    """Mirrored, a force along a bond is still along it."""
    atoms = structures()["left-handed"]
    given = frame(atoms)
    bond = atoms.get_distance(0, 1, mic=True, vector=True)
    given.forces_ev_per_angstrom[:] = [bond, -bond]  # type: ignore[index]  # there are forces
    ready = pod_frame(given, CUTOFF_ANGSTROM)
    along = ready.atoms.get_distance(0, 1, mic=True, vector=True)
    assert ready.forces_ev_per_angstrom[0] == pytest.approx(along)


def test_a_molecule_gets_a_cell_of_its_own() -> None:
    water = molecule("H2O")
    ready = pod_frame(frame(water), CUTOFF_ANGSTROM)
    assert ready.atoms.pbc.all()
    assert len(neighbor_list("i", ready.atoms, CUTOFF_ANGSTROM)) == len(neighbor_list("i", water, CUTOFF_ANGSTROM))


def test_what_is_written_is_read_again_by_ase() -> None:
    ready = [pod_frame(frame(atoms), CUTOFF_ANGSTROM) for atoms in structures().values()]
    text = written(ready)
    assert max(len(line) for line in text.splitlines()) < 1024  # the longest line that fitpod reads
    again = ase.io.read(io.StringIO(text), index=":", format="extxyz")
    assert len(again) == len(ready)
    for one, expected in zip(again, ready, strict=True):
        assert one.get_potential_energy() == pytest.approx(expected.energy_ev)
        assert one.get_forces() == pytest.approx(expected.forces_ev_per_angstrom, abs=1e-9)
        assert one.cell.array == pytest.approx(expected.atoms.cell.array)


def test_a_frame_without_labels_is_named() -> None:
    with pytest.raises(InputError, match="Frame 3 has no energy") as raised:
        pod_frame(frame(bulk("Si"), energy_ev=None), CUTOFF_ANGSTROM)
    assert raised.value.kind == "unlabelled"
    with pytest.raises(InputError, match="Frame 3 has an energy or a force that is not"):
        pod_frame(frame(bulk("Si"), energy_ev=float("nan")), CUTOFF_ANGSTROM)
