"""How much fits to samples of the same frames disagree, which is large where a potential was not trained.

Query by committee (H. S. Seung et al., Proc. COLT 1992, doi:10.1145/130385.130417); that the spread of fits to samples
follows the error of a potential, up to a factor to be calibrated, is seen in F. Musil et al., J. Chem. Theory Comput.
15, 906 (2019), doi:10.1021/acs.jctc.8b00959. The spread of a component is that of ``disagree``; of it the mean over
components is taken, not the root mean square, since it stands beside a mean absolute error.

A member learns from the distinct frames of a bootstrap sample, 1 - 1/e or 63 % of them: a frame that stood twice in a
file could be trained on and left for validation at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlipguide.evidence.disagreement.spread import component_spread
from mlipguide.structures.labels import LabelledFrame

MEMBERS = 4
"""Beyond a few, members narrow the estimate of the spread little; two are the least that have one."""
FEWEST = 2


@dataclass(frozen=True)
class Disagreement:
    """The spread of a committee on labelled frames; see :class:`mlipguide.records.training.fit.Committee`."""

    spread_ev_per_angstrom: float
    error_over_spread: float
    correlation: float | None


def bootstrap(frames: Sequence[LabelledFrame], *, seed: int) -> tuple[LabelledFrame, ...]:
    """Return the frames that a sample with replacement of as many frames holds, each once, in their order."""
    drawn = np.random.default_rng(seed).integers(0, len(frames), size=len(frames))
    return tuple(frames[position] for position in sorted(set(drawn.tolist())))


def disagreement(
    members: Sequence[Sequence[NDArray[np.float64]]],
    potential: Sequence[NDArray[np.float64]],
    reference: Sequence[NDArray[np.float64]],
) -> Disagreement:
    """Compare the spread of members with the error of the potential.

    Args:
        members: Forces of each member on each frame, each of shape (atoms, 3), eV/Å.
        potential: Forces of the potential on each frame.
        reference: Forces of the labels.
    """
    from scipy.stats import spearmanr  # half a second of start-up

    spreads = np.concatenate([component_spread(np.array(forces)) for forces in zip(*members, strict=True)])
    errors = np.concatenate([np.abs(mine - true) for mine, true in zip(potential, reference, strict=True)])
    spread, error = float(spreads.mean()), float(errors.mean())
    by_atom = spreads.mean(axis=1), errors.mean(axis=1)
    varies = all(float(np.ptp(values)) > 0 for values in by_atom)
    return Disagreement(
        spread_ev_per_angstrom=spread,
        error_over_spread=error / spread if spread > 0 else 0.0,
        correlation=float(spearmanr(*by_atom).statistic) if varies else None,
    )
