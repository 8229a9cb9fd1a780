"""Frames that differ from each other, for a few that stand for many: what to label, what to train on.

A frame is described by its distances. For each pair of elements (A around B) every atom B has the list of its inverse
distances to the nearest atoms A within a cutoff, in descending order,

    x_k = f(r_k) / r_k,    f(r) = (1 + cos(pi r / cutoff)) / 2,

and the frame has the mean and the standard deviation of x_k over the atoms B. That does not depend on the order of
atoms or on how the frame lies, and little on the size of the cell. Sorted distances suffice to tell sets of frames
apart (D. Schwalbe-Koda et al., Nat. Commun. 16, 4014 (2025), doi:10.1038/s41467-025-59232-0); f is that of J. Behler
and M. Parrinello, Phys. Rev. Lett. 98, 146401 (2007), doi:10.1103/PhysRevLett.98.146401.

Frames are chosen by farthest point sampling (G. Imbalzano et al., J. Chem. Phys. 148, 241730 (2018),
doi:10.1063/1.5024611): each is the one farthest from all that are chosen; with weights, the one of the largest product
of weight and distance.
"""

from __future__ import annotations

from collections.abc import Sequence

import ase
import numpy as np
from numpy.typing import NDArray

from mlipguide.core.errors import InputError
from mlipguide.structures.distances import find_pairs

CUTOFF_ANGSTROM = 6.0
"""As the cutoffs of most models here, which is as far as they tell frames apart in one layer."""
NEIGHBOURS = 16
"""Nearest atoms of each element that are looked at: a judgement, the first shells of a close packing (12 and 6)."""


def describe_frames(frames: Sequence[ase.Atoms]) -> NDArray[np.float64]:
    """Return the descriptors of frames.

    Args:
        frames: Structures in any cells and of any compositions; their cells are not flat where they are periodic.

    Returns:
        Shape (frames, features), in 1/Å; an element that a frame lacks gives zeros.
    """
    elements = sorted({int(number) for atoms in frames for number in atoms.numbers})
    rows = [_describe(atoms, elements) for atoms in frames]
    return np.array(rows).reshape(len(frames), -1)


def choose_diverse(
    frames: Sequence[ase.Atoms], count: int, *, weights: Sequence[float] | None = None
) -> tuple[int, ...]:
    """Return the places of ``count`` frames that differ, in the order of choice; all frames where there are fewer.

    Args:
        frames: To choose from.
        count: How many; at least 1.
        weights: How much each frame is wanted, positive; None for all alike. The first choice is the frame of the
            largest weight, or without weights the one nearest to the mean.

    Raises:
        InputError: ``count`` is below 1.
        ValueError: The number of weights is another one, or one of them is negative or not finite.
    """
    if count < 1:
        raise InputError(f"{count} frames were asked for.", hint="Ask for at least 1 frame.")
    wanted = np.ones(len(frames)) if weights is None else np.array(weights, dtype=float)
    if wanted.shape != (len(frames),) or not np.isfinite(wanted).all() or (wanted < 0).any():
        raise ValueError("One weight a frame is needed, neither negative nor infinite.")
    if not frames:
        return ()
    points = describe_frames(frames)
    if weights is None:
        first = int(np.linalg.norm(points - points.mean(axis=0), axis=1).argmin())
    else:
        first = int(wanted.argmax())
    chosen = [first]
    nearest = np.linalg.norm(points - points[first], axis=1)
    while len(chosen) < min(count, len(frames)):
        score = wanted * nearest
        score[chosen] = -1.0
        chosen.append(int(score.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return tuple(chosen)


def _describe(atoms: ase.Atoms, elements: Sequence[int]) -> NDArray[np.float64]:
    pairs = find_pairs(atoms, CUTOFF_ANGSTROM)
    inner = ~pairs.across
    # A pair across a face is found from both sides already; one within the cell is found once.
    centre = np.concatenate([pairs.first, pairs.second[inner]])
    other = np.concatenate([pairs.second, pairs.first[inner]])
    distance = np.concatenate([pairs.distance, pairs.distance[inner]])
    order = np.lexsort((distance, centre))
    centre, other, distance = centre[order], other[order], distance[order]
    closeness = 0.5 * (1 + np.cos(np.pi * distance / CUTOFF_ANGSTROM)) / distance
    features: list[NDArray[np.float64]] = []
    for neighbour in elements:
        of_this = atoms.numbers[other] == neighbour
        table = _nearest_lists(centre[of_this], closeness[of_this], len(atoms))
        for element in elements:
            rows = table[atoms.numbers == element]
            here = len(rows) > 0
            features.append(rows.mean(axis=0) if here else np.zeros(NEIGHBOURS))
            features.append(rows.std(axis=0) if here else np.zeros(NEIGHBOURS))
    return np.concatenate(features)


def _nearest_lists(centre: NDArray[np.int64], closeness: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the closest neighbours of each atom, shape (atoms, NEIGHBOURS); pairs come ordered by centre, distance."""
    table = np.zeros((count, NEIGHBOURS))
    begin = np.searchsorted(centre, np.arange(count))
    place = np.arange(len(centre)) - begin[centre]
    kept = place < NEIGHBOURS
    table[centre[kept], place[kept]] = closeness[kept]
    return table
