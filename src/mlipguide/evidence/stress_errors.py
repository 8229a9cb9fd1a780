"""Errors of the six components of the stress, in Voigt order and ASE's sign, eV/Å³."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlipguide.evidence.block_bootstrap import bootstrapped
from mlipguide.records.accuracy import FrameErrors
from mlipguide.records.estimate import Estimate


def stress_mae(frames: Sequence[FrameErrors], blocks: NDArray[np.int64], *, source: str) -> Estimate | None:
    """Return the mean absolute error of the components; None where no frame has a stress on both sides."""
    kept = [(place, frame.stress) for place, frame in enumerate(frames) if frame.stress is not None]
    if not kept:
        return None
    columns = np.array([(one.absolute, one.components) for _, one in kept], dtype=float)
    return bootstrapped(columns, blocks[[place for place, _ in kept]], source=source)


def stress_rmse(frames: Sequence[FrameErrors]) -> float | None:
    """Return the root of the mean squared error of the components; None where there is none."""
    kept = [frame.stress for frame in frames if frame.stress is not None]
    if not kept:
        return None
    return float(np.sqrt(sum(one.squared for one in kept) / sum(one.components for one in kept)))
