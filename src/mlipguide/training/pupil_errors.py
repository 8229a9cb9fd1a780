"""How far a pupil is from its teacher: on frames that the teacher labelled, and in a run of its own.

The force error is given beside the root mean square of the teacher's forces: an error of 0.06 eV/Å is small in a hot
oxide, whose forces are 1 eV/Å, and large in a crystal near its minimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ase
import numpy as np

from mlipguide.records.distillation import ForceError, RunComparison
from mlipguide.sessions.interface import ModelSession
from mlipguide.stats.errors import energy_mae, force_mae, force_rmse
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.equilibrium import kelvin
from mlipguide.training.lessons import Lesson
from mlipguide.training.pupil_runs import PupilRun
from mlipguide.training.taught_frames import ExcursionRun
from mlipguide.training.test_errors import errors_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

FURTHEST_ANGSTROM = 6.0
BIN_ANGSTROM = 0.1
NOT_SETTLED = 3
"""Of a run that has not settled, all but one part of so many is described; nothing is compared with it."""
SMOOTHING_BINS = 1.5
"""Width of the Gaussian that the distributions are smoothed with: short runs of small cells are noisy."""


def force_error(pupil: ModelSession, frames: Sequence[LabelledFrame]) -> ForceError:
    """Evaluate the pupil on labelled frames.

    Raises:
        TrainingFailedError: It returns forces that are not numbers; a diverged fit does.
        SessionError: It cannot evaluate a frame.
    """
    errors = errors_on(pupil, frames)
    mae, rmse, energy = force_mae(errors), force_rmse(errors), energy_mae(errors)
    assert mae is not None
    assert rmse is not None
    assert energy is not None
    references = [np.ravel(np.asarray(frame.forces_ev_per_angstrom)) for frame in frames]
    return ForceError(
        frames=len(frames),
        force_mae_ev_per_angstrom=mae.value,
        force_interval_ev_per_angstrom=None if mae.low is None or mae.high is None else (mae.low, mae.high),
        force_rmse_ev_per_angstrom=rmse,
        force_rms_ev_per_angstrom=float(np.sqrt(np.mean(np.concatenate(references) ** 2))),
        largest_ev_per_angstrom=max(one.force_largest_ev_per_angstrom or 0.0 for one in errors),
        energy_mae_ev_per_atom=energy.value,
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


def compared(pupil: PupilRun, teacher: ExcursionRun, *, start: int | None, lesson: Lesson) -> RunComparison:
    """Hold a run of the pupil against the teacher's on the same cell at the same temperature.

    Args:
        pupil: Its run.
        teacher: The teacher's run.
        start: Place of the teacher's first frame that counts; None where it has not come to equilibrium, so that
            nothing of it can be compared.
        lesson: How both ran.
    """
    atoms = len(teacher.frames[0].atoms)
    later = len(teacher.frames) // NOT_SETTLED if start is None else start
    structures = [frame.atoms for frame in teacher.frames[later:]]
    taught = np.array([frame.energy_ev for frame in teacher.frames[later:]], dtype=float) / atoms
    middle = max(1, len(structures) // 2)
    first, second = pair_distribution(structures[:middle]), pair_distribution(structures[middle:] or structures)
    mine = pupil.start()
    own = pupil.without(len(pupil.frames) // 10 if mine is None else mine)
    run = pupil.without(len(pupil.frames) // 10)
    energies = np.array(run.energy_ev) / atoms
    half = len(energies) // 2
    between_s = pupil.simulated_time_s / max(1, len(pupil.frames))
    return RunComparison(
        simulated_time_s=pupil.simulated_time_s,
        temperature_k=lesson.temperature_k,
        stable=pupil.stable,
        pupil_temperature_k=float(kelvin(own.kinetic_ev, atoms).mean()) if half else None,
        teacher_temperature_k=float(kelvin(teacher.kinetic_ev[later:], atoms).mean()),
        energy_difference_ev_per_atom=None
        if start is None or mine is None
        else float(np.mean(own.energy_ev) / atoms - taught.mean()),
        energy_drift_ev_per_atom=float(energies[half:].mean() - energies[:half].mean()) if half else None,
        energy_scatter_ev_per_atom=float(taught.std()),
        distribution_overlap=None
        if start is None or not half
        else overlap(pair_distribution(own.frames), pair_distribution(structures)),
        teacher_overlap=overlap(first, second),
        teacher_settled_after_s=None if start is None else start * lesson.unseen.every * lesson.timestep_s,
        pupil_settled_after_s=None if mine is None else mine * between_s,
        pupil_scatter_ev_per_atom=float(energies[half:].std()) if half else None,
    )
