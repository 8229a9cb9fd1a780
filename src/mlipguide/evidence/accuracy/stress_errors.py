"""Errors of the six components of the stress, in Voigt order and ASE's sign, eV/Å³."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlipguide.evidence.accuracy.force_errors import frame_groups
from mlipguide.records.accuracy.accuracy import FrameErrors
from mlipguide.records.estimate import Estimate
from mlipguide.stats.frame_means import mean_over


def stress_mae(frames: Sequence[FrameErrors], *, source: str) -> Estimate | None:
    """Return the mean absolute error of the components; None where no frame has a stress on both sides."""
    kept = [(frame, frame.stress) for frame in frames if frame.stress is not None]
    if not kept:
        return None
    absolute = np.array([one.absolute for _, one in kept])
    components = np.array([one.components for _, one in kept], dtype=float)
    return mean_over(absolute, components, frame_groups([frame for frame, _ in kept])).estimate(source)


def stress_rmse(frames: Sequence[FrameErrors]) -> float | None:
    """Return the root of the mean squared error of the components; None where there is none."""
    kept = [frame.stress for frame in frames if frame.stress is not None]
    if not kept:
        return None
    return float(np.sqrt(sum(one.squared for one in kept) / sum(one.components for one in kept)))
