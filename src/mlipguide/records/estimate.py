"""A derived number that says how far it can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from mlipguide.records.strict import strict


class Basis(StrEnum):
    """Where a number comes from, most trusted first."""

    MEASURED = "measured"
    FITTED = "fitted"
    EXTRAPOLATED = "extrapolated"
    TRANSFERRED = "transferred"
    PUBLISHED = "published"
    ASSUMED = "assumed"

    @property
    def rank(self) -> int:
        """Position in the order of trust, 0 the most trusted."""
        return list(Basis).index(self)


@strict
@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A value with its 90 % interval, its basis and its source.

    Attributes:
        value: The central value, in the unit that the field holding the estimate is named after.
        low: Lower end of the 90 % interval; None when the spread is unknown.
        high: Upper end of the 90 % interval; None when the spread is unknown.
        basis: How the value was obtained.
        source: The measurement, model card key or publication that it stands on.
    """

    value: float
    low: float | None
    high: float | None
    basis: Basis
    source: str

    def scaled(self, factor: float) -> Estimate:
        """Return the estimate of this quantity times a positive exact ``factor``."""
        return Estimate(
            value=self.value * factor,
            low=None if self.low is None else self.low * factor,
            high=None if self.high is None else self.high * factor,
            basis=self.basis,
            source=self.source,
        )

    def times(self, other: Estimate) -> Estimate:
        """Return the estimate of the product with an independent quantity: relative errors add in quadrature.

        The basis is the less trusted of the two; the spread is unknown where either is.
        """
        value = self.value * other.value
        spreads = [one.relative_spread for one in (self, other)]
        known = [spread for spread in spreads if spread is not None]
        reach = math.exp(math.hypot(*known)) if len(known) == len(spreads) else None
        less_trusted = max(self, other, key=lambda one: one.basis.rank)
        return Estimate(
            value=value,
            low=None if reach is None else value / reach,
            high=None if reach is None else value * reach,
            basis=less_trusted.basis,
            source=self.source if self.source == other.source else f"{self.source}; {other.source}",
        )

    @property
    def relative_spread(self) -> float | None:
        """Half the width of the interval's logarithm; None where an end is unknown or not positive."""
        if self.low is None or self.high is None or self.low <= 0:
            return None
        return math.log(self.high / self.low) / 2

    def inverted(self, numerator: float) -> Estimate:
        """Return the estimate of a positive exact ``numerator`` divided by this quantity."""
        return Estimate(
            value=numerator / self.value,
            low=None if self.high is None else numerator / self.high,
            high=None if self.low is None or self.low <= 0 else numerator / self.low,
            basis=self.basis,
            source=self.source,
        )
