"""What fine-tuning a universal model takes by practice, by a trial of our own and by a published rule.

Frames: 50 to 500 (tens sufficed in arXiv:2405.20217, hundreds in arXiv:2502.15582). Training lies between the trial
and the rule, both in units of the base model's own time for an atom, so that they hold on any hardware. The short one:
SevenNet-0 took 355 s for 24 frames on a core that needs 11 ms for an atom and a step. The long one: MACE's rule of
thumb of 200,000 updates, each about three evaluations of one frame.
"""

from __future__ import annotations

import math

from mlipguide.advice.prices.published import TRIAL_ERROR_REACH
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.strategy import Reckoned
from mlipguide.records.estimate import Basis, Estimate, around

TUNING_FRAMES = (50.0, 150.0, 500.0)
TUNING_SOURCE = "practice; kaur2024sublimation; radova2025frozen"
TRIAL_SECONDS_PER_FRAME = 355 / 24
TRIAL_SECONDS_PER_ATOM = 0.011
RULE_UPDATES = 200_000
EVALUATIONS_PER_UPDATE = 3.0
"""An update is the energy and forces, and the gradient of both: about three times the work (an assumption)."""
TRIAL_REACH = 3.0
TUNED_SHARE = 0.085 / 0.133
"""What was left of SevenNet-0's force error on DFT labels of silicon (Zuo et al.) after 50 frames; one trial."""


def frames_to_tune(elements: int) -> Reckoned:
    """Return the frames that fine-tuning a universal model needs.

    Args:
        elements: Number of elements, which the base model knows already: it changes nothing.
    """
    low, value, high = TUNING_FRAMES
    return Reckoned(
        estimate=Estimate(value=value, low=low, high=high, basis=Basis.ASSUMED, source=TUNING_SOURCE),
        words=(
            f"Fine-tuning takes {low:.0f} to {high:.0f} frames by practice, whatever the number of elements "
            f"({elements} here): the base model knows them."
        ),
    )


def tuning_time(atom_step_s: Estimate, frames: Estimate, frame_atoms: int) -> Reckoned:
    """Return how long fine-tuning takes on the hardware that a step was timed on.

    Args:
        atom_step_s: The base model's time for an atom and a step.
        frames: Labelled structures.
        frame_atoms: Atoms in each.
    """
    seconds = atom_step_s.value
    short = TRIAL_SECONDS_PER_FRAME / TRIAL_SECONDS_PER_ATOM * seconds * frames.value
    long = RULE_UPDATES * EVALUATIONS_PER_UPDATE * seconds * frame_atoms
    low, high = min(short, long) / TRIAL_REACH, max(short, long)
    estimate = Estimate(
        value=math.sqrt(short * long),
        low=low,
        high=high * TRIAL_REACH if short > long else high,
        basis=max((Basis.TRIAL, atom_step_s.basis, frames.basis), key=lambda one: one.rank),
        source="mlipguide_engine_trials; mace_readme",
    )
    return Reckoned(
        estimate=estimate,
        words=(
            f"Tuning on {frames.told(number)} frames: {duration(short)} as SevenNet-0 took, {duration(long)} by MACE's "
            f"rule of {RULE_UPDATES:,} updates, both scaled to {seconds * 1e3:.3g} ms for an atom and a step; their "
            "geometric mean is taken."
        ),
    )


def tuned_error(base_error: float | None) -> Estimate | None:
    """Return the force error after tuning, as the one trial of our own changed it; None where the base's is unknown."""
    if base_error is None:
        return None
    return around(base_error * TUNED_SHARE, TRIAL_ERROR_REACH, basis=Basis.TRIAL, source="mlipguide_zuo_trials")
