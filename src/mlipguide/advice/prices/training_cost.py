"""How long training takes, and how good the result may be expected to be: from published trainings and own trials.

A fast potential: seconds per frame of a training of its family, times the frames. Tuning a universal model: between a
trial of our own and a published rule, both in units of the base model's own time for an atom, so that they hold on any
hardware. The short one: SevenNet-0 took 355 s for 24 frames on a core that needs 11 ms for an atom and a step. The
long one: MACE's rule of thumb of 200,000 updates, each about three evaluations of one frame.
"""

from __future__ import annotations

import math

from mlipguide.advice.prices.frames import nearest_training
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.strategy import Reckoned
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.models.family_card import FamilyCard, basis_of

TRIAL_SECONDS_PER_FRAME = 355 / 24
TRIAL_SECONDS_PER_ATOM = 0.011
RULE_UPDATES = 200_000
EVALUATIONS_PER_UPDATE = 3.0
"""An update is the energy and forces, and the gradient of both: about three times the work (an assumption)."""
TRIAL_REACH = 3.0
FAMILY_REACH = 3.0
"""Cells, settings and cores of another training differ by this factor (an assumption)."""
ERROR_REACH = 2.0
TRIAL_ERROR_REACH = 3.0
"""Of an error in a trial of our own: one seed, untuned, on other labels (an assumption)."""
TUNED_SHARE = 0.085 / 0.133
"""What was left of SevenNet-0's force error on DFT labels of silicon (Zuo et al.) after 50 frames; one trial."""


def training_time(card: FamilyCard, elements: int, frames: Estimate) -> Reckoned | None:
    """Return how long a potential of one family trains; None where nothing was published.

    Args:
        card: The family.
        elements: Number of elements.
        frames: Labelled structures.
    """
    known = nearest_training(card, elements)
    if known is None:
        return None
    per_frame = known.seconds / known.frames
    each = _around(per_frame, FAMILY_REACH, basis_of(known.sources), "; ".join(known.sources))
    total = each.times(frames)
    return Reckoned(
        estimate=total,
        words=(
            f"Training: {frames.told(number)} frames at {per_frame:.2g} s ({known.potential}: {known.frames} frames in "
            f"{known.seconds:.0f} s, {known.hardware}) are {total.told(duration)}."
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


def trained_error(card: FamilyCard, elements: int) -> Estimate | None:
    """Return the force error that a potential of one family had on the most similar system; None where unknown."""
    known = nearest_training(card, elements)
    if known is None or known.force_mae_ev_per_angstrom is None:
        return None
    basis = basis_of(known.sources)
    reach = TRIAL_ERROR_REACH if basis is Basis.TRIAL else ERROR_REACH
    return _around(known.force_mae_ev_per_angstrom, reach, basis, "; ".join(known.sources))


def tuned_error(base_error: float | None) -> Estimate | None:
    """Return the force error after tuning, as the one trial of our own changed it; None where the base's is unknown."""
    if base_error is None:
        return None
    return _around(base_error * TUNED_SHARE, TRIAL_ERROR_REACH, Basis.TRIAL, "mlipguide_zuo_trials")


def _around(value: float, reach: float, basis: Basis, source: str) -> Estimate:
    return Estimate(value=value, low=value / reach, high=value * reach, basis=basis, source=source)
