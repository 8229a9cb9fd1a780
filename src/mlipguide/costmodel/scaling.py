"""How a cost grows with the numbers of atoms and neighbour pairs, and how far that can be trusted.

The law is a mixture of shapes (:mod:`mlipguide.costmodel.mixture`). Its 5 % and 95 % quantiles are the ends of a 90 %
prediction interval: parameters, noise, the misfit of the law and the choice of the shape all enter. Beyond the largest
point the interval widens with distance. What is said of another density carries what is not known of
the share of the work that is done per pair, and the error of a transfer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from mlipguide.core.look import once_a_look
from mlipguide.costmodel.mixture import MEAN_PER_PAIR, PER_PAIR, Mixture
from mlipguide.costmodel.points import OWN, Point
from mlipguide.costmodel.shapes import PRIOR_POWER, ShapePrior
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.stats.bursts import NORMAL_90, SMALLEST_ERROR

__all__ = ["PRIOR_POWER", "Point", "ScalingLaw", "transfer_error"]

TRANSFER_ERROR = 0.03
"""Relative standard error of the level between structures of two densities, per doubling of the pairs per atom."""
OTHER_COMPOSITION_ERROR = 0.05
"""Relative standard error of the level between structures of two compositions and the same pairs per atom."""
SAME_SIZE = 0.02
"""A size this close to a measured one, relative, is that size."""
SAME_DENSITY = 0.02
"""Pairs per atom this close, relative, are the same."""


def is_same_density(a: float, b: float) -> bool:
    """Tell whether two numbers of pairs per atom are the same but for noise."""
    return abs(a / b - 1) <= SAME_DENSITY


def transfer_error(density_ratio: float, *, same_composition: bool) -> float:
    """Return the relative standard error of the level of one kind of structure when it is taken for another.

    Args:
        density_ratio: Of the pairs per atom of the two.
        same_composition: Whether both have the same reduced formula.
    """
    composition = 0.0 if same_composition else OTHER_COMPOSITION_ERROR
    return math.hypot(TRANSFER_ERROR * math.log2(density_ratio), composition)


class ScalingLaw:
    """A cost as a function of the numbers of atoms and pairs.

    Args:
        points: At least one, of different sizes or kinds.
        source: What the points are, for the estimates.
        prior: Which shapes are expected; by default fixed + linear.
        pairs_per_atom: Of the kind of structure that the law is for; by default that of its largest point.
        level_errors: Relative standard error of the level of each other kind of structure, by label.

    Raises:
        ValueError: No point, or a point that is not positive and finite.
    """

    def __init__(
        self,
        points: Sequence[Point],
        *,
        source: str,
        prior: ShapePrior | None = None,
        pairs_per_atom: float | None = None,
        level_errors: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        if not points:
            raise ValueError("a law needs at least one point")
        if not all(math.isfinite(p.value) and p.value > 0 and p.pairs > 0 and p.atoms > 0 for p in points):
            raise ValueError("every point must be positive and finite")
        self.points = tuple(sorted(points, key=lambda point: point.atoms))
        self._own = tuple(point for point in self.points if point.kind == OWN)
        self._reference = (self._own or self.points)[-1]
        self._pairs_per_atom = pairs_per_atom or self._reference.pairs_per_atom
        self._source = source
        self._given = (self.points, self._reference, prior or ShapePrior(), level_errors)
        densities = (self._pairs_per_atom, *(point.pairs_per_atom for point in self.points))
        self._is_of_one = all(is_same_density(density, self._reference.pairs_per_atom) for density in densities)

    @cached_property
    def _mixture(self) -> Mixture:
        """The mixture for the law's own density; a size that was measured does without."""
        return Mixture(*self._given, per_pair=MEAN_PER_PAIR) if self._is_of_one else self._of_densities

    @cached_property
    def _of_densities(self) -> Mixture:
        """The mixture for other densities."""
        return Mixture(*self._given, per_pair=PER_PAIR)

    @property
    def fixed(self) -> float:
        """The most probable cost of a call that does not depend on the size."""
        return self._mixture.best_parts[0]

    @property
    def per_pair(self) -> float:
        """The most probable cost that a pair adds at the largest point, with its share of the atoms' cost."""
        return self._mixture.best_parts[1] / self._reference.pairs

    @property
    def scatter(self) -> float:
        """Relative standard error of a prediction within the points."""
        return self._mixture.scatter

    @once_a_look
    def predict(self, atoms: float, pairs: float) -> Estimate:
        """Return the cost of a system, with its 90 % interval and basis."""
        is_other, basis, transfer = self._conditions(atoms, pairs / atoms)
        measured = None if basis is Basis.TRANSFERRED else self._measured(atoms)
        if measured is not None:
            value = measured.value * pairs / measured.pairs
            factor = math.exp(NORMAL_90 * max(measured.error, SMALLEST_ERROR))
            return self._estimate(value / factor, value, value * factor, Basis.MEASURED)
        mixture = self._of_densities if is_other else self._mixture
        low, middle, high = (mixture.quantile(atoms, pairs, share, transfer) for share in (0.05, 0.5, 0.95))
        return self._estimate(low, middle, high, basis)

    @once_a_look
    def invert(self, value: float, *, pairs_per_atom: float | None = None) -> Estimate | None:
        """Return the number of atoms at which the cost reaches ``value``.

        Args:
            value: The cost.
            pairs_per_atom: Of the structure; by default of the kind that the law is for.

        Returns:
            None when the fixed cost alone is more. The number ends at a million times the largest point.
        """
        density = pairs_per_atom or self._pairs_per_atom
        is_other, _, transfer = self._conditions(self._reference.atoms, density)
        mixture = self._of_densities if is_other else self._mixture
        low, middle, high = mixture.crossings(value, density, (0.95, 0.5, 0.05), transfer)
        if middle is None or high is None:
            return None
        return self._estimate(low or 0.0, middle, high, self._conditions(middle, density)[1])

    def _conditions(self, atoms: float, density: float) -> tuple[bool, Basis, float]:
        """Return what a size that is not measured is predicted with.

        Whether it is of another density, the basis, and the error of a transfer.
        """
        if not is_same_density(density, self._pairs_per_atom):
            transfer = transfer_error(density / self._pairs_per_atom, same_composition=True)
            return True, Basis.TRANSFERRED, transfer
        if not self._own:
            return False, Basis.TRANSFERRED, 0.0
        inside = len(self._own) > 1 and self._own[0].atoms <= atoms <= self._own[-1].atoms
        return False, Basis.FITTED if inside else Basis.EXTRAPOLATED, 0.0

    def _measured(self, atoms: float) -> Point | None:
        nearest = min(self._own, key=lambda point: abs(math.log(point.atoms / atoms)), default=None)
        return nearest if nearest is not None and abs(nearest.atoms / atoms - 1) <= SAME_SIZE else None

    def _estimate(self, low: float, value: float, high: float, basis: Basis) -> Estimate:
        return Estimate(value=value, low=low, high=high, basis=basis, source=self._source)
