"""Errors of forces: the sums of one frame, and figures over frames, elements, groups and magnitudes.

The force MAE is the mean of |predicted - reference| over the three components of every atom, as papers on potentials
report it; the mean length of the error vector is larger.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mlipguide.records.accuracy.accuracy import ErrorPart, ErrorSums, FrameErrors, LargestError
from mlipguide.records.estimate import Estimate
from mlipguide.stats.frame_means import FrameGroups, FrameMean, mean_over

BIN_EDGES = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, np.inf)
"""Magnitudes of reference forces, eV/Å: near equilibrium, room temperature, hot, far from equilibrium."""
SMALLEST_FORCE = 1e-6
"""eV/Å: below, a force has no direction."""

Forces = NDArray[np.float64]


def sums_of(errors: Forces) -> ErrorSums:
    """Return the sums over all components of an array of errors."""
    return ErrorSums(
        components=int(errors.size),
        absolute=float(np.abs(errors).sum()),
        squared=float(np.square(errors).sum()),
    )


def sums_by_element(errors: Forces, symbols: Sequence[str]) -> dict[str, ErrorSums]:
    """Return the sums of each element.

    Args:
        errors: Shape (atoms, 3), eV/Å.
        symbols: Of each atom.
    """
    names = np.asarray(symbols)
    return {str(name): sums_of(errors[names == name]) for name in np.unique(names)}


def sums_by_magnitude(errors: Forces, reference: Forces) -> tuple[ErrorSums, ...]:
    """Return the sums of atoms whose reference force lies between neighbouring :data:`BIN_EDGES`."""
    places = np.digitize(np.linalg.norm(reference, axis=1), BIN_EDGES[1:-1])
    return tuple(sums_of(errors[places == place]) for place in range(len(BIN_EDGES) - 1))


def cosines(predicted: Forces, reference: Forces) -> Forces:
    """Return the cosine of both forces for each atom where both have a direction; shape (such atoms,)."""
    lengths = np.linalg.norm(predicted, axis=1), np.linalg.norm(reference, axis=1)
    known = (lengths[0] > SMALLEST_FORCE) & (lengths[1] > SMALLEST_FORCE)
    dots = np.einsum("ij,ij->i", predicted[known], reference[known])
    return np.asarray(dots / (lengths[0][known] * lengths[1][known]))


def frame_groups(frames: Sequence[FrameErrors]) -> FrameGroups:
    """Return how frames depend on each other."""
    return FrameGroups(tuple(frame.run for frame in frames), tuple(frame.group for frame in frames))


def force_mae(frames: Sequence[FrameErrors]) -> FrameMean:
    """Return the mean absolute error of the components, eV/Å."""
    return mean_over(np.array([frame.absolute for frame in frames]), _components(frames), frame_groups(frames))


def force_rmse(frames: Sequence[FrameErrors]) -> FrameMean:
    """Return the root of the mean squared error of the components, eV/Å."""
    squared = np.array([sum(one.squared for one in frame.elements.values()) for frame in frames])
    return mean_over(squared, _components(frames), frame_groups(frames)).rooted()


def force_cosine(frames: Sequence[FrameErrors], *, source: str) -> Estimate | None:
    """Return the mean cosine; None where no force has a direction."""
    known = [frame for frame in frames if frame.cosine_atoms]
    if not known:
        return None
    sums = np.array([frame.cosine_sum for frame in known])
    atoms = np.array([frame.cosine_atoms for frame in known], dtype=float)
    return mean_over(sums, atoms, frame_groups(known), positive=False).estimate(source)


def _components(frames: Sequence[FrameErrors]) -> NDArray[np.float64]:
    return np.array([frame.components for frame in frames], dtype=float)


def largest_error(frames: Sequence[FrameErrors]) -> LargestError:
    """Return the largest error of a component and where it is."""
    worst = max(frames, key=lambda frame: frame.largest)
    return LargestError(ev_per_angstrom=worst.largest, frame=worst.frame, atom=worst.largest_atom)


def by_element(frames: Sequence[FrameErrors], *, source: str) -> tuple[ErrorPart, ...]:
    """Return the error of each element's atoms."""
    names = sorted({name for frame in frames for name in frame.elements})
    return tuple(_part(name, frames, partial(_of_element, name), source) for name in names)


def by_group(frames: Sequence[FrameErrors], *, source: str) -> tuple[ErrorPart, ...]:
    """Return the error of each group of frames; empty where none is named."""
    names = sorted({frame.group for frame in frames if frame.group is not None})
    return tuple(_part(name, frames, partial(_of_group, name), source) for name in names)


def by_magnitude(frames: Sequence[FrameErrors], *, source: str) -> tuple[ErrorPart, ...]:
    """Return the error of atoms by the magnitude of their reference force; ranges without atoms are left out."""
    found = []
    for place, (low, high) in enumerate(itertools.pairwise(BIN_EDGES)):
        if any(frame.bins[place].components for frame in frames):
            name = f"over {low:g} eV/Å" if np.isinf(high) else f"{low:g} to {high:g} eV/Å"
            found.append(_part(name, frames, partial(_of_bin, place), source))
    return tuple(found)


def _of_element(name: str, frame: FrameErrors) -> ErrorSums | None:
    return frame.elements.get(name)


def _of_group(name: str, frame: FrameErrors) -> ErrorSums | None:
    if frame.group != name:
        return None
    squared = sum(one.squared for one in frame.elements.values())
    return ErrorSums(components=frame.components, absolute=frame.absolute, squared=squared)


def _of_bin(place: int, frame: FrameErrors) -> ErrorSums:
    return frame.bins[place]


def _part(
    name: str,
    frames: Sequence[FrameErrors],
    sums: Callable[[FrameErrors], ErrorSums | None],
    source: str,
) -> ErrorPart:
    """Return the error of a part; frames without any of its atoms say nothing of it and are left out."""
    kept = [(frame, one) for frame in frames if (one := sums(frame)) is not None and one.components > 0]
    absolute = np.array([one.absolute for _, one in kept])
    components = np.array([one.components for _, one in kept], dtype=float)
    mae = mean_over(absolute, components, frame_groups([frame for frame, _ in kept]))
    return ErrorPart(
        name=name,
        frames=len(kept),
        components=sum(one.components for _, one in kept),
        force_mae_ev_per_angstrom=mae.estimate(source),
        force_rmse_ev_per_angstrom=float(np.sqrt(sum(one.squared for _, one in kept) / components.sum())),
    )
