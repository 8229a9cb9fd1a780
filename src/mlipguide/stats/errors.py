"""Errors of predicted energies and forces on test frames.

The mean absolute force error is over components, pooled over frames; how far it can be trusted says
:mod:`mlipguide.stats.frame_means`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlipguide.records.training.training import FrameDeviation
from mlipguide.stats.frame_means import FrameGroups, FrameMean, mean_over


def frame_errors(
    *,
    group: str | None,
    run: int,
    forces: NDArray[np.float64],
    reference_forces: NDArray[np.float64] | None,
    energy_ev: float,
    reference_energy_ev: float | None,
) -> FrameDeviation:
    """Compare one frame with its labels.

    Args:
        group: Of the frame.
        run: Number of its trajectory among the frames that are compared.
        forces: Shape (atoms, 3), eV/Å.
        reference_forces: Likewise; None where the frame has none.
        energy_ev: Of the whole frame.
        reference_energy_ev: Likewise; None where the frame has none.
    """
    differences = None if reference_forces is None else np.abs(forces - reference_forces)
    return FrameDeviation(
        group=group,
        run=run,
        atoms=len(forces),
        force_mae_ev_per_angstrom=None if differences is None else float(differences.mean()),
        force_mse_ev2_per_angstrom2=None if differences is None else float((differences**2).mean()),
        energy_error_ev_per_atom=None
        if reference_energy_ev is None
        else (energy_ev - reference_energy_ev) / len(forces),
        force_largest_ev_per_angstrom=None if differences is None else float(differences.max()),
    )


def groups_of(errors: Sequence[FrameDeviation]) -> FrameGroups:
    """Return how the frames depend on each other."""
    return FrameGroups(tuple(one.run for one in errors), tuple(one.group for one in errors))


def force_mae(errors: Sequence[FrameDeviation]) -> FrameMean | None:
    """Return the mean absolute error of force components, eV/Å; None where no frame has forces."""
    known = [one for one in errors if one.force_mae_ev_per_angstrom is not None]
    if not known:
        return None
    atoms = np.array([one.atoms for one in known], dtype=float)
    means = np.array([one.force_mae_ev_per_angstrom for one in known], dtype=float)
    return mean_over(means * atoms, atoms, groups_of(known))


def force_rmse(errors: Sequence[FrameDeviation]) -> float | None:
    """Return the root mean square error of force components, eV/Å; None where no frame has forces."""
    known = [
        (one.force_mse_ev2_per_angstrom2, one.atoms) for one in errors if one.force_mse_ev2_per_angstrom2 is not None
    ]
    if not known:
        return None
    squares, atoms = np.array([square for square, _ in known]), np.array([count for _, count in known], dtype=float)
    return math.sqrt(float(squares @ atoms / atoms.sum()))


def energy_mae(errors: Sequence[FrameDeviation]) -> FrameMean | None:
    """Return the mean absolute error of energies per atom, eV/atom, as they are; None where no frame has an energy."""
    known = [one for one in errors if one.energy_error_ev_per_atom is not None]
    if not known:
        return None
    values = np.array([one.energy_error_ev_per_atom for one in known], dtype=float)
    return mean_over(np.abs(values), np.ones(len(known)), groups_of(known))
