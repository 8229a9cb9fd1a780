"""Partial pair distribution functions of a run, how far two of them are apart, and what chance makes of that.

    g_ab(r) = <n_ab(r)> / (N_a N_b / V  4 pi r^2 dr)

with n_ab(r) the number of ordered pairs of an atom of element a and one of element b at a distance in a shell at r,
periodic images included (M. P. Allen, D. J. Tildesley, Computer Simulation of Liquids,
doi:10.1093/oso/9780198803195.001.0001). Of the ideal gas it is 1. All elements together, and not divided by it, hide
nearly everything: far shells hold most pairs, and look alike whatever the structure. The distance of two functions is

    d = integral |g - h| dr / integral (g + h) dr

0 where they are equal and 1 where they have nothing in common; peaks of a Gaussian shape that are wider by a tenth
make 0.05.

What chance makes of d is drawn from the first run alone. Its frames are written as their mean and principal
components; the mean of each component scatters by its standard deviation over the root of its independent samples
(``stats.autocorrelation``). Functions that differ from the mean by such draws, with the tails of Student's
distribution for few independent samples, are as far from it as an equal run would be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import ase
import numpy as np
from scipy.special import ndtri, stdtrit

from mlipguide.stats.autocorrelation import effective_size
from mlipguide.structures.distances import find_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

FURTHEST_ANGSTROM = 6.0
BIN_ANGSTROM = 0.1
SMOOTHING_BINS = 1.5
"""Width of the Gaussian that the functions are smoothed with: short runs of small cells are noisy."""
DRAWS = 2000
KEPT_VARIANCE = 0.95
FEWEST_FRAMES = 4
"""Fewer do not show how they scatter."""


@dataclass(frozen=True)
class PairSeries:
    """The function of one pair of elements, frame by frame.

    Attributes:
        values: g(r), smoothed, shape (frames, bins).
    """

    values: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """The mean over the frames, shape (bins,)."""
        return np.asarray(self.values.mean(axis=0))


def partial_distributions(frames: Sequence[ase.Atoms]) -> dict[str, PairSeries]:
    """Return g(r) of each pair of elements (``Fe-O``), by name, up to 6 Å in bins of 0.1 Å.

    Pairs that never come so near are left out. Without a cell in three directions the volume is taken as 1 Å³.

    Args:
        frames: Of the same atoms in the same order.
    """
    from scipy.ndimage import gaussian_filter1d

    first = frames[0]
    symbols = np.array(first.get_chemical_symbols())
    elements = sorted(set(symbols), key=lambda one: int(np.flatnonzero(symbols == one)[0]))
    number_of = {symbol: place for place, symbol in enumerate(elements)}
    kinds = np.array([number_of[symbol] for symbol in symbols])
    bins = round(FURTHEST_ANGSTROM / BIN_ANGSTROM)
    counts = np.zeros((len(frames), len(elements), len(elements), bins))
    for place, frame in enumerate(frames):
        pairs = find_pairs(frame, FURTHEST_ANGSTROM)
        shell = np.minimum((pairs.distance / BIN_ANGSTROM).astype(int), bins - 1)
        np.add.at(counts[place], (kinds[pairs.first], kinds[pairs.second], shell), 1.0)
        # A pair within the cell is found once, one across a face from both sides.
        inside = ~pairs.across
        np.add.at(counts[place], (kinds[pairs.second][inside], kinds[pairs.first][inside], shell[inside]), 1.0)
    radii = (np.arange(bins) + 0.5) * BIN_ANGSTROM
    shells = 4 * math.pi * radii**2 * BIN_ANGSTROM
    volume = float(first.cell.volume) if all(first.pbc) else 1.0
    found = {}
    for a, b in combinations_with_replacement(range(len(elements)), 2):
        of_ideal_gas = float((kinds == a).sum()) * float((kinds == b).sum()) / volume * shells
        raw = counts[:, a, b] / of_ideal_gas
        if raw.any():
            found[f"{elements[a]}-{elements[b]}"] = PairSeries(
                np.asarray(gaussian_filter1d(raw, SMOOTHING_BINS, axis=1, mode="constant"))
            )
    return found


def distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return how far two functions are apart, between 0 and 1."""
    together = float((one + other).sum())
    return float(np.abs(one - other).sum()) / together if together > 0 else 0.0


def distance_without_structure(series: PairSeries) -> float:
    """Return how far a function is from that of as many pairs at random places: the most that disorder makes of it."""
    mean = series.mean
    return distance(mean, np.full_like(mean, mean.mean()))


def chances_of(
    known: Mapping[str, PairSeries], *, share_of_other: float, confidence: float, seed: int = 0
) -> dict[str, float | None]:
    """Return, for each pair, the distance that an equal run keeps with a probability of ``confidence`` for all of them.

    Args:
        known: The functions of the run whose scatter is taken.
        share_of_other: Length of this run over that of the other one, which scatters as this one does.
        confidence: That no pair of an equal run goes beyond, between 0 and 1.
        seed: Of the draws.

    Returns:
        The distances; None where the run is too short to tell.
    """
    scatters = {pair: _scatter_of(series) for pair, series in known.items()}
    # How correlated the frames are is one thing of all pairs, which the same motions change.
    freedom = sum(one.freedom for one in scatters.values() if one is not None)
    each = 1 - (1 - confidence) / max(1, len(scatters))
    tail = 0.5 + each / 2
    factor = math.sqrt(1 + share_of_other) * float(stdtrit(max(1.0, freedom), tail) / ndtri(tail))
    return {
        pair: None if one is None else factor * one.quantile(known[pair].mean, each, seed=seed)
        for pair, one in scatters.items()
    }


@dataclass(frozen=True)
class _Scatter:
    """How the mean of a series scatters: the principal components, and the standard error of each."""

    components: NDArray[np.float64]
    errors: NDArray[np.float64]
    freedom: float

    def quantile(self, mean: NDArray[np.float64], share: float, *, seed: int) -> float:
        draws = np.random.default_rng(seed).standard_normal((DRAWS, len(self.errors))) * self.errors
        apart = np.abs(draws @ self.components).sum(axis=1) / (2 * float(mean.sum()))
        return float(np.quantile(apart, share))


def _scatter_of(series: PairSeries) -> _Scatter | None:
    """Return how the mean scatters, with the degrees of freedom of its variance.

    They are those of a sum of variances (F. E. Satterthwaite, Biometrics Bull. 2, 110 (1946), doi:10.2307/3002019).
    """
    values, mean = series.values, series.mean
    frames = len(values)
    if frames < FEWEST_FRAMES or float(mean.sum()) <= 0:
        return None
    u, s, v = np.linalg.svd(values - mean, full_matrices=False)
    if s[0] <= 0:
        return _Scatter(v[:1], np.zeros(1), float(frames - 1))
    shares = np.cumsum(s**2) / float((s**2).sum())
    kept = int(np.searchsorted(shares, KEPT_VARIANCE)) + 1
    freedom = np.array([max(1.0, effective_size(u[:, place]) - 1) for place in range(kept)])
    variances = s[:kept] ** 2 / (frames * freedom)
    return _Scatter(v[:kept], np.sqrt(variances), float(variances.sum() ** 2 / (variances**2 / freedom).sum()))


def distances(one: Mapping[str, PairSeries], other: Mapping[str, PairSeries]) -> dict[str, float]:
    """Return how far the functions of each pair that either run knows are apart; 1 where one does not know it."""
    return {
        pair: distance(one[pair].mean, other[pair].mean) if pair in one and pair in other else 1.0
        for pair in dict.fromkeys((*one, *other))
    }
