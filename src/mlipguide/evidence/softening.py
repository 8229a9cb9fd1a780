"""Softening: by how much a model's forces are too small.

Universal potentials that were trained on relaxations underestimate forces away from equilibrium by a factor that is
nearly the same for a whole system (B. Deng et al., npj Comput. Mater. 11, 9 (2025), doi:10.1038/s41524-024-01500-6).
The factor is the slope of predicted against reference forces.

The slope is that of least squares through zero, sum(p r) / sum(r r). Through zero, since an intercept has no meaning: a
constant added to all components is no force of any structure. Of predicted on reference and not total least squares,
since the scatter is the model's: the noise of converged reference forces (meV/Å) is far below a model's error (tens of
meV/Å), so the slope is not attenuated, while total least squares would give half of the model's scatter to the
reference and move the slope.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlipguide.evidence.block_bootstrap import bootstrapped, ratio
from mlipguide.records.accuracy import FrameErrors
from mlipguide.records.estimate import Estimate


def force_slope(frames: Sequence[FrameErrors], blocks: NDArray[np.int64], *, source: str) -> Estimate | None:
    """Return the slope of predicted against reference forces; None where all reference forces are zero."""
    columns = np.array([(frame.dot, frame.reference_squared) for frame in frames], dtype=float)
    return None if columns[:, 1].sum() == 0 else bootstrapped(columns, blocks, source=source, statistic=ratio)
