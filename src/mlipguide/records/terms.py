"""Sums of products of uncertain factors: what an estimate is made of, so that what two parts share counts once.

A factor is a split lognormal quantity: ln x = ln value + z d / 1.645, with z standard normal and d the logarithm of
high / value above the median, of value / low below it, so that low and high are its 5 % and 95 % points. Where it may
be 0, the same is done without logarithms, and cut at 0. The z of a factor goes by its name, wherever it occurs.

Of one product, the reach to either side is the root of the summed squares of its factors' reaches, which is exact for
lognormal factors and keeps lopsided ones lopsided. Quantiles of sums are those of seeded stratified draws.
"""

from __future__ import annotations

import math
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NORMAL_95 = 1.6448536269514722
"""The 95 % point of a normal distribution, in standard deviations."""
DRAWS = 8192
"""The ends of a sum of parts known to a factor of 8 are then within about 3 % from name to name."""
SHARES = (0.05, 0.5, 0.95)

Interval = tuple[float, float, float]
"""Low end, value, high end."""


@dataclass(frozen=True)
class Factor:
    """An uncertain quantity.

    Attributes:
        name: Factors of one name are high together.
        low: 5 % point.
        value: Median.
        high: 95 % point.
        power: With which it enters: 1, -1 for a divisor, 0.5 for a root.
    """

    name: str
    low: float
    value: float
    high: float
    power: float = 1

    @property
    def is_lognormal(self) -> bool:
        """Whether it is positive throughout."""
        return self.low > 0

    @lru_cache(maxsize=256)  # noqa: B019  # a factor is a value, and 64 kB each are kept
    def drawn(self) -> NDArray[np.float64]:
        """Return its draws, shape (DRAWS,), which must not be changed."""
        import numpy as np

        z = _normal_draws(self.name) / NORMAL_95
        if self.is_lognormal:
            found = self.value * np.exp(
                np.where(z > 0, math.log(self.high / self.value), math.log(self.value / self.low)) * z
            )
        else:
            found = self.value + np.where(z > 0, self.high - self.value, self.value - self.low) * z
            found = found if self.low < 0 else np.maximum(found, 0.0)
        return np.asarray(found**self.power)


@dataclass(frozen=True)
class Term:
    """A product of factors with an exact coefficient; without factors a constant."""

    coefficient: float
    factors: tuple[Factor, ...] = ()

    @property
    def value(self) -> float:
        """The product of the values."""
        return self.coefficient * math.prod(math.pow(factor.value, factor.power) for factor in self.factors)

    def scaled(self, by: float) -> Term:
        """Return the term times an exact number."""
        return replace(self, coefficient=self.coefficient * by)

    def times(self, other: Term) -> Term:
        """Return the product of two terms."""
        return Term(self.coefficient * other.coefficient, self.factors + other.factors)

    def drawn(self) -> NDArray[np.float64]:
        """Return its draws, shape (DRAWS,)."""
        import numpy as np

        found = np.full(DRAWS, self.coefficient)
        for factor in self.factors:
            found = found * factor.drawn()
        return found

    def interval(self) -> Interval:
        """Return the value with its 90 % interval."""
        if not all(factor.is_lognormal for factor in self.factors):
            low, _, high = _quantiles(self.drawn())
            return min(low, self.value), self.value, max(high, self.value)
        downs, ups = defaultdict[str, float](float), defaultdict[str, float](float)
        for factor in self.factors:
            downs[factor.name] += factor.power * math.log(factor.low / factor.value)
            ups[factor.name] += factor.power * math.log(factor.high / factor.value)
        below = math.hypot(*(min(downs[name], ups[name], 0.0) for name in ups))
        above = math.hypot(*(max(downs[name], ups[name], 0.0) for name in ups))
        return self.value * math.exp(-below), self.value, self.value * math.exp(above)


def interval_of(terms: Sequence[Term]) -> Interval:
    """Return the median of a sum of positive terms with its 90 % interval."""
    return _interval_of(tuple(terms))


@lru_cache(maxsize=4096)
def _interval_of(terms: tuple[Term, ...]) -> Interval:
    constant = sum(term.coefficient for term in terms if not term.factors)
    uncertain = [term for term in terms if term.factors]
    if not uncertain:
        return constant, constant, constant
    if len(uncertain) == 1:
        low, value, high = uncertain[0].interval()
        return low + constant, value + constant, high + constant
    low, value, high = _quantiles(drawn(uncertain))
    return low + constant, value + constant, high + constant


def drawn(terms: Sequence[Term]) -> NDArray[np.float64]:
    """Return the draws of a sum, shape (DRAWS,): sums that share factors are high and low together."""
    import numpy as np

    return np.asarray(np.sum([term.drawn() for term in terms], axis=0))


@lru_cache(maxsize=64)
def _normal_draws(name: str) -> NDArray[np.float64]:
    """Return stratified draws of a standard normal number in an order that goes by the name, shape (DRAWS,)."""
    import numpy as np
    from scipy.special import ndtri

    order = np.random.default_rng(zlib.crc32(name.encode())).permutation(DRAWS)
    return np.asarray(ndtri((order + 0.5) / DRAWS))


def _quantiles(draws: NDArray[np.float64]) -> Interval:
    import numpy as np

    low, middle, high = (float(one) for one in np.quantile(draws, SHARES))
    return low, middle, high
