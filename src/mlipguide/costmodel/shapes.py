"""The shapes that a cost can take as a system grows, and how probable each is before anything is measured.

With w the work relative to the largest point (w = 1 there), a shape is

    y(w) / y(1) = ((f^p + ((1 - f) k(w))^p) / (f^p + (1 - f)^p))^(1/p),    k(w) = w r(w) / r(1),

    r(w) = 1 + (R - 1) c(w),    c(w) = ln(w / S) / ln W held to [0, 1].

* f, from 0 to 1, is the part that does not depend on the size: a call's overhead, the weights, the libraries. Its
  prior is (k + 1) (1 - f)^k with mean 1 / (k + 2): k = 3 expects most of the work to scale, k = 0 expects nothing.
* p = 1 adds the fixed part and the work: a processor does one after the other. A GPU works while the calls for it are
  still being issued, so that the longer of the two shows: large p, flat, then linear. The maximum of two times that
  overlap is the roofline's argument (S. Williams, A. Waterman and D. Patterson, Commun. ACM 52, 65 (2009),
  doi:10.1145/1498765.1498785).
* r is the knee of a processor whose cache is left: the work itself becomes dearer by a factor R between S and W S.
  Behind the knee every unit of work costs the risen price; a knee that lies ahead of the points is what no
  measurement excludes, and makes the upper end of the interval rise with distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PRIOR_POWER = 3
"""Of the fixed share of a time on a processor, where most of the work scales."""
LARGEST_FIXED_SHARE = 0.995
FIXED_SHARES = 200
Rises = tuple[tuple[float, float], ...]
STEEP_RISES: Rises = ((1.2, 1.0), (1.4, 1.0), (1.7, 2.0), (2.0, 1.0))
GENTLE_RISES: Rises = ((1.1, 1.0), (1.2, 1.0))
"""By what the work becomes dearer, with weights."""
WIDTHS = ((2.0, 1.0), (5.0, 2.0))
"""How many times larger the end of the rise is than its beginning, with weights."""
FINE, COARSE = (40, 16), (16, 10)
"""How many fixed shares, and beginnings of the rise, shapes with a knee have."""
SMALLEST_BEGINNING = 0.5
"""In multiples of the smallest point."""
LARGEST_BEGINNING = 4.0
"""In multiples of the largest point."""


@dataclass(frozen=True)
class Shapes:
    """Many shapes, one an entry of each array; shape (n,).

    Attributes:
        fixed: The share f.
        bend: The power p.
        rise: The factor R, 1 without a knee.
        begin: The work S at which the rise begins.
        width: The factor W.
        weight: Probability of the shape before anything is measured.
    """

    fixed: Array
    bend: Array
    rise: Array
    begin: Array
    width: Array
    weight: Array

    def __len__(self) -> int:
        """Return the number of shapes."""
        return len(self.weight)

    def take(self, which: NDArray[np.intp]) -> Shapes:
        """Return the shapes with these indices."""
        return Shapes(
            *(array[which] for array in (self.fixed, self.bend, self.rise, self.begin, self.width, self.weight))
        )

    def joined(self, others: Shapes, *, share: float) -> Shapes:
        """Return these shapes and ``others``, which together get that share of the weight."""
        return Shapes(
            fixed=np.concatenate([self.fixed, others.fixed]),
            bend=np.concatenate([self.bend, others.bend]),
            rise=np.concatenate([self.rise, others.rise]),
            begin=np.concatenate([self.begin, others.begin]),
            width=np.concatenate([self.width, others.width]),
            weight=np.concatenate([(1 - share) * self.weight, share * others.weight]),
        )

    def log_growth(self, work: Array) -> Array:
        """Return the logarithm of the cost relative to that at work 1.

        Args:
            work: Positive, shape (points,), or (n, points) where each shape has its own.

        Returns:
            Shape (n, points).
        """
        log_work = np.atleast_2d(np.log(work))
        scaling = np.exp(log_work) * self._rise(log_work) / self._first_rise
        if self._log_parts is None:
            fixed = self.fixed[:, None]
            return np.asarray(np.log(fixed + (1 - fixed) * scaling))
        log_fixed, log_rest, whole = self._log_parts
        bend = self.bend[:, None]
        return np.asarray((np.logaddexp(log_fixed, log_rest + bend * np.log(scaling)) - whole) / bend)

    @cached_property
    def _log_parts(self) -> tuple[Array, Array, Array] | None:
        """Logarithms of the powers of the fixed part, of the rest, and of both, shape (n, 1); None where they add."""
        fixed, bend = self.fixed[:, None], self.bend[:, None]
        if (bend == 1).all():
            return None
        with np.errstate(divide="ignore"):  # nothing fixed: the logarithm of zero is what is meant
            log_fixed, log_rest = bend * np.log(fixed), bend * np.log1p(-fixed)
        return log_fixed, log_rest, np.logaddexp(log_fixed, log_rest)

    @cached_property
    def _first_rise(self) -> Array:
        """The rise at work 1."""
        return self._rise(np.zeros((1, 1)))

    @cached_property
    def _knee(self) -> tuple[Array, Array, Array] | None:
        """Logarithms of where knees begin and of their widths, and the whole rise, shape (n, 1); None without knees."""
        if not (self.rise > 1).any():
            return None
        return np.log(self.begin)[:, None], np.log(self.width)[:, None], (self.rise - 1)[:, None]

    def _rise(self, log_work: Array) -> Array:
        """Return what the work has become dearer by, shape (n, points), or a one where no shape has a knee."""
        if self._knee is None:
            return np.ones((1, 1))
        log_begin, log_width, whole = self._knee
        rise: Array = 1 + whole * np.clip((log_work - log_begin) / log_width, 0.0, 1.0)
        return rise


@dataclass(frozen=True, kw_only=True)
class ShapePrior:
    """What is expected of a cost before it is measured.

    Attributes:
        power: The power k of the fixed share's prior.
        knee: Probability of a knee.
        rises: By what the work becomes dearer behind it, with weights.
        bends: The powers p, equally probable.
    """

    power: int = PRIOR_POWER
    knee: float = 0.0
    rises: Rises = STEEP_RISES
    bends: tuple[float, ...] = (1.0,)

    def shapes(self, smallest_work: float, largest_work: float, *, coarse: bool = False) -> Shapes:
        """Return the shapes with their weights, for points from ``smallest_work`` to ``largest_work``.

        Args:
            smallest_work: Of the points.
            largest_work: Of the points.
            coarse: Whether fewer of them will do.
        """
        bends = _equally(self.bends)
        one = _equally([1.0])
        plain = _crossed(self._fixed_shares(FIXED_SHARES, spacing=1.0), bends, one, one, _equally([WIDTHS[0][0]]))
        if not self.knee:
            return plain
        fixed_shares, beginnings = COARSE if coarse else FINE
        first, last = SMALLEST_BEGINNING * smallest_work, LARGEST_BEGINNING * largest_work
        begins = _equally(np.geomspace(first, last, beginnings))
        rises, widths = (_Weighted(*np.array(table).T) for table in (self.rises, WIDTHS))
        fixed = self._fixed_shares(fixed_shares, spacing=1.5)
        return plain.joined(_crossed(fixed, bends, rises, begins, widths), share=self.knee)

    def _fixed_shares(self, count: int, *, spacing: float) -> _Weighted:
        """Return fixed shares, the closer together near zero the higher ``spacing``, with their probabilities."""
        fixed = LARGEST_FIXED_SHARE * np.linspace(0.0, 1.0, count) ** spacing
        return _Weighted(fixed, (1 - fixed) ** self.power * np.gradient(fixed))


@dataclass(frozen=True)
class _Weighted:
    """Values, and the weight of each."""

    values: Array
    weights: Array


def _equally(values: Sequence[float] | Array) -> _Weighted:
    return _Weighted(np.array(values, dtype=float), np.ones(len(values)))


def _crossed(fixed: _Weighted, bend: _Weighted, rise: _Weighted, begin: _Weighted, width: _Weighted) -> Shapes:
    """Return every combination."""
    axes = (fixed, bend, rise, begin, width)
    values = np.meshgrid(*(axis.values for axis in axes), indexing="ij")
    weights = np.prod(np.meshgrid(*(axis.weights for axis in axes), indexing="ij"), axis=0)
    return Shapes(*(array.ravel() for array in (*values, weights / weights.sum())))


MEMORY = ShapePrior(power=0)
"""The libraries may take nearly all of it."""
TIME_ON_GPU = ShapePrior(power=1, bends=(1.0, 2.0, 8.0, 32.0))
"""On a GPU, which small systems do not fill, nearly all of a step's time may be fixed."""
TIME_ON_CPU = ShapePrior(knee=0.5)
"""Where the C library returns freed memory: the cost per atom of SevenNet-0 was seen to rise 1.7 times between 100 and
500 atoms."""
TIME_ON_CPU_RETAINING = ShapePrior(knee=0.2, rises=GENTLE_RISES)
"""Where freed memory is kept: from 28 to 448 atoms the cost per atom of SevenNet-0, SevenNet-l3i5 and MACE-MP-0 medium
was seen to rise by less than 10 %, that of CHGNet by 12 % between 112 and 448. With these numbers and those of
``points`` and ``mixture``, 43 of 48 predictions at twice and four times the largest size fitted were inside their 90 %
interval, and 77 of 84 when runs at other hours were added (``benchmarks/holdout.py``); a probability of 0.3, or rises
up to 1.4, gave wider intervals and no smaller errors. Of a run made after that choice, 44 of 48 were inside."""
