"""Frames that every model gets wrong in the same manner: two levels of theory, and single wrong labels.

One model may fail on a kind of frame. Where all of them do on the same frames, the frames deserve a look; that is a
suspicion and worded as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mlipguide.evidence.accuracy.label_checks import frames_in_words
from mlipguide.records.accuracy.accuracy import FindingKind, FrameErrors, LabelFinding
from mlipguide.stats.energy_shifts import fit_shifts

FEWEST_FRAMES = 8
FEWEST_PER_SHIFT = 3
"""With fewer frames for each shift that is fitted, half of them follow the fit and none is an outlier (a judgement)."""
MAD_TO_SIGMA = 1.4826
OUTLYING_SIGMAS = 10.0
"""Errors of frames of one kind have tails; ten robust standard deviations are beyond them (a judgement)."""
SMALLEST_GAP_EV_PER_ATOM = 0.1
"""Models err between surfaces and bulk by less; functionals differ by more (PBE and PBE+U by tenths of eV)."""
RELATIVE_OUTLIER = 4.0
"""Times the median: forces of another structure are wrong by about their size, which is several times that."""
FORCE_FLOOR_EV_PER_ANGSTROM = 0.1
"""Added to the reference force of a frame before errors are divided by it: at rest there is nothing to divide by."""

Errors = Mapping[str, Sequence[FrameErrors]]


def check_outliers(errors: Errors) -> tuple[LabelFinding, ...]:
    """Return frames whose labels do not fit those of the others, for every model."""
    return (*_energies(errors), *_forces(errors))


def _energies(errors: Errors) -> list[LabelFinding]:
    shifted: list[dict[int, float]] = []
    for frames in errors.values():
        kept = [frame for frame in frames if frame.energy_reference_ev is not None]
        if len(kept) < FEWEST_FRAMES:
            return []
        differences = np.array([(one.energy_reference_ev or 0.0) - one.energy_predicted_ev for one in kept])
        fit = fit_shifts([one.composition for one in kept], differences)
        if len(kept) < FEWEST_PER_SHIFT * fit.rank:
            return []
        residuals = fit.residuals_ev_per_atom
        limit = max(SMALLEST_GAP_EV_PER_ATOM, OUTLYING_SIGMAS * _sigma(residuals))
        shifted.append(
            {one.frame: -float(value) for one, value in zip(kept, residuals, strict=True) if abs(value) > limit}
        )
    common = sorted(set.intersection(*map(set, shifted))) if shifted else []
    if not common:
        return []
    offsets = np.array([np.median([one[index] for one in shifted]) for index in common])
    middle = float(np.median(offsets))
    together = len(common) > 1 and float(np.abs(offsets - middle).max()) < abs(middle) / 2
    if together:
        message = (
            f"The energies of {frames_in_words(common)} lie {middle:+.3g} eV/atom off the others by every model: "
            "another level of theory or other pseudopotentials?"
        )
        return [LabelFinding(kind=FindingKind.LEVELS_OF_THEORY, message=message, frames=tuple(common))]
    largest = float(offsets[np.abs(offsets).argmax()])
    message = f"The energies of {frames_in_words(common)} fit no model, by up to {largest:+.3g} eV/atom: wrong labels?"
    return [LabelFinding(kind=FindingKind.OUTLIERS, message=message, frames=tuple(common))]


def _forces(errors: Errors) -> list[LabelFinding]:
    far: list[set[int]] = []
    for frames in errors.values():
        if len(frames) < FEWEST_FRAMES:
            return []
        relative = np.array([_relative(frame) for frame in frames])
        middle = float(np.median(relative))
        limit = max(RELATIVE_OUTLIER * middle, middle + OUTLYING_SIGMAS * _sigma(relative))
        far.append({frame.frame for frame, value in zip(frames, relative, strict=True) if value > limit})
    common = sorted(set.intersection(*far)) if far else []
    if not common:
        return []
    message = (
        f"The forces of {frames_in_words(common)} are far from those of every model, for their size much farther than "
        "in other frames: not converged, or of another structure?"
    )
    return [LabelFinding(kind=FindingKind.OUTLIERS, message=message, frames=tuple(common))]


def _relative(frame: FrameErrors) -> float:
    size = float(np.sqrt(frame.reference_squared / frame.components))
    return frame.absolute / frame.components / (size + FORCE_FLOOR_EV_PER_ANGSTROM)


def _sigma(values: NDArray[np.float64]) -> float:
    return MAD_TO_SIGMA * float(np.median(np.abs(values - np.median(values))))
