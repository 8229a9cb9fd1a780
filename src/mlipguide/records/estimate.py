"""A derived number that says how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from mlipguide.core.readable import coarse
from mlipguide.records.strict import strict
from mlipguide.records.terms import Factor, Term, interval_of

WIDE, VAGUE = 2.0, 5.0
"""Intervals to either side from which on two digits, and one, of a number mean something."""


class Basis(StrEnum):
    """Where a number comes from, most trusted first."""

    MEASURED = "measured"
    FITTED = "fitted"
    EXTRAPOLATED = "extrapolated"
    SHARED = "shared"
    PUBLISHED = "published"
    TRANSFERRED = "transferred"
    TRIAL = "trial"
    ASSUMED = "assumed"

    @property
    def rank(self) -> int:
        """Position in the order of trust, 0 the most trusted."""
        return _RANKS[self]


_RANKS = {basis: rank for rank, basis in enumerate(Basis)}


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

    @property
    def terms(self) -> tuple[Term, ...] | None:
        """The sum of products that this came from, or itself as one factor; None where the spread is unknown.

        Two estimates with the same numbers and the same source are the same quantity.
        """
        made_of: tuple[Term, ...] | None = getattr(self, "_terms", None)
        if made_of is not None or self.low is None or self.high is None:
            return made_of
        if self.low == self.value == self.high:
            return (Term(self.value),)
        # Ends on the wrong side of the value are taken for the value.
        low, high = min(self.low, self.value), max(self.high, self.value)
        name = f"{self.low!r} {self.value!r} {self.high!r} {self.basis} {self.source}"
        return (Term(1.0, (Factor(name, low, self.value, high),)),)

    def scaled(self, factor: float) -> Estimate:
        """Return the estimate of this quantity times a positive exact ``factor``."""
        terms = self.terms
        found = Estimate(
            value=self.value * factor,
            low=None if self.low is None else self.low * factor,
            high=None if self.high is None else self.high * factor,
            basis=self.basis,
            source=self.source,
        )
        return _made_of(found, None if terms is None else tuple(term.scaled(factor) for term in terms))

    def times(self, other: Estimate) -> Estimate:
        """Return the estimate of the product: relative errors add in quadrature, each side apart, shared ones once.

        The basis is the less trusted of the two; the spread is unknown where either is. The value is the product of the
        values, of sums the median.
        """
        mine, others = self.terms, other.terms
        value = self.value * other.value
        if mine is None or others is None:
            return self._joined_with(other, (None, value, None), None)
        terms = tuple(one.times(another) for one in mine for another in others)
        low, middle, high = interval_of(terms)
        if len(terms) > 1 and any(term.factors for term in terms):
            value = middle
        return self._joined_with(other, (low, value, high), terms)

    def plus(self, other: Estimate) -> Estimate:
        """Return the estimate of the sum: its median and its 90 % interval, with what both share counted once.

        The basis is the less trusted of the two; the spread is unknown where either is, and the value then the sum of
        the values. An exact nothing changes nothing.
        """
        if other.is_nothing:
            return self
        if self.is_nothing:
            return other
        mine, others = self.terms, other.terms
        if mine is None or others is None:
            return self._joined_with(other, (None, self.value + other.value, None), None)
        return self._joined_with(other, interval_of(mine + others), mine + others)

    def less(self, number: float) -> Estimate:
        """Return the estimate of what is left of this quantity when an exact ``number`` is taken off, at least 0."""

        def left(x: float) -> float:
            return max(0.0, x - number)

        low, high = (None if end is None else left(end) for end in (self.low, self.high))
        rest = Estimate(value=left(self.value), low=low, high=high, basis=self.basis, source=self.source)
        terms = self.terms
        if terms is None or low is None or high is None or len(terms) > 1 or len(terms[0].factors) != 1:
            return rest
        name = terms[0].factors[0].name
        return _made_of(rest, (Term(1.0, (Factor(name, low, rest.value, high),)),))

    def raised(self, power: float) -> Estimate:
        """Return the estimate of a positive ``power`` of this quantity, which is high and low together with it."""
        terms = self.terms
        found = Estimate(
            value=self.value**power,
            low=None if self.low is None else max(0.0, self.low) ** power,
            high=None if self.high is None else self.high**power,
            basis=self.basis,
            source=self.source,
        )
        if terms is None or len(terms) > 1:
            return found
        factors = tuple(replace(factor, power=factor.power * power) for factor in terms[0].factors)
        return _made_of(found, (Term(terms[0].coefficient ** power, factors),))

    @property
    def digits(self) -> int:
        """How many significant digits of the value mean something: 3, 2 from an interval of ×÷2 on, 1 from ×÷5 on."""
        spread = self.relative_spread
        if spread is None:
            return 1 if self.low is not None and self.low <= 0 < self.value else 3
        factor = float(f"{math.exp(spread):.2g}")  # as it is printed
        return 1 if factor >= VAGUE else 2 if factor >= WIDE else 3

    def told(self, formatter: Callable[[float], str]) -> str:
        """Return the value as ``formatter`` writes it, with no more digits than mean something."""
        text = formatter(self.value)
        return text if self.digits == 3 else coarse(text, self.digits)  # noqa: PLR2004  # what formatters write

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
        terms = self.terms
        divisors = None
        if terms is not None and len(terms) == 1 and all(factor.is_lognormal for factor in terms[0].factors):
            factors = tuple(replace(factor, power=-factor.power) for factor in terms[0].factors)
            divisors = (Term(numerator / terms[0].coefficient, factors),)
        found = Estimate(
            value=numerator / self.value,
            low=None if self.high is None else numerator / self.high,
            high=None if self.low is None or self.low <= 0 else numerator / self.low,
            basis=self.basis,
            source=self.source,
        )
        return _made_of(found, divisors)

    def _joined_with(
        self, other: Estimate, ends: tuple[float | None, float, float | None], terms: tuple[Term, ...] | None
    ) -> Estimate:
        low, value, high = ends
        basis, source = less_trusted(self.basis, other.basis), joined_sources(self.source, other.source)
        return _made_of(Estimate(value=value, low=low, high=high, basis=basis, source=source), terms)


def nothing(why: str) -> Estimate:
    """Return an exact 0 for what is not needed, and why it is not."""
    return Estimate(value=0.0, low=0.0, high=0.0, basis=Basis.MEASURED, source=why)


def exactly(value: float, *, basis: Basis = Basis.MEASURED, source: str) -> Estimate:
    """Return an estimate without any spread."""
    return Estimate(value=float(value), low=float(value), high=float(value), basis=basis, source=source)


def around(value: float, reach: float, *, basis: Basis, source: str) -> Estimate:
    """Return an estimate whose interval is a factor of ``reach`` to either side."""
    return Estimate(value=value, low=value / reach, high=value * reach, basis=basis, source=source)


def _made_of(estimate: Estimate, terms: tuple[Term, ...] | None) -> Estimate:
    """Return a new estimate with what it is made of: no field, so that a changed copy stands for itself."""
    if terms is not None:
        object.__setattr__(estimate, "_terms", terms)
    return estimate


def less_trusted(*bases: Basis) -> Basis:
    """Return the least trusted of some bases."""
    return max(bases, key=lambda one: one.rank)


def joined_sources(*lists: str) -> str:
    """Return lists of sources as one, each named once."""
    return "; ".join(dict.fromkeys(source for one in lists for source in one.split("; ")))
