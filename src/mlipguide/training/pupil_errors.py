"""How far a pupil is from its teacher: on frames that the teacher labelled, and in a run of its own.

The force error is given beside the root mean square of the teacher's forces: an error of 0.06 eV/Å is small in a hot
oxide, whose forces are 1 eV/Å, and large in a crystal near its minimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ase
import ase.units
import numpy as np

from mlipguide.core.errors import TrainingFailedError
from mlipguide.records.distillation import ForceError, RunComparison
from mlipguide.sessions.interface import ModelSession
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.pupil_runs import PupilRun

if TYPE_CHECKING:
    from numpy.typing import NDArray

FURTHEST_ANGSTROM = 6.0
BIN_ANGSTROM = 0.1
SMOOTHING_BINS = 1.5
"""Width of the Gaussian that the distributions are smoothed with: short runs of small cells are noisy."""


def force_error(pupil: ModelSession, frames: Sequence[LabelledFrame]) -> ForceError:
    """Evaluate the pupil on labelled frames.

    Raises:
        TrainingFailedError: It returns forces that are not numbers; a diverged fit does.
        SessionError: It cannot evaluate a frame.
    """
    differences, references, energies = [], [], []
    for frame in frames:
        assert frame.forces_ev_per_angstrom is not None
        assert frame.energy_ev is not None
        point = pupil.single_point(frame.atoms)
        differences.append((np.array(point.forces_ev_per_angstrom) - frame.forces_ev_per_angstrom).ravel())
        references.append(frame.forces_ev_per_angstrom.ravel())
        energies.append((point.energy_ev - frame.energy_ev) / len(frame.atoms))
    difference, reference = np.concatenate(differences), np.concatenate(references)
    if not np.isfinite(difference).all():
        raise TrainingFailedError(
            "The potential returns forces that are not numbers.", hint="Its training diverged; give it other frames."
        )
    return ForceError(
        frames=len(frames),
        force_mae_ev_per_angstrom=float(np.abs(difference).mean()),
        force_rmse_ev_per_angstrom=float(np.sqrt(np.mean(difference**2))),
        force_rms_ev_per_angstrom=float(np.sqrt(np.mean(reference**2))),
        largest_ev_per_angstrom=float(np.abs(difference).max()),
        energy_mae_ev_per_atom=float(np.abs(energies).mean()),
    )


def pair_distribution(
    frames: Sequence[ase.Atoms], *, furthest_angstrom: float = FURTHEST_ANGSTROM
) -> NDArray[np.float64]:
    """Return the distribution of pair distances of all elements together, normalised to a sum of 1.

    Shape (bins,), bins of 0.1 Å, smoothed; distances are counted over periodic images.
    """
    from ase.neighborlist import neighbor_list
    from scipy.ndimage import gaussian_filter1d

    edges = np.arange(0.0, furthest_angstrom + BIN_ANGSTROM, BIN_ANGSTROM)
    counts = np.zeros(len(edges) - 1)
    for frame in frames:
        counts += np.histogram(neighbor_list("d", frame, furthest_angstrom), bins=edges)[0]
    smooth = np.asarray(gaussian_filter1d(counts, SMOOTHING_BINS))
    return smooth / max(float(smooth.sum()), 1e-12)


def overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return what two normalised distributions have in common, between 0 and 1."""
    return float(np.minimum(one, other).sum())


def kelvin(kinetic_ev: Sequence[float], atoms: int) -> NDArray[np.float64]:
    """Return instantaneous temperatures, K, of ``atoms`` free atoms, shape (frames,)."""
    return np.asarray(kinetic_ev) / (1.5 * ase.units.kB * atoms)


def compared(
    pupil: PupilRun,
    frames: Sequence[LabelledFrame],
    kinetic_ev: Sequence[float],
    *,
    temperature_k: float,
) -> RunComparison:
    """Hold a run of the pupil against the teacher's on the same cell under the same thermostat.

    Args:
        pupil: Its run, the way to equilibrium left out.
        frames: Of the teacher's run, the way to equilibrium left out.
        kinetic_ev: Kinetic energy of these.
        temperature_k: Of the thermostat.
    """
    atoms = len(frames[0].atoms)
    energies = np.array(pupil.energy_ev) / atoms
    half = len(energies) // 2
    taught = np.array([frame.energy_ev for frame in frames], dtype=float) / atoms
    structures = [frame.atoms for frame in frames]
    middle = max(1, len(structures) // 2)
    first, second = pair_distribution(structures[:middle]), pair_distribution(structures[middle:] or structures)
    return RunComparison(
        simulated_time_s=pupil.simulated_time_s,
        temperature_k=temperature_k,
        stable=pupil.stable,
        pupil_temperature_k=float(kelvin(pupil.kinetic_ev, atoms).mean()) if half else None,
        teacher_temperature_k=float(kelvin(kinetic_ev, atoms).mean()),
        energy_difference_ev_per_atom=float(energies.mean() - taught.mean()) if half else None,
        energy_drift_ev_per_atom=float(energies[half:].mean() - energies[:half].mean()) if half else None,
        energy_scatter_ev_per_atom=float(taught.std()),
        distribution_overlap=overlap(pair_distribution(pupil.frames), pair_distribution(structures)) if half else None,
        teacher_overlap=overlap(first, second),
    )
