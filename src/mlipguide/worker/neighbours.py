"""Which points are near each other: of few points by all distances, of many by a k-d tree (``scipy.spatial.cKDTree``).

Importing the tree takes longer than all distances of a usual cell.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEW_DISTANCES = 250_000


def near_pairs(points: NDArray[np.float64], first: int, cutoff: float) -> NDArray[np.int64]:
    """Return the pairs within ``cutoff`` with one of the first points, the smaller index first, shape (pairs, 2)."""
    import numpy as np

    if first * len(points) <= FEW_DISTANCES:
        return np.argwhere(np.triu(_distances(points, np.arange(first)) <= cutoff, k=1)).astype(np.int64)
    from scipy.spatial import cKDTree

    found = cKDTree(points).query_pairs(cutoff, output_type="ndarray").astype(np.int64)
    return np.asarray(found[found[:, 0] < first])


def count_near(points: NDArray[np.float64], first: int, cutoff: float) -> int:
    """Return how many of all points are within ``cutoff`` of the first ones, each of these itself included."""
    import numpy as np

    if first * len(points) <= FEW_DISTANCES:
        return int(np.count_nonzero(_distances(points, np.arange(first)) <= cutoff))
    from scipy.spatial import cKDTree

    return int(cKDTree(points[:first]).count_neighbors(cKDTree(points), cutoff))


def nearest_distances(
    points: NDArray[np.float64], wanted: NDArray[np.intp], within: float = math.inf
) -> NDArray[np.float64]:
    """Return how far the nearest other point is from each of ``wanted``; infinity for none nearer than ``within``."""
    import numpy as np

    if len(points) < 2:  # noqa: PLR2004  # a distance needs two points
        return np.full(len(wanted), math.inf)
    if len(wanted) * len(points) <= FEW_DISTANCES:
        distances = _distances(points, wanted)
        distances[np.arange(len(wanted)), wanted] = math.inf
        nearest = distances.min(axis=1)
        return np.where(nearest < within, nearest, math.inf)
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(points).query(points[wanted], k=2, distance_upper_bound=within)[0])[:, 1]


def _distances(points: NDArray[np.float64], wanted: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the distances from each of ``wanted`` to all points, shape (wanted, points)."""
    import numpy as np

    return np.asarray(np.linalg.norm(points[wanted, None] - points, axis=2))
