"""Near-cubic supercells with about a wanted number of atoms, chosen by arithmetic and built at the end.

Among the diagonal supercells (na x nb x nc) the one of least cost is taken,

    cost = 4 |ln(n / wanted)| + ln(distortion),    distortion = (l1² + l2² + l3²) / (3 (l1 l2 l3)^(2/3)),

where n is its number of atoms and l are the lengths of its edges. The first term counts double when n is
below ``wanted``. The distortion is 1 for equal edges and greater for all others (inequality of the means).
Half as much distortion again weighs as much as ten percent too many atoms. The skew of the cell, which no
repetition changes, does not count.
"""

from __future__ import annotations

import math

import ase
import numpy as np

from mlipguide.core.errors import InputError
from mlipguide.structures.electrons import multiply

COUNT_WEIGHT = 4.0
LARGEST_BUILT_ATOMS = 20_000_000
"""Above this a supercell is not built: positions and numbers alone would take over 1 GB with their copies."""

SMALLEST_WINDOW, LARGEST_WINDOW = 3, 60


def repeats_for(atoms: ase.Atoms, *, atoms_wanted: int) -> tuple[int, int, int]:
    """Return how often to repeat the cell along a, b and c for about ``atoms_wanted`` atoms.

    Only periodic directions are repeated and a cell is never cut: fewer atoms than the cell holds gives (1,
    1, 1). With 100 cells or more in three dimensions the count is within 8 % of the wanted one.

    Raises:
        InputError: ``atoms_wanted`` is below 1, or the structure is an isolated molecule of another size.
    """
    if atoms_wanted < 1:
        raise InputError(f"{atoms_wanted} atoms were asked for.", hint="Ask for at least 1 atom.")
    axes = [axis for axis in range(3) if atoms.pbc[axis]]
    if not axes:
        if atoms_wanted == len(atoms):
            return 1, 1, 1
        raise InputError(
            f"The structure is an isolated molecule of {len(atoms)} atoms and cannot be repeated to {atoms_wanted}.",
            hint="Give a periodic box (a liquid or a crystal) of it, or leave the number of atoms out.",
            kind="not_periodic",
        )
    lengths = [float(np.linalg.norm(atoms.cell[axis])) for axis in axes]
    chosen = _choose(lengths, atoms_wanted / len(atoms))
    repeats = [1, 1, 1]
    for axis, repeat in zip(axes, chosen, strict=True):
        repeats[axis] = repeat
    return repeats[0], repeats[1], repeats[2]


def near_cubic_supercell(atoms: ase.Atoms, *, atoms_wanted: int) -> ase.Atoms:
    """Return the supercell that :func:`repeats_for` chooses.

    Raises:
        InputError: As there, or more than 2e7 atoms, which no memory here should be filled with.
    """
    repeats = repeats_for(atoms, atoms_wanted=atoms_wanted)
    count = len(atoms) * math.prod(repeats)
    if count > LARGEST_BUILT_ATOMS:
        raise InputError(
            f"A supercell of {count} atoms is too large to be built (limit {LARGEST_BUILT_ATOMS}).",
            hint="Ask for fewer atoms.",
        )
    return repeated(atoms, repeats)


def repeated(atoms: ase.Atoms, repeats: tuple[int, int, int]) -> ase.Atoms:
    """Return a cell repeated along a, b and c: images of held atoms are held, charges and unpaired electrons add up."""
    built: ase.Atoms = atoms.repeat(repeats)
    multiply(built, math.prod(repeats))
    return built


def size_ladder(atoms: ase.Atoms, *, largest: int, rungs: int) -> tuple[int, ...]:
    """Return numbers of atoms, growing by about a constant factor from one cell to ``largest``.

    Each is reached exactly: ``near_cubic_supercell(atoms, atoms_wanted=rung)`` has ``rung`` atoms. None is
    above ``largest``, except the cell itself when that is larger. There may be fewer than ``rungs`` where
    few are possible, and one only for an isolated molecule.

    Raises:
        InputError: ``largest`` or ``rungs`` is below 1.
    """
    if largest < 1 or rungs < 1:
        raise InputError(f"A ladder of {rungs} sizes up to {largest} atoms was asked for.", hint="Use at least 1.")
    smallest = len(atoms)
    if not any(atoms.pbc) or largest <= smallest:
        return (smallest,)
    found = {smallest}
    for step in range(1, rungs):
        target = smallest * (largest / smallest) ** (step / (rungs - 1))
        rung = _settle(atoms, target, largest)
        if rung is not None:
            found.add(rung)
    return tuple(sorted(found))


def _settle(atoms: ase.Atoms, target: float, largest: int) -> int | None:
    """Return a count near ``target`` and at most ``largest`` that asking for gives again, or None."""
    wanted = max(1, round(target))
    while wanted > len(atoms):
        count = _count(atoms, wanted)
        if count <= largest and _count(atoms, count) == count:
            return count
        wanted = min(wanted - 1, int(wanted * 0.98))
    return None


def _count(atoms: ase.Atoms, wanted: int) -> int:
    return len(atoms) * math.prod(repeats_for(atoms, atoms_wanted=wanted))


def _choose(lengths: list[float], cells: float) -> tuple[int, ...]:
    """Return the repeats of least cost; equal costs give the lexicographically first."""
    ideal = _ideal_repeats(lengths, cells)
    last = max(range(len(lengths)), key=lambda axis: (ideal[axis], axis))
    free = [axis for axis in range(len(lengths)) if axis != last]
    best: tuple[float, tuple[int, ...]] | None = None
    grids = np.meshgrid(*(_window(ideal[axis]) for axis in free), indexing="ij")
    others = np.stack([grid.ravel() for grid in grids], axis=1) if free else np.ones((1, 0), dtype=np.int64)
    wanted_last = cells / others.prod(axis=1)
    for rounding in (np.floor, np.ceil):
        repeats = np.empty((len(others), len(lengths)), dtype=np.int64)
        repeats[:, free] = others
        repeats[:, last] = np.maximum(1, rounding(wanted_last))
        costs = np.round(_cost(repeats, np.array(lengths), cells), 9)
        for row in np.flatnonzero(costs == costs.min()):
            candidate = (float(costs[row]), tuple(int(number) for number in repeats[row]))
            best = candidate if best is None else min(best, candidate)
    assert best is not None
    return best[1]


def _cost(
    repeats: np.ndarray[tuple[int, int], np.dtype[np.int64]],
    lengths: np.ndarray[tuple[int], np.dtype[np.float64]],
    cells: float,
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    excess = np.log(repeats.prod(axis=1) / cells)
    edges = repeats * lengths
    dimensions = edges.shape[1]
    volume = np.exp(np.log(edges).sum(axis=1) * 2 / dimensions)
    distortion = (edges**2).sum(axis=1) / (dimensions * volume)
    cost: np.ndarray[tuple[int], np.dtype[np.float64]] = COUNT_WEIGHT * np.where(
        excess >= 0, excess, -2 * excess
    ) + np.log(distortion)
    return cost


def _ideal_repeats(lengths: list[float], cells: float) -> list[float]:
    """Return fractional repeats that make all edges equal, none below 1."""
    ideal = [1.0] * len(lengths)
    growing = list(range(len(lengths)))
    while growing:
        edge = (cells * math.prod(lengths[axis] for axis in growing)) ** (1 / len(growing))
        short = [axis for axis in growing if edge < lengths[axis]]
        if not short:
            for axis in growing:
                ideal[axis] = edge / lengths[axis]
            break
        growing = [axis for axis in growing if axis not in short]
    return ideal


def _window(ideal: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    half = min(max(SMALLEST_WINDOW, math.ceil(ideal / 2)), LARGEST_WINDOW)
    return np.arange(max(1, math.floor(ideal) - half), math.ceil(ideal) + half + 1)
