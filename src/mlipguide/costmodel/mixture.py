"""Every shape and size of misfit with its posterior probability, and the quantiles of what they predict.

The work of N atoms with P pairs, relative to a point of reference (N*, P*), is

    w = g P / P* + (1 - g) N / N*,

where g is the share of the work there that is done per pair, the rest per atom. For one kind of structure, with one
number of pairs per atom, g cancels. Structures of two densities determine it; before them its prior is Beta(3, 1):
mean 0.75, for a message-passing model does most of its work along pairs. The cost follows one of the shapes h(w) of
:mod:`mlipguide.costmodel.shapes`:

    ln y_i = ln Y + ln h(w_i) + d_i + e_i,

with e_i the error of a point and the misfit of the law, d_i a deviation that all points of another kind of structure
share. No shape is chosen: each counts with its posterior probability (J. A. Hoeting et al., Stat. Sci. 14, 382 (1999),
doi:10.1214/ss/1009212519), and so do several sizes of the misfit, for points that no shape fits tell that the law
itself is inexact. With the level Y integrated out (flat in ln Y),

    p(h, m | points) ~ p(h) p(m) |V|^(-1/2) (1' V^-1 1)^(-1/2) exp(-r' V^-1 r / 2),

V the covariance of d + e with misfit m, r what remains of ln y - ln h after its generalised mean. That is the marginal
likelihood of generalised least squares (C. E. Rasmussen and C. K. I. Williams, Gaussian Processes for Machine Learning,
2006, sec. 2.7, ISBN 026218253X).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from mlipguide.costmodel.points import OWN, Point
from mlipguide.costmodel.shapes import Array, ShapePrior
from mlipguide.stats.bursts import SMALLEST_ERROR

ERROR_PER_DOUBLING = 0.01
"""Standard error added per doubling beyond the largest point, relative, for what none of the shapes describes; with
0.02, 47 of the 48 predictions of ``benchmarks/holdout.py`` were inside their interval, with 0.01 43."""
FARTHEST = 1e6
"""No statement is made beyond this multiple of the largest point."""
NEGLIGIBLE = 1e-3
"""Probability of all that is left out of predictions."""
MOST_SHAPES = 1000
"""Predictions are made with no more shapes than this: a systematic sample of them, evenly spaced in probability."""
AHEAD = 4.0
"""Multiple of the largest point by whose growth shapes are put in order."""
PER_PAIR = (np.arange(8) + 0.5) / 8
"""Values of g; each weighs g^2 before anything is measured, as Beta(3, 1) has it."""
MEAN_PER_PAIR = np.array([0.75])
MISFITS = np.array([0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32])
"""Relative; the largest are there for points that contradict each other."""
MISFIT_WEIGHTS = np.array([0.5, 0.3, 0.13, 0.05, 0.015, 0.004, 0.001])

_TOLERANCE = 1e-7
_NEAR = 1e-4
"""The step of a secant behind which its search ends: what is left is about the square of it."""
_SMALLEST_SYSTEM = -20.0
_FIRST_STEPS, _NEAR_ENOUGH, _LEAST_GROWTH = 6, 0.01, 0.05
"""Of the search for where the centre of the cost is a value: the most, what ends it, and the flattest growth."""
_EDGE = 1.0
"""So close to an end of the search it is asked what holds at the end itself."""
_MOST_STEPS, _CERTAIN = 80, 1e-12


class Mixture:
    """The posterior over shapes, misfits and shares of the work that is done per pair.

    Args:
        points: At least one.
        reference: The point of work 1.
        prior: Which shapes are expected.
        level_errors: Relative standard error of the level of each other kind of structure, by label.
        per_pair: Values of g to consider, shape (g,).
    """

    def __init__(
        self,
        points: Sequence[Point],
        reference: Point,
        prior: ShapePrior,
        level_errors: Mapping[str, float],
        *,
        per_pair: Array,
    ) -> None:
        self._reference = reference
        self._largest_atoms = max(point.atoms for point in points)
        atoms = np.array([point.atoms for point in points])
        pairs = np.array([point.pairs for point in points])
        work = self._work(per_pair[:, None], atoms, pairs)
        shapes = prior.shapes(float(work.min()), float(work.max()), coarse=len(per_pair) > 1)
        shares = np.repeat(np.arange(len(per_pair)), len(shapes))
        self._shapes = shapes.take(np.tile(np.arange(len(shapes)), len(per_pair)))
        self._per_pair = per_pair[shares]
        remainders = np.log([point.value for point in points]) - self._shapes.log_growth(work[shares])
        self._weigh(remainders, _covariance(points, level_errors))
        self.scatter = math.sqrt(float(self._probability.sum(axis=1) @ self._errors**2))
        self.best_parts = self._find_best_parts()
        self._prune()

    def quantile(self, atoms: float, pairs: float, share: float, added_error: float) -> float:
        """Return what the cost is below of with probability ``share``.

        Args:
            atoms: Number of atoms.
            pairs: Number of pairs.
            share: Between 0 and 1.
            added_error: Relative standard error to add.
        """
        centres, errors = self._components(atoms, pairs, added_error)
        low, high = float((centres - 8 * errors).min()), float((centres + 8 * errors).max())
        middle, deviation = self._moments(centres, errors)
        start = middle + float(ndtri(share)) * deviation
        found = _where(
            lambda value: self._below(value, centres, errors), share, start=start, slope=deviation, ends=(low, high)
        )
        return math.exp(found)

    def crossings(
        self, value: float, pairs_per_atom: float, shares: Sequence[float], added_error: float
    ) -> list[float | None]:
        """Return the numbers of atoms at which the quantiles ``shares`` of the cost are ``value``; None for none."""
        log_value, largest = math.log(value), math.log(self._largest_atoms)
        smallest, farthest = largest + _SMALLEST_SYSTEM, largest + math.log(FARTHEST)

        def at(log_atoms: float) -> tuple[Array, Array]:
            atoms = math.exp(log_atoms)
            return self._components(atoms, atoms * pairs_per_atom, added_error)

        def below(smaller: float) -> float:
            return self._below(log_value, *at(-smaller))

        # The centre grows about as the atoms do: where it is the value, the search begins.
        log_atoms, growth = largest, 1.0
        middle, deviation = self._moments(*at(log_atoms))
        for _ in range(_FIRST_STEPS):
            following = min(max(log_atoms + (log_value - middle) / growth, smallest), farthest)
            if abs(following - log_atoms) < _NEAR_ENOUGH:
                break
            found, deviation = self._moments(*at(following))
            growth = max(_LEAST_GROWTH, (found - middle) / (following - log_atoms))
            log_atoms, middle = following, found

        def crossing(share: float) -> float | None:
            if log_atoms - smallest < _EDGE and below(-smallest) < share:
                return None
            if farthest - log_atoms < _EDGE and below(-farthest) > share:
                return math.exp(farthest)
            slope = deviation / growth
            start = float(ndtri(share)) * slope - log_atoms
            found = _where(below, share, start=start, slope=slope, ends=(-farthest, -smallest))
            return None if -found - smallest < _TOLERANCE else math.exp(-found)

        return [crossing(share) for share in shares]

    def _work(self, per_pair: Array, atoms: Array | float, pairs: Array | float) -> Array:
        work: Array = per_pair * (pairs / self._reference.pairs) + (1 - per_pair) * (atoms / self._reference.atoms)
        return work

    def _weigh(self, remainders: Array, covariance: Array) -> None:
        """Set probability and level, of shape (misfits, shapes), and the error of a prediction with each misfit."""
        count = remainders.shape[1]
        log_weights, levels, errors = [], [], []
        for misfit, weight in zip(MISFITS, MISFIT_WEIGHTS, strict=True):
            precision = np.linalg.inv(covariance + misfit**2 * np.eye(count))
            known = float(precision.sum())
            level = np.einsum("sp,p->s", remainders, precision.sum(axis=0)) / known
            deviations = remainders - level[:, None]
            chi_squared = (np.einsum("sp,pq->sq", deviations, precision) * deviations).sum(axis=1)
            determinant = float(np.linalg.slogdet(precision)[1])
            log_weights.append(math.log(weight) + (determinant - math.log(known) - chi_squared) / 2)
            levels.append(level)
            # What all points share, the drift of the machine, does not average out.
            errors.append(math.sqrt(1 / known + misfit**2 + SMALLEST_ERROR**2))
        log_weight = np.array(log_weights)
        probability = np.exp(log_weight - log_weight.max()) * (self._shapes.weight * self._per_pair**2)
        self._probability = probability / probability.sum()
        self._levels = np.array(levels)
        self._errors = np.array(errors)

    def _find_best_parts(self) -> tuple[float, float]:
        """Return the cost at the reference that is fixed, and the one that scales, of the most probable shape."""
        best = int(np.argmax(self._probability.sum(axis=0)))
        level = math.exp(self._levels[int(np.argmax(self._probability[:, best])), best])
        fixed, bend = float(self._shapes.fixed[best]), float(self._shapes.bend[best])
        whole = (fixed**bend + (1 - fixed) ** bend) ** (1 / bend)
        return level * fixed / whole, level * (1 - fixed) / whole

    def _prune(self) -> None:
        """Leave out what is improbable; of very many shapes keep a systematic sample, in order of their growth."""
        of_shapes = self._probability.sum(axis=0)
        order = np.argsort(of_shapes)
        kept = order[np.cumsum(of_shapes[order]) > NEGLIGIBLE / 2]
        counts = np.ones(len(kept))
        if len(kept) > MOST_SHAPES:
            growth = self._shapes.take(kept).log_growth(np.full(1, AHEAD))[:, 0]
            kept = kept[np.argsort(growth)]
            ends = np.cumsum(of_shapes[kept]) / of_shapes[kept].sum()
            hits = np.diff(np.floor(MOST_SHAPES * ends + 0.5), prepend=0.0)
            kept, hits = kept[hits > 0], hits[hits > 0]
            counts = hits / of_shapes[kept]
        rows = np.flatnonzero(self._probability.sum(axis=1) > NEGLIGIBLE / 4)
        probability = self._probability[np.ix_(rows, kept)] * counts
        self._probability = probability / probability.sum()
        self._levels = self._levels[np.ix_(rows, kept)]
        self._errors = self._errors[rows]
        self._shapes = self._shapes.take(kept)
        self._per_pair = self._per_pair[kept]

    def _components(self, atoms: float, pairs: float, added_error: float) -> tuple[Array, Array]:
        """Return the centres of the mixture, in logarithms, shape (misfits, shapes), and errors, shape (misfits, 1)."""
        beyond = max(0.0, math.log2(atoms / self._largest_atoms))
        work = self._work(self._per_pair, atoms, pairs)[:, None]
        centres = self._levels + self._shapes.log_growth(work)[:, 0]
        errors = np.sqrt(self._errors**2 + (ERROR_PER_DOUBLING * beyond) ** 2 + added_error**2)
        return centres, errors[:, None]

    def _moments(self, centres: Array, errors: Array) -> tuple[float, float]:
        """Return mean and standard deviation of the logarithm of the cost."""
        middle = float((self._probability * centres).sum())
        variance = float((self._probability * ((centres - middle) ** 2 + errors**2)).sum())
        return middle, math.sqrt(variance)

    def _below(self, log_value: float, centres: Array, errors: Array) -> float:
        """Return the probability that the cost is below a value."""
        return float((self._probability * ndtr((log_value - centres) / errors)).sum())


def _where(
    probability: Callable[[float], float], share: float, *, start: float, slope: float, ends: tuple[float, float]
) -> float:
    """Return where a probability that rises comes to ``share``; an end where it does so beyond it.

    By secants of its normal quantile, which is nearly straight; where they lead out of what is known to hold the place,
    by halving that.

    Args:
        probability: Rises from one end to the other.
        share: Between 0 and 1.
        start: Where the search begins.
        slope: About how far a standard deviation is.
        ends: Of the search.
    """
    wanted, (low, high) = float(ndtri(share)), ends
    place = min(max(start, low), high)
    before: tuple[float, float] | None = None
    for _ in range(_MOST_STEPS):
        reached = probability(place)
        low, high = (place, high) if reached < share else (low, place)
        following = (low + high) / 2
        if _CERTAIN < reached < 1 - _CERTAIN:
            quantile = float(ndtri(reached))
            if before is not None and quantile != before[1]:
                slope = (place - before[0]) / (quantile - before[1])
            before = (place, quantile)
            aimed = place + (wanted - quantile) * slope
            if abs(aimed - place) < _NEAR:
                return min(max(aimed, ends[0]), ends[1])
            following = aimed if low < aimed < high else following
        if high - low < _TOLERANCE:
            break
        place = following
    return (low + high) / 2


def _covariance(points: Sequence[Point], level_errors: Mapping[str, float]) -> Array:
    """Return the covariance of the points' own errors and of what the points of one kind share."""
    covariance = np.diag([max(point.error, SMALLEST_ERROR) ** 2 for point in points])
    kinds = np.array([point.kind for point in points])
    for kind, error in level_errors.items():
        if kind != OWN:
            member = kinds == kind
            covariance += error**2 * np.outer(member, member)
    return covariance
