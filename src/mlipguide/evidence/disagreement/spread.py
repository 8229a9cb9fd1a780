"""How far models are apart on the same positions.

Of M models with forces F_m on N atoms, the disagreement of a frame is the standard deviation over the models of a force
component, its mean square over all components:

    d² = 1 / (3 N (M - 1)) sum_i sum_m |F_mi - <F_i>|²,    <F_i> = 1 / M sum_m F_mi,

and that of one atom the norm d_i² = 1 / (M - 1) sum_m |F_mi - <F_i>|², so that d² is the mean of d_i² / 3. For two
models d is their root mean square difference of a component over sqrt(2). This is the model deviation of query by
committee (L. Zhang et al., Phys. Rev. Mater. 3, 023804 (2019), doi:10.1103/PhysRevMaterials.3.023804) but for two
things: M - 1 in place of M, so that ensembles of two and of five compare, and 3 N, so that d compares with the error of
a component.

Energies of models differ by constants that mean nothing: each model's mean over the frames is taken off. Stresses are
compared as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST_MODELS = 2


@dataclass(frozen=True, kw_only=True)
class ForceDisagreement:
    """The disagreement of forces on one frame.

    Attributes:
        of_frame_ev_per_angstrom: d, of a component.
        of_atoms_ev_per_angstrom: d_i, of the force on each atom as a vector, shape (atoms,).
        magnitude_ev_per_angstrom: Root mean square of a component of the models' mean force.
    """

    of_frame_ev_per_angstrom: float
    of_atoms_ev_per_angstrom: NDArray[np.float64]
    magnitude_ev_per_angstrom: float


def force_disagreement(forces_ev_per_angstrom: NDArray[np.float64]) -> ForceDisagreement:
    """Return the disagreement of one frame.

    Args:
        forces_ev_per_angstrom: Shape (models, atoms, 3), at least two models.

    Raises:
        ValueError: Fewer than two models, or no atoms.
    """
    models, atoms, _ = forces_ev_per_angstrom.shape
    if models < FEWEST_MODELS or atoms < 1:
        raise ValueError("A disagreement is one of two models at least, on one atom at least.")
    mean = forces_ev_per_angstrom.mean(axis=0)
    square = (component_spread(forces_ev_per_angstrom) ** 2).sum(axis=1)
    return ForceDisagreement(
        of_frame_ev_per_angstrom=float(np.sqrt(square.mean() / 3)),
        of_atoms_ev_per_angstrom=np.sqrt(square),
        magnitude_ev_per_angstrom=float(np.sqrt((mean**2).mean())),
    )


def component_spread(forces_ev_per_angstrom: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard deviation over the models (M - 1) of each force component, shape (atoms, 3).

    Args:
        forces_ev_per_angstrom: Shape (models, atoms, 3), at least two models.
    """
    return np.asarray(forces_ev_per_angstrom.std(axis=0, ddof=1))


def energy_disagreement(energies_ev_per_atom: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard deviation over models of each frame's energy, after each model's mean is taken off.

    Args:
        energies_ev_per_atom: Shape (models, frames), of one composition; with a single frame nothing is left.

    Returns:
        Shape (frames,), eV per atom.
    """
    shifted = energies_ev_per_atom - energies_ev_per_atom.mean(axis=1, keepdims=True)
    return np.asarray(shifted.std(axis=0, ddof=1))


def stress_disagreement(stresses_ev_per_angstrom3: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the disagreement of a stress component on each frame, root mean square over the six.

    Args:
        stresses_ev_per_angstrom3: Shape (models, frames, 6).

    Returns:
        Shape (frames,), eV/Å³.
    """
    return np.asarray(np.sqrt(stresses_ev_per_angstrom3.var(axis=0, ddof=1).mean(axis=1)))


def pairwise_mae(forces: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the mean absolute difference of a force component between any two models, over all frames.

    Args:
        forces: One array a frame, shape (models, atoms, 3).

    Returns:
        Shape (models, models), eV/Å, zeros on the diagonal.
    """
    joined = np.concatenate(forces, axis=1)
    return np.asarray(np.abs(joined[:, None] - joined[None, :]).mean(axis=(2, 3)))


def root_mean_square(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values))))
