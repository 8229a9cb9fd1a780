"""What each of several devices has to do."""

from __future__ import annotations

import pytest

from mlipguide.costmodel.domains import GHOST_WORK, share_of


def test_one_device_has_no_ghosts() -> None:
    share = share_of(5000, 1, reach_angstrom=12, atoms_per_angstrom3=0.08)
    assert share.own_atoms == share.load_atoms == share.held_atoms == 5000


def test_two_devices_have_ghosts_on_two_sides() -> None:
    # A cube of 40 Å cut once: slabs of 20 Å with 6 Å of ghosts on either side.
    share = share_of(6400, 2, reach_angstrom=6, atoms_per_angstrom3=0.1)
    assert share.own_atoms == 3200
    assert share.ghosts_per_atom == pytest.approx(12 / 20)
    assert share.held_atoms == pytest.approx(3200 * 1.6)


def test_ghosts_are_never_more_than_the_other_atoms() -> None:
    share = share_of(100, 8, reach_angstrom=30, atoms_per_angstrom3=0.08)
    assert share.held_atoms == pytest.approx(100)


def test_deeper_ghosts_and_more_devices_mean_more_ghosts() -> None:
    ghosts = [
        share_of(50_000, devices, reach_angstrom=reach, atoms_per_angstrom3=0.08).ghosts_per_atom
        for devices, reach in ((2, 5), (2, 10), (8, 10), (64, 10))
    ]
    assert ghosts == sorted(ghosts)
    assert len(set(ghosts)) == len(ghosts)


def test_the_cut_with_the_least_surface_is_taken() -> None:
    # Eight devices: 2 x 2 x 2 rather than slabs.
    share = share_of(64_000, 8, reach_angstrom=5, atoms_per_angstrom3=0.064)
    edge = 100.0
    assert share.ghosts_per_atom == pytest.approx(((edge / 2 + 10) / (edge / 2)) ** 3 - 1)


def test_the_published_strong_scaling_of_mace_follows() -> None:
    """13,718 atoms of an fcc alloy on GH200: 67.5 ms on one, 36.77 on two, 21.07 on four (ACEsuit/mace #1708)."""
    alone = share_of(13_718, 1, reach_angstrom=12, atoms_per_angstrom3=1 / 11.7).load_atoms
    for devices, published in ((2, 36.766), (4, 21.0732)):
        load = share_of(13_718, devices, reach_angstrom=12, atoms_per_angstrom3=1 / 11.7).load_atoms
        assert 67.5 * load / alone == pytest.approx(published, rel=0.03)
    assert 0 < GHOST_WORK < 1
