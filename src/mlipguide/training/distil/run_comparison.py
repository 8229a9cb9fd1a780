"""A student's run held against its teacher's, on the same cell at the same temperature, and what is chance in that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlipguide.records.training.distillation import PairDistance, RunComparison
from mlipguide.stats.autocorrelation import effective_size, mean_error
from mlipguide.training.distil.equilibrium import kelvin
from mlipguide.training.distil.pair_distributions import (
    chances_of,
    distance_without_structure,
    distances,
    partial_distributions,
)

if TYPE_CHECKING:
    import ase
    from numpy.typing import NDArray

    from mlipguide.training.distil.schedule import DistillationSchedule
    from mlipguide.training.distil.student_runs import StudentRun
    from mlipguide.training.distil.teacher_dataset import SampledRun

NOT_SETTLED = 3
"""Of a run that has not settled, all but one part of so many is described."""
CONFIDENCE = 0.9
"""Of the intervals of means."""
KEPT_BY_EQUALS = 0.95
"""Share of equal runs that stays within chance in all pairs of elements."""
ON_ITS_WAY = 10
"""Of a student's run the first part of so many is left out at least."""


def compared(
    student: StudentRun, teacher: SampledRun, *, start: int | None, schedule: DistillationSchedule
) -> RunComparison:
    """Hold a run of the student against the teacher's.

    Args:
        student: Its run.
        teacher: The teacher's run.
        start: Place of the teacher's first frame that counts; None where it has not come to equilibrium.
        schedule: How both ran.
    """
    atoms = len(teacher.frames[0].atoms)
    later = len(teacher.frames) // NOT_SETTLED if start is None else start
    structures = [frame.atoms for frame in teacher.frames[later:]]
    reference = np.array([frame.energy_ev for frame in teacher.frames[later:]], dtype=float) / atoms
    mine = student.start()
    own = student.without(len(student.frames) // ON_ITS_WAY if mine is None else mine)
    run = student.without(len(student.frames) // ON_ITS_WAY)
    energies = np.array(run.energy_ev) / atoms
    half = len(energies) // 2
    between_s = student.simulated_time_s / max(1, len(student.frames))
    teacher_s = len(structures) * schedule.held_out.every * schedule.timestep_s
    settled = half > 0 and start is not None and mine is not None
    own_energies = np.array(own.energy_ev) / atoms
    return RunComparison(
        simulated_time_s=student.simulated_time_s,
        temperature_k=schedule.temperature_k,
        stable=student.stable,
        student_temperature_k=float(kelvin(own.kinetic_ev, atoms).mean()) if half else None,
        student_temperature_error_k=_temperature_error(own.kinetic_ev, atoms, schedule.temperature_k) if half else None,
        teacher_temperature_k=float(kelvin(teacher.kinetic_ev[later:], atoms).mean()),
        energy_difference_ev_per_atom=float(own_energies.mean() - reference.mean()) if settled else None,
        energy_difference_error_ev_per_atom=_error_of_difference(own_energies, reference) if settled else None,
        energy_drift_ev_per_atom=float(energies[half:].mean() - energies[:half].mean()) if half else None,
        energy_drift_error_ev_per_atom=_error_of_difference(energies[half:], energies[:half]) if half else None,
        pair_distances=()
        if not (half and student.stable)
        else pair_distances(own.frames, structures, share_of_student=teacher_s / (len(own.frames) * between_s)),
        teacher_simulated_time_s=teacher_s,
        teacher_settled_after_s=None if start is None else start * schedule.held_out.every * schedule.timestep_s,
        student_settled_after_s=None if mine is None else mine * between_s,
    )


def pair_distances(
    student: Sequence[ase.Atoms], teacher: Sequence[ase.Atoms], *, share_of_student: float
) -> tuple[PairDistance, ...]:
    """Return how far the pair distribution functions of two runs are apart, for each pair of elements.

    Args:
        student: Frames of its run.
        teacher: Frames of the teacher's, from whose scatter alone chance is taken.
        share_of_student: Simulated time of the teacher's frames over that of the student's.
    """
    of_teacher, of_student = partial_distributions(teacher), partial_distributions(student)
    chances = chances_of(of_teacher, share_of_other=share_of_student, confidence=KEPT_BY_EQUALS)
    apart = distances(of_student, of_teacher)
    return tuple(
        PairDistance(
            pair=pair,
            distance=one,
            chance=chances.get(pair, 0.0),
            without_structure=distance_without_structure(of_teacher[pair]) if pair in of_teacher else 1.0,
        )
        for pair, one in apart.items()
    )


def _temperature_error(kinetic_ev: Sequence[float], atoms: int, temperature_k: float) -> float | None:
    """Return the error of a mean temperature, at least what the canonical ensemble makes of so many samples.

    A single moment of N atoms scatters by sqrt(2 / 3N) of its temperature (Allen and Tildesley, Computer Simulation of
    Liquids, doi:10.1093/oso/9780198803195.001.0001); few samples may scatter less by chance.
    """
    seen = mean_error(kelvin(kinetic_ev, atoms))
    if seen is None:
        return None
    least = temperature_k * math.sqrt(2 / (3 * atoms) / effective_size(kinetic_ev))
    return max(1.0, least / seen.error if seen.error > 0 else 1.0) * seen.half_width(CONFIDENCE)


def _error_of_difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    """Return the error of the difference of two means; None where one of them has too few samples."""
    errors = [mean_error(one), mean_error(other)]
    known = [error.half_width(CONFIDENCE) for error in errors if error is not None]
    return math.hypot(*known) if len(known) == len(errors) else None
