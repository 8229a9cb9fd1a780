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
            source=_joined(self.source, other.source),
        )

    def plus(self, other: Estimate) -> Estimate:
        """Return the estimate of the sum with an independent quantity: errors add in quadrature, each side apart.

        The basis is the less trusted of the two; the spread is unknown where either is. An exact nothing changes
        nothing.
        """
        if other.is_nothing:
            return self
        if self.is_nothing:
            return other
        value = self.value + other.value
        ends = (self.low, self.high, other.low, other.high)
        known = None not in ends
        below = math.hypot(*(one.value - (one.low or 0.0) for one in (self, other)))
        above = math.hypot(*((one.high or 0.0) - one.value for one in (self, other)))
        less_trusted = max(self, other, key=lambda one: one.basis.rank)
        return Estimate(
            value=value,
            low=value - below if known else None,
            high=value + above if known else None,
            basis=less_trusted.basis,
            source=_joined(self.source, other.source),
        )

    @property
    def is_nothing(self) -> bool:
        """Whether this is exactly 0, without any spread."""
        return self.value == self.low == self.high == 0

    @property
    def at_least(self) -> float:
        """The low end, or the value where the spread is unknown."""
        return self.value if self.low is None else self.low

    @property
    def at_most(self) -> float:
        """The high end, or the value where the spread is unknown."""
        return self.value if self.high is None else self.high

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


def nothing(why: str) -> Estimate:
    """Return an exact 0 for what is not needed, and why it is not."""
    return Estimate(value=0.0, low=0.0, high=0.0, basis=Basis.MEASURED, source=why)


def _joined(one: str, other: str) -> str:
    """Return two lists of sources as one, each named once."""
    return "; ".join(dict.fromkeys([*one.split("; "), *other.split("; ")]))
