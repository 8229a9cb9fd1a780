"""Disagreement against values that can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mlipguide.evidence.disagreement.spread import (
    energy_disagreement,
    force_disagreement,
    pairwise_mae,
    stress_disagreement,
)

RANDOM = np.random.default_rng(0)


def test_of_two_models_it_is_their_root_mean_square_difference_over_sqrt_two() -> None:
    one, other = RANDOM.standard_normal((2, 7, 3))
    found = force_disagreement(np.stack([one, other]))
    assert found.of_frame_ev_per_angstrom == pytest.approx(math.sqrt(((one - other) ** 2).mean() / 2))
    assert found.of_atoms_ev_per_angstrom == pytest.approx(np.linalg.norm(one - other, axis=1) / math.sqrt(2))
    assert found.magnitude_ev_per_angstrom == pytest.approx(math.sqrt((((one + other) / 2) ** 2).mean()))


def test_it_does_not_grow_with_the_number_of_models() -> None:
    for models in (2, 3, 6):
        found = force_disagreement(0.1 * RANDOM.standard_normal((models, 20_000, 3)))
        assert found.of_frame_ev_per_angstrom == pytest.approx(0.1, rel=0.02)


def test_atoms_and_frame_belong_together() -> None:
    found = force_disagreement(RANDOM.standard_normal((4, 11, 3)))
    assert found.of_frame_ev_per_angstrom**2 == pytest.approx((found.of_atoms_ev_per_angstrom**2).mean() / 3)


def test_equal_models_agree_and_one_is_none() -> None:
    forces = RANDOM.standard_normal((1, 5, 3))
    assert force_disagreement(np.repeat(forces, 3, axis=0)).of_frame_ev_per_angstrom == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="two models"):
        force_disagreement(forces)


def test_constants_between_energies_do_not_count() -> None:
    energies = RANDOM.standard_normal(9)
    shifted = np.stack([energies, energies + 5.0, energies - 100.0])
    assert energy_disagreement(shifted) == pytest.approx(np.zeros(9), abs=1e-12)
    shifted[1, 0] += 0.9  # of which 0.1 is the mean that is taken off
    assert energy_disagreement(shifted)[0] == pytest.approx(0.8 / math.sqrt(3))


def test_stress_and_pairs() -> None:
    stresses = np.zeros((2, 3, 6))
    stresses[1, 2] = 0.02
    assert stress_disagreement(stresses) == pytest.approx([0, 0, 0.02 / math.sqrt(2)])
    first, second = RANDOM.standard_normal((3, 4, 3)), RANDOM.standard_normal((3, 2, 3))
    differences = pairwise_mae([first, second])
    wanted = (np.abs(first[0] - first[2]).sum() + np.abs(second[0] - second[2]).sum()) / (6 * 3)
    assert differences[0, 2] == differences[2, 0] == pytest.approx(wanted)
    assert np.diag(differences) == pytest.approx([0, 0, 0])
