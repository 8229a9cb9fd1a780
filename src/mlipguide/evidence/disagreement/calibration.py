"""From disagreement to expected error.

The force MAE E of one model of an ensemble is taken proportional to the disagreement d of the frame, with one constant
as in F. Musil et al., J. Chem. Theory Comput. 15, 906 (2019), doi:10.1021/acs.jctc.8b00959. A power of d, or the
magnitude of the forces as a second variable, fits a system better that it was fitted on and the other one worse
(``benchmarks/disagreement.py`` prints this). The interval is that of split conformal prediction with the score E / d
(J. Lei et al., J. Am. Stat. Assoc. 113, 1094 (2018), doi:10.1080/01621459.2017.1307116): the quantiles 5 % and 95 % of
E / d on labelled frames, every group of every system of the same weight, moved outwards by (n + 1) / n for n frames.
That guarantees 90 % only where the next frame is drawn as these were. The user's is not: what the benchmark measures is
the coverage on systems and groups that were left out, and the calibration states it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mlipguide.catalog.locations import DATA
from mlipguide.core.serialisation import from_plain, read_yaml
from mlipguide.records.accuracy.disagreement import Calibration
from mlipguide.records.estimate import Basis, Estimate

CONFIDENCE = 0.90
HALF_AN_ORDER = 10**0.5
CALIBRATION_FILE = DATA / "disagreement_calibration.yaml"


@dataclass(frozen=True, kw_only=True)
class CalibrationPoint:
    """A labelled frame, as one ensemble sees it and one of its models errs.

    Attributes:
        system: The labelled system.
        group: Kind of frame within it.
        frame: What tells the frame from others.
        disagreement_ev_per_angstrom: Of the ensemble.
        force_mae_ev_per_angstrom: True error of the model.
    """

    system: str
    group: str
    frame: str
    disagreement_ev_per_angstrom: float
    force_mae_ev_per_angstrom: float


@dataclass(frozen=True)
class Ratios:
    """Error over disagreement: the median, and the ends of the 90 % interval."""

    low: float
    median: float
    high: float

    def covers(self, point: CalibrationPoint) -> bool:
        """Tell whether the interval at the disagreement of ``point`` holds its error."""
        scale = point.disagreement_ev_per_angstrom
        return self.low * scale <= point.force_mae_ev_per_angstrom <= self.high * scale


def fit_ratios(points: Sequence[CalibrationPoint]) -> Ratios:
    """Return the quantiles of error over disagreement, every group of the same weight.

    Args:
        points: Of positive disagreement.

    Raises:
        ValueError: There are none.
    """
    if not points:
        raise ValueError("A calibration needs labelled frames.")
    sizes = Counter((point.system, point.group) for point in points)
    ratios = np.array([point.force_mae_ev_per_angstrom / point.disagreement_ev_per_angstrom for point in points])
    weights = np.array([1 / sizes[point.system, point.group] for point in points])
    frames = len({(point.system, point.frame) for point in points})
    tail = (1 - CONFIDENCE) / 2
    outer = max(0.0, 1 - (1 - tail) * (frames + 1) / frames)
    return Ratios(
        low=_quantile(ratios, weights, outer),
        median=_quantile(ratios, weights, 0.5),
        high=_quantile(ratios, weights, 1 - outer),
    )


@cache
def load_calibration() -> Calibration:
    """Return the calibration that was fitted on the labelled sets.

    Raises:
        InputError: Its file is damaged.
    """
    return from_plain(Calibration, read_yaml(CALIBRATION_FILE), what=CALIBRATION_FILE.name)


def why_extrapolated(
    calibration: Calibration, *, elements: Sequence[str], models: Sequence[str], disagreement_ev_per_angstrom: float
) -> tuple[str, ...]:
    """Return in which respects a case is outside of what the calibration was fitted on; empty where it is inside."""
    reasons: list[str] = []
    if len(elements) != 1 or elements[0] not in calibration.systems:
        reasons.append(f"fitted on {' and '.join(calibration.systems)}, not on {'-'.join(elements)}")
    unknown = [name for name in models if name not in calibration.models]
    if unknown:
        reasons.append(f"fitted without {', '.join(unknown)}")
    low, high = calibration.smallest_ev_per_angstrom, calibration.largest_ev_per_angstrom
    if not low <= disagreement_ev_per_angstrom <= high:
        reasons.append(f"fitted between {low * 1e3:.0f} and {high * 1e3:.0f} meV/Å of disagreement")
    return tuple(reasons)


def expected_force_mae(
    disagreement_ev_per_angstrom: float, calibration: Calibration, *, extrapolated: bool
) -> Estimate:
    """Return the expected force MAE of one of the models, eV/Å, with its 90 % interval."""
    return Estimate(
        value=disagreement_ev_per_angstrom * calibration.ratio,
        low=disagreement_ev_per_angstrom * calibration.low_ratio,
        high=disagreement_ev_per_angstrom * calibration.high_ratio,
        basis=Basis.EXTRAPOLATED if extrapolated else Basis.FITTED,
        source=f"disagreement, calibrated on {' and '.join(calibration.systems)} [{', '.join(calibration.sources)}]",
    )


def interval_to_judge_by(expected: Estimate, *, extrapolated: bool) -> Estimate:
    """Return an expected error with the interval that a tolerance may be compared with.

    The calibrated one, inside of what was calibrated. It was fitted on two systems, and on one of them that was left
    out it held two thirds of the errors, not 90 %: of how systems differ, two tell next to nothing. So on any other
    system it is taken for an order of magnitude, half of one to either side.
    """
    if not extrapolated or expected.low is None or expected.high is None:
        return expected
    return replace(expected, low=expected.low / HALF_AN_ORDER, high=expected.high * HALF_AN_ORDER)


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    """Return the smallest value with at least ``share`` of the weight at or below it."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    place = int(np.searchsorted(reached, share - 1e-12))
    return float(values[order[min(place, len(values) - 1)]])
