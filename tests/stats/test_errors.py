"""Errors of energies and forces, and their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from mlipguide.records.training.training import FrameDeviation
from mlipguide.stats.errors import energy_mae, force_mae, force_rmse, frame_errors


def errors(forces: list[float], *, atoms: int, energy_ev: float = 0.0, run: int = 0) -> FrameDeviation:
    """Return the errors of a frame whose labels are nothing."""
    return frame_errors(
        group=None,
        run=run,
        forces=np.resize(np.array(forces), (atoms, 3)),
        reference_forces=np.zeros((atoms, 3)),
        energy_ev=energy_ev,
        reference_energy_ev=0.0,
    )


def test_forces_are_pooled_over_components_and_energies_over_frames() -> None:
    found = [errors([0.1], atoms=2, energy_ev=0.4), errors([-0.4], atoms=4, energy_ev=-0.4)]
    mean = force_mae(found)
    assert mean is not None
    assert mean.value == pytest.approx((2 * 0.1 + 4 * 0.4) / 6)
    assert force_rmse(found) == pytest.approx(np.sqrt((2 * 0.01 + 4 * 0.16) / 6))
    energies = energy_mae(found)
    assert energies is not None
    assert energies.value == pytest.approx((0.2 + 0.1) / 2)


def test_what_has_no_label_has_no_error() -> None:
    frame = frame_errors(
        group="MD", run=0, forces=np.ones((2, 3)), reference_forces=None, energy_ev=1.0, reference_energy_ev=None
    )
    assert frame.force_mae_ev_per_angstrom is None
    assert (force_mae([frame]), force_rmse([frame]), energy_mae([frame])) == (None, None, None)
    assert force_mae([]) is None


def test_one_frame_has_no_interval() -> None:
    mean = force_mae([errors([0.1], atoms=3)])
    assert mean is not None
    assert (mean.low, mean.high) == (None, None)


def test_frames_of_one_run_are_not_taken_for_independent_ones() -> None:
    sizes = [0.10, 0.11, 0.12, 0.11, 0.13]
    together = force_mae([errors([size], atoms=4, run=0) for size in sizes])
    apart = force_mae([errors([size], atoms=4, run=run) for run, size in enumerate(sizes)])
    assert together is not None
    assert apart is not None
    assert together.value == pytest.approx(0.114)
    assert together.low is None
    assert apart.low == pytest.approx(0.1035, abs=2e-4)
    assert apart.high == pytest.approx(0.1256, abs=2e-4)
