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

from mlipguide.evidence.accuracy.force_errors import frame_groups
from mlipguide.records.accuracy.accuracy import FrameErrors
from mlipguide.records.estimate import Estimate
from mlipguide.stats.frame_means import mean_over


def force_slope(frames: Sequence[FrameErrors], *, source: str) -> Estimate | None:
    """Return the slope of predicted against reference forces; None where all reference forces are zero."""
    known = [frame for frame in frames if frame.reference_squared > 0]
    if not known:
        return None
    dots = np.array([frame.dot for frame in known])
    squares = np.array([frame.reference_squared for frame in known])
    return mean_over(dots, squares, frame_groups(known), positive=False).estimate(source)
