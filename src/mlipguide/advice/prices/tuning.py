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
from mlipguide.records.estimate import Basis, Estimate, around, exactly

TUNING_FRAMES = (50.0, 150.0, 500.0)
TUNING_SOURCE = "practice; kaur2024sublimation; radova2025frozen"
TRIAL_SECONDS_PER_FRAME = 355 / 24
TRIAL_SECONDS_PER_ATOM = 0.011
RULE_UPDATES = 200_000
EVALUATIONS_PER_UPDATE = 3.0
"""An update is the energy and forces, and the gradient of both: about three times the work (an assumption)."""
TRIAL_REACH = 3.0
TUNING_TIME_SOURCE = "mlipguide_engine_trials; mace_readme"
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
    each, seconds = TRIAL_SECONDS_PER_FRAME / TRIAL_SECONDS_PER_ATOM, atom_step_s.value
    updates = RULE_UPDATES * EVALUATIONS_PER_UPDATE * frame_atoms
    short, long = each * seconds * frames.value, updates * seconds
    step = (
        atom_step_s
        if atom_step_s.low is not None
        else exactly(seconds, basis=atom_step_s.basis, source=atom_step_s.source)
    )
    low, high = min(short, long) / TRIAL_REACH, max(short, long)
    estimate = _spread_over(
        step.times(frames.raised(0.5)).scaled(math.sqrt(each * updates)),
        low=low,
        high=high * TRIAL_REACH if short > long else high,
    )
    return Reckoned(
        estimate=estimate,
        words=(
            f"Tuning on {frames.told(number)} frames: {duration(short)} as SevenNet-0 took, {duration(long)} by MACE's "
            f"rule of {RULE_UPDATES:,} updates, both scaled to {seconds * 1e3:.3g} ms for an atom and a step; their "
            "geometric mean is taken."
        ),
    )


def _spread_over(mean: Estimate, *, low: float, high: float) -> Estimate:
    """Return the mean of trial and rule with an interval that holds both.

    Of that interval, the step and the frames, of which the mean is made, have their own share, so that a sum with the
    run and the labels counts them once; the rest is the rule's.
    """
    below, above = (
        math.sqrt(max(0.0, math.log(whole) ** 2 - math.log(own) ** 2))
        for whole, own in (
            (mean.value / low, mean.value / mean.at_least),
            (high / mean.value, mean.at_most / mean.value),
        )
    )
    rule = Estimate(value=1.0, low=math.exp(-below), high=math.exp(above), basis=Basis.TRIAL, source=TUNING_TIME_SOURCE)
    return rule.times(mean)


def tuned_error(base_error: float | None) -> Estimate | None:
    """Return the force error after tuning, as the one trial of our own changed it; None where the base's is unknown."""
    if base_error is None:
        return None
    return around(base_error * TUNED_SHARE, TRIAL_ERROR_REACH, basis=Basis.TRIAL, source="mlipguide_zuo_trials")
