"""How a cost grows with the number of neighbour pairs, and how far that can be trusted.

Two laws are fitted to every set of points, with relative weights:

    affine   y = a + b P,   a, b >= 0      (the fixed cost of a call, then work per pair P)
    power    y = c P^p                     (through the three nearest points)

The affine law predicts. Beyond the points, the power law and the affine law through the two nearest points
show what a misfit would do; the 90 % interval holds all three, plus the standard error of the affine fit
(least squares with known errors), plus a term that grows with each doubling of the distance. Where the points
scatter about the law by more than their errors, these are scaled up to the scatter (R. T. Birge, Phys. Rev.
40, 207 (1932), doi:10.1103/PhysRev.40.207). Within the points no prediction is trusted further than a point.
One point alone gives a proportional law, whose interval holds a constant cost as well: how much of it is
fixed, one point cannot tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, nnls

from mlipguide.records.estimate import Basis, Estimate

SMALLEST_ERROR = 0.01
"""No point is trusted to better than 1 %: clocks and the machine's load drift by that much between bursts."""
ERROR_PER_DOUBLING = 0.04
"""Standard error added per doubling beyond the measured sizes, relative."""
LONE_POINT_ERROR = 0.15
"""Standard error of proportionality when there is one point only, relative, per doubling away from it."""
LARGEST_POWER = 2.0
"""A steeper slope in the logarithms is the noise of points close together."""
LARGEST_ERROR = 2.0
"""Standard error at which a number says no more than its order of magnitude; larger ones are cut to this."""
SAME_SIZE = 0.02
"""A size this close to a measured one, relative, is that size."""


@dataclass(frozen=True)
class Point:
    """A measured cost.

    Attributes:
        pairs: Neighbour pairs of the structure: atoms times pairs per atom.
        value: The cost: seconds or bytes.
        error: Its relative standard error.
    """

    pairs: float
    value: float
    error: float


class ScalingLaw:
    """A cost as a function of the number of pairs.

    Args:
        points: At least one, of different sizes.
        source: What the points are, for the estimates.

    Raises:
        ValueError: No point, or a point that is not positive and finite.
    """

    def __init__(self, points: Sequence[Point], *, source: str) -> None:
        if not points:
            raise ValueError("a law needs at least one point")
        if not all(math.isfinite(p.value) and p.value > 0 and p.pairs > 0 for p in points):
            raise ValueError("every point must be positive and finite")
        self.points = tuple(sorted(points, key=lambda point: point.pairs))
        self._source = source
        self._pairs = np.array([point.pairs for point in self.points])
        self._values = np.array([point.value for point in self.points])
        self._errors = np.maximum([point.error for point in self.points], SMALLEST_ERROR)
        self.fixed, self.per_pair = self._fit_affine(slice(None))
        self.scatter = self._relative_scatter()

    def predict(self, pairs: float) -> Estimate:
        """Return the cost at ``pairs`` neighbour pairs, with its 90 % interval and basis."""
        nearest = int(np.argmin(np.abs(np.log(self._pairs / pairs))))
        if abs(self._pairs[nearest] / pairs - 1) <= SAME_SIZE:
            scale = pairs / self._pairs[nearest]
            return self._estimate(self._values[nearest] * scale, self._errors[nearest], Basis.MEASURED)
        return self._predict_by_law(pairs)

    def invert(self, value: float, *, largest_pairs: float = 1e15) -> Estimate | None:
        """Return the number of pairs at which the cost reaches ``value``.

        Returns:
            None when even one pair costs more, or when the cost does not reach ``value`` with
            ``largest_pairs``, because no growth was seen. The high end is None when the low end of the cost
            does not reach it.
        """
        middle = self._crossing("value", value, largest_pairs)
        if middle is None or middle >= largest_pairs:
            return None
        low = self._crossing("high", value, largest_pairs) or 0.0
        high = self._crossing("low", value, largest_pairs)
        return Estimate(
            value=middle,
            low=min(middle, low),
            high=None if high is None or high >= largest_pairs else max(middle, high),
            basis=Basis.FITTED if self._is_inside(middle) else Basis.EXTRAPOLATED,
            source=self._source,
        )

    def _crossing(self, part: str, value: float, largest_pairs: float) -> float | None:
        """Return where the law's value, low or high end reaches ``value``, at most ``largest_pairs``."""

        def gap(log_pairs: float) -> float:
            return float(getattr(self._predict_by_law(math.exp(log_pairs)), part)) - value

        end = math.log(largest_pairs)
        if gap(0.0) > 0:
            return None
        if gap(end) <= 0:
            return largest_pairs
        return math.exp(brentq(gap, 0.0, end, xtol=1e-9))

    def _is_inside(self, pairs: float) -> bool:
        return len(self.points) > 1 and bool(self._pairs[0] <= pairs <= self._pairs[-1])

    def _predict_by_law(self, pairs: float) -> Estimate:
        """Return what the law says, also where a measured point is at hand: this is monotone in ``pairs``."""
        value = self._affine(pairs)
        if self._is_inside(pairs):
            return self._estimate(value, self._fit_error(pairs), Basis.FITTED)
        above = pairs > self._pairs[-1]
        end = -1 if above else 0
        away = abs(math.log2(pairs / self._pairs[end]))
        per_doubling = LONE_POINT_ERROR if len(self.points) == 1 else ERROR_PER_DOUBLING
        plain = self._estimate(
            value, math.hypot(self._fit_error(pairs), per_doubling * away), Basis.EXTRAPOLATED
        )
        assert plain.low is not None
        assert plain.high is not None
        rivals = self._rivals(pairs)
        low, high = min(plain.low, *rivals), max(plain.high, *rivals)
        # A larger system does not cost less, nor a smaller one more, than the nearest point.
        factor = math.exp(NORMAL_90 * self.scatter)
        if above:
            low = max(low, min(value, self._values[end] / factor))
        else:
            high = min(high, max(value, self._values[end] * factor))
        return Estimate(value=value, low=float(low), high=float(high), basis=plain.basis, source=self._source)

    def _affine(self, pairs: float) -> float:
        return self.fixed + self.per_pair * pairs

    def _fit_affine(self, chosen: slice) -> tuple[float, float]:
        pairs, values, errors = self._pairs[chosen], self._values[chosen], self._errors[chosen]
        if len(pairs) == 1:
            return 0.0, float(values[0] / pairs[0])
        weights = 1 / (errors * values)
        # Columns of like size keep the solver's tolerance meaningful.
        unit = float(pairs.max())
        columns = np.column_stack([np.ones_like(pairs), pairs / unit]) * weights[:, None]
        (fixed, slope), _ = nnls(columns, values * weights)
        return float(fixed), float(slope / unit)

    def _relative_scatter(self) -> float:
        """Return the standard error of a point: its own, or the scatter about the law where larger."""
        own = float(np.sqrt(np.mean(self._errors**2)))
        freedom = len(self.points) - 2
        if freedom < 1:
            return own
        residuals = self._values / (self.fixed + self.per_pair * self._pairs) - 1
        birge = float(np.sqrt(np.sum((residuals / self._errors) ** 2) / freedom))
        return own * max(1.0, birge)

    def _fit_error(self, pairs: float) -> float:
        """Return the relative standard error of the affine fit at ``pairs``, at least that of a point."""
        if len(self.points) == 1:
            return self.scatter
        sigma = self.scatter * self._values
        unit = self._pairs[-1]
        columns = np.column_stack([np.ones_like(sigma), self._pairs / unit]) / sigma[:, None]
        here = np.array([1.0, pairs / unit])
        variance = float(here @ np.linalg.pinv(columns.T @ columns) @ here)
        return min(max(self.scatter, math.sqrt(max(variance, 0.0)) / self._affine(pairs)), LARGEST_ERROR)

    def _rivals(self, pairs: float) -> tuple[float, ...]:
        """Return what other laws through the points nearest to ``pairs`` say."""
        if len(self.points) == 1:
            return (float(self._values[0]),)
        above = pairs > self._pairs[-1]
        fixed, per_pair = self._fit_affine(slice(-2, None) if above else slice(0, 2))
        nearest = slice(-3, None) if above else slice(0, 3)
        power, _ = np.polyfit(np.log(self._pairs[nearest]), np.log(self._values[nearest]), 1)
        power = min(max(float(power), 0.0), LARGEST_POWER)
        centre = np.exp([np.log(self._pairs[nearest]).mean(), np.log(self._values[nearest]).mean()])
        return fixed + per_pair * pairs, float(centre[1]) * (pairs / float(centre[0])) ** power

    def _estimate(self, value: float, error: float, basis: Basis) -> Estimate:
        factor = math.exp(NORMAL_90 * error)
        return Estimate(
            value=float(value),
            low=float(value / factor),
            high=float(value * factor),
            basis=basis,
            source=self._source,
        )


NORMAL_90 = 1.6448536269514722
"""Half the 90 % interval of a normal distribution, in standard errors."""
