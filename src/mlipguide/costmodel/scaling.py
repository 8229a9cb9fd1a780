"""How a cost grows with the number of neighbour pairs, and how far that can be trusted.

The law, relative to the largest point measured (pairs P*, cost Y):

    y(P) = Y (f + (1 - f) P / P*),    0 <= f <= 1

A share f of the cost at P* is fixed (a call's overhead, the weights, the libraries); the rest is work per pair. On a
device that small systems do not fill, f is close to one and the data say so; where they do not say it, the interval is
wide, because f is not fitted to one value: every f counts with its posterior weight,

    p(f | points) ~ (1 - f)^k exp(-chi^2(f) / 2),    chi^2(f) = min over Y of  sum_i (log y_i - log y(P_i))^2 / s_i^2,

with k = 3, a prior that expects most of the work to scale, for times, and k = 0, which expects nothing, where the
fixed cost is often most of it (memory, of which the libraries take much). s_i holds the error of the point
and the misfit of the law, which is raised until chi^2 is no larger than its degrees of freedom (Birge's
ratio, Phys. Rev. 40, 207 (1932), doi:10.1103/PhysRev.40.207). Quantiles of the mixture over f are the 90 %
prediction interval; beyond P* its width grows with each doubling.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from mlipguide.records.estimate import Basis, Estimate

SMALLEST_ERROR = 0.01
"""No point is trusted to better than 1 %: clocks and neighbours on the machine drift by that much between bursts."""
ERROR_PER_DOUBLING = 0.04
"""Standard error added per doubling beyond the largest point, relative: caches and allocators change with size."""
SAME_SIZE = 0.02
"""A size this close to a measured one, relative, is that size."""
PRIOR_POWER = 3
FARTHEST = 1e6
"""No statement is made beyond this multiple of the largest point."""
NORMAL_90 = 1.6448536269514722
"""Half the 90 % interval of a normal distribution, in standard errors."""

_FIXED_SHARES = np.linspace(0.0, 0.995, 200)


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
        prior_power: The power k of the prior.

    Raises:
        ValueError: No point, or a point that is not positive and finite.
    """

    def __init__(self, points: Sequence[Point], *, source: str, prior_power: int = PRIOR_POWER) -> None:
        if not points:
            raise ValueError("a law needs at least one point")
        if not all(math.isfinite(p.value) and p.value > 0 and p.pairs > 0 for p in points):
            raise ValueError("every point must be positive and finite")
        self.points = tuple(sorted(points, key=lambda point: point.pairs))
        self._source = source
        self._pairs = np.array([point.pairs for point in self.points])
        self._log_values = np.log([point.value for point in self.points])
        self._errors = np.maximum([point.error for point in self.points], SMALLEST_ERROR)
        self._largest = float(self._pairs[-1])
        self._fit(prior_power)

    @property
    def fixed(self) -> float:
        """The most probable cost of a call that does not depend on the size."""
        return math.exp(self._log_scale[self._best]) * float(_FIXED_SHARES[self._best])

    @property
    def per_pair(self) -> float:
        """The most probable cost of a pair."""
        return math.exp(self._log_scale[self._best]) * float(1 - _FIXED_SHARES[self._best]) / self._largest

    @property
    def scatter(self) -> float:
        """Relative standard error of a prediction within the points."""
        return self._error

    def predict(self, pairs: float) -> Estimate:
        """Return the cost at ``pairs`` neighbour pairs, with its 90 % interval and basis."""
        nearest = int(np.argmin(np.abs(np.log(self._pairs / pairs))))
        if abs(self._pairs[nearest] / pairs - 1) <= SAME_SIZE:
            value = math.exp(self._log_values[nearest]) * pairs / self._pairs[nearest]
            factor = math.exp(NORMAL_90 * self._errors[nearest])
            return self._estimate(value / factor, value, value * factor, Basis.MEASURED)
        inside = len(self.points) > 1 and self._pairs[0] <= pairs <= self._largest
        low, middle, high = (self._quantile(pairs, share) for share in (0.05, 0.5, 0.95))
        return self._estimate(low, middle, high, Basis.FITTED if inside else Basis.EXTRAPOLATED)

    def invert(self, value: float) -> Estimate | None:
        """Return the number of pairs at which the cost reaches ``value``.

        Returns:
            None when the fixed cost alone is more. The number ends at a million times the largest point.
        """
        crossings = [self._crossing(value, share) for share in (0.95, 0.5, 0.05)]
        low, middle, high = crossings
        if middle is None or high is None:
            return None
        inside = len(self.points) > 1 and self._pairs[0] <= middle <= self._largest
        return self._estimate(low or 0.0, middle, high, Basis.FITTED if inside else Basis.EXTRAPOLATED)

    def _fit(self, prior_power: int) -> None:
        growth = self._growth(self._pairs)
        residuals = self._log_values - np.log(growth)
        misfit = 0.0
        freedom = max(1, len(self.points) - 2)
        while True:
            weights = 1 / (self._errors**2 + misfit**2)
            log_scale = residuals @ weights / weights.sum()
            chi_squared = ((residuals - log_scale[:, None]) ** 2) @ weights
            if len(self.points) <= 2 or chi_squared.min() <= freedom:  # noqa: PLR2004  # two parameters fit two points
                break
            misfit = max(SMALLEST_ERROR / 2, misfit * 1.1)
        posterior = (1 - _FIXED_SHARES) ** prior_power * np.exp(-(chi_squared - chi_squared.min()) / 2)
        self._posterior = posterior / posterior.sum()
        self._log_scale = log_scale
        # What all points share, the drift of the machine, does not average out.
        self._error = math.sqrt(1 / weights.sum() + misfit**2 + SMALLEST_ERROR**2)
        self._best = int(np.argmax(self._posterior))

    def _growth(self, pairs: np.ndarray) -> np.ndarray:
        """Return the cost relative to that at the largest point, for each fixed share and each number of pairs."""
        shares = _FIXED_SHARES[:, None]
        growth: np.ndarray = shares + (1 - shares) * (np.atleast_1d(pairs) / self._largest)
        return growth

    def _excess(self, pairs: float, log_value: float, share: float) -> float:
        """Return the probability that the cost at ``pairs`` is below ``log_value``, minus ``share``."""
        centres, error = self._components(pairs)
        return float(self._posterior @ ndtr((log_value - centres) / error)) - share

    def _components(self, pairs: float) -> tuple[np.ndarray, float]:
        """Return the centres of the mixture at ``pairs``, in logarithms, and the standard error of each."""
        beyond = max(0.0, math.log2(pairs / self._largest))
        centres: np.ndarray = self._log_scale + np.log(self._growth(np.array([pairs]))[:, 0])
        return centres, math.hypot(self._error, ERROR_PER_DOUBLING * beyond)

    def _quantile(self, pairs: float, share: float) -> float:
        centres, error = self._components(pairs)
        low, high = centres.min() - 8 * error, centres.max() + 8 * error
        return math.exp(brentq(lambda log_value: self._excess(pairs, log_value, share), low, high, xtol=1e-9))

    def _crossing(self, value: float, share: float) -> float | None:
        """Return the number of pairs at which the quantile ``share`` of the cost is ``value``."""

        def shortfall(log_pairs: float) -> float:
            return self._excess(math.exp(log_pairs), math.log(value), share)

        smallest, farthest = math.log(self._pairs[0]) - 20.0, math.log(self._largest * FARTHEST)
        if shortfall(smallest) < 0:
            return None
        if shortfall(farthest) > 0:
            return math.exp(farthest)
        return math.exp(brentq(shortfall, smallest, farthest, xtol=1e-9))

    def _estimate(self, low: float, value: float, high: float, basis: Basis) -> Estimate:
        return Estimate(value=value, low=low, high=high, basis=basis, source=self._source)
