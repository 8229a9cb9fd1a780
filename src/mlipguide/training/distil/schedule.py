"""What a student is taught on: runs of the teacher around the wanted temperature, strains, rattled copies.

The temperatures reach to twice the wanted one, so that the student knows what it meets in rare events and before it has
settled; the strains cover thermal expansion and the pressure of a constant volume. Both are practice (judgements), and
what was sampled is stated as the domain of the potential.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.structures.velocities import AT_REST
from mlipguide.training.distil.teacher_dataset import PIECE_STEPS, SamplingRun

CONDITIONS = ((2 / 3, -0.01), (1.0, 0.0), (1.5, 0.02), (2.0, 0.0))
"""Temperature as a share of the wanted one, and linear strain, of each run that frames are taken from."""
HELD_OUT_SEED, FIRST_SEED, DISTORTION_SEED, EXPLORE_SEED, LONG_SEED = 900, 1, 50, 700, 800
LABEL_SHARE = 0.3
"""Of the budget that goes into the first labels."""
HELD_OUT_SHARE = 0.25
"""Of these labels that are never trained on."""
EVERY_STEPS = 5
"""Steps between frames: frames of neighbouring steps teach nothing new."""
SHORTEST_STEPS, LONGEST_STEPS = 40, 300
FEWEST_DISTORTED, MOST_DISTORTED = 10, 40
EXPLORED_FRAMES = 50
EXPLORE_S, LONG_S = 5e-12, 20e-12
EXPLORE_FACTOR = 1.2
"""Of the wanted temperature, at which the student runs to show where it is weak."""


@dataclass(frozen=True, kw_only=True)
class DistillationSchedule:
    """What is done, in numbers that are fixed before the first label.

    Attributes:
        temperature_k: That the student is for.
        timestep_s: Of all runs.
        budget_s: Wall time for everything.
        runs: Runs that frames are taken from.
        held_out: A run that none is taken from.
        distorted: Number of rattled and strained copies.
        added: Frames that are labelled in each further round.
        most_rounds: Fits at most.
        explore_steps: Of the student's own run in each round.
        long_steps: Of the run that is compared with the teacher's at the end.
        seed: Of everything random.
        start_factor: Times the temperature, of the first velocities of the long run.
    """

    temperature_k: float
    timestep_s: float
    budget_s: float
    sampling_runs: tuple[SamplingRun, ...]
    held_out: SamplingRun
    distorted: int
    added: int
    most_rounds: int
    explore_steps: int
    long_steps: int
    seed: int
    start_factor: float = 1.0

    @property
    def label_calls(self) -> int:
        """Evaluations of the teacher before the first fit."""
        return sum(one.steps for one in (*self.sampling_runs, self.held_out)) + self.distorted


def plan_schedule(
    *,
    temperature_k: float,
    timestep_s: float,
    budget_s: float,
    teacher_call_s: float,
    seed: int,
    added: int = 20,
    most_rounds: int = 4,
) -> DistillationSchedule:
    """Return a schedule whose first labels take about three tenths of the budget, within sensible lengths.

    Args:
        temperature_k: That the student is for.
        timestep_s: Integration step.
        budget_s: Wall time for everything.
        teacher_call_s: Wall time of one evaluation of the teacher.
        seed: Of everything random.
        added: Frames that are labelled in each further round.
        most_rounds: Fits at most.
    """
    calls = LABEL_SHARE * budget_s / max(teacher_call_s, 1e-6)
    runs = len(CONDITIONS)
    steps = _rounded((1 - HELD_OUT_SHARE) * calls / (runs + 0.25), EVERY_STEPS)
    distorted = min(MOST_DISTORTED, max(FEWEST_DISTORTED, round(0.25 * steps)))
    base = seed * 1000
    sampling_runs = tuple(
        SamplingRun(
            name=f"run-{factor * temperature_k:.0f}K{f'-strain{strain:+.0%}' if strain else ''}",
            temperature_k=factor * temperature_k,
            strain=strain,
            steps=steps,
            every=EVERY_STEPS,
            seed=base + FIRST_SEED + number,
            start_factor=AT_REST,
        )
        for number, (factor, strain) in enumerate(CONDITIONS)
    )
    held_out = SamplingRun(
        name=f"held-out-{temperature_k:.0f}K",
        temperature_k=temperature_k,
        strain=0.0,
        steps=_rounded(HELD_OUT_SHARE * calls, PIECE_STEPS),
        every=EVERY_STEPS,
        seed=base + HELD_OUT_SEED,
        start_factor=AT_REST,
    )
    return DistillationSchedule(
        temperature_k=temperature_k,
        timestep_s=timestep_s,
        budget_s=budget_s,
        sampling_runs=sampling_runs,
        held_out=held_out,
        distorted=distorted,
        added=added,
        most_rounds=most_rounds,
        explore_steps=round(EXPLORE_S / timestep_s),
        long_steps=round(LONG_S / timestep_s),
        seed=seed,
        start_factor=AT_REST,
    )


def _rounded(steps: float, multiple: int) -> int:
    """Return a multiple of steps within the allowed lengths; a run of whole pieces can go on later."""
    return max(SHORTEST_STEPS, min(LONGEST_STEPS, int(steps) // multiple * multiple))
