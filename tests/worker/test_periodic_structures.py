"""What backends make of structures that are periodic along some directions, or that they cannot take at all."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from ase.build import bulk, fcc111, molecule

from mlipguide.worker.backends.aimnet import _adapted as adapted_for_aimnet
from mlipguide.worker.backends.deepmd import _adapted as adapted_for_deepmd
from mlipguide.worker.backends.fairchem import _told as told_to_fairchem
from mlipguide.worker.failures import WorkerError
from mlipguide.worker.geometry import crystal_or_molecule
from mlipguide.worker.images import pairs_per_atom

MARGIN = 12.0


def test_a_slab_becomes_a_crystal_with_empty_space_and_the_same_neighbours() -> None:
    slab = fcc111("Cu", (2, 2, 3), vacuum=0.0, periodic=False)
    slab.pbc = (True, True, False)
    found = crystal_or_molecule(slab, margin=MARGIN)
    assert found.pbc.all()
    assert found.cell.lengths()[2] >= np.ptp(slab.positions[:, 2]) + MARGIN
    assert pairs_per_atom(found, MARGIN / 2) == pytest.approx(pairs_per_atom(slab, MARGIN / 2))
    assert not slab.pbc.all()


def test_a_molecule_and_a_crystal_stay_what_they_are() -> None:
    water, salt = molecule("H2O"), bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    assert not crystal_or_molecule(water, margin=MARGIN).pbc.any()
    assert crystal_or_molecule(salt, margin=MARGIN) == salt


def test_a_left_handed_cell_is_turned() -> None:
    salt = bulk("NaCl", "rocksalt", a=5.6)
    salt.set_cell(salt.cell.array[[1, 0, 2]])
    salt.set_cell(salt.cell.array * np.sign(-salt.cell.handedness))
    assert salt.cell.handedness < 0
    assert crystal_or_molecule(salt, margin=MARGIN).cell.handedness > 0


def test_a_coulomb_sum_over_all_pairs_refuses_what_has_no_end() -> None:
    """The package's list of all pairs of a periodic cell ends the process or never ends; the worker says so instead."""
    adapt = partial(adapted_for_aimnet, sums_all_pairs=True)
    with pytest.raises(WorkerError, match="end of them") as raised:
        adapt(bulk("NaCl", "rocksalt", a=5.6))
    assert raised.value.kind == "unsupported_setting"
    assert len(adapt(molecule("H2O"))) == 3
    assert adapted_for_aimnet(bulk("NaCl", "rocksalt", a=5.6), sums_all_pairs=False).pbc.all()


def test_charge_and_spin_are_said_to_aimnet_which_would_keep_those_of_before() -> None:
    water = molecule("H2O")
    assert adapted_for_aimnet(water, sums_all_pairs=True).info == {"charge": 0, "spin": 1}
    water.info["charge"] = -1
    assert adapted_for_aimnet(water, sums_all_pairs=True).info == {"charge": -1, "spin": 1}


def test_charge_and_spin_reach_deepmd_as_it_reads_them() -> None:
    water = molecule("H2O")
    water.info.update(charge=1, spin=2)
    assert adapted_for_deepmd(water, margin=MARGIN, takes_electrons=True).info["charge_spin"] == [[1, 2]]
    assert "charge_spin" not in adapted_for_deepmd(water, margin=MARGIN, takes_electrons=False).info


def test_charge_and_spin_reach_the_task_of_fairchem_that_takes_them() -> None:
    water = molecule("H2O")
    assert told_to_fairchem(water, takes_electrons=True).info == {"charge": 0, "spin": 1}
    water.info.update(charge=1, spin=2)
    assert told_to_fairchem(water, takes_electrons=True).info == {"charge": 1, "spin": 2}
    assert told_to_fairchem(water, takes_electrons=False).info == {}
