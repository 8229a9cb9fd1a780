"""What the training data of a potential cover: outside of it nothing was tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from ase.data import atomic_masses, chemical_symbols
from ase.neighborlist import neighbor_list

from mlipguide.core.readable import number
from mlipguide.core.units import GPA_PER_EV_ANGSTROM3
from mlipguide.records.training.training import DomainOfValidity, Span
from mlipguide.structures.labels import LabelledFrame

GRAM_PER_AMU_OVER_CM3_PER_ANGSTROM3 = 1.66053906892
"""1 u in 1 Å³ as g/cm³ (CODATA 2022)."""
NEAREST_ANGSTROM = 3.5
"""Distances up to here are looked at: the shortest bond of any pair of elements is below."""


def domain_of(frames: Sequence[LabelledFrame]) -> DomainOfValidity:
    """Describe the frames that a potential learned from."""
    elements = sorted({int(number) for frame in frames for number in frame.atoms.numbers})
    bulk = [frame.atoms for frame in frames if all(frame.atoms.pbc)]
    forces = [
        float(np.abs(frame.forces_ev_per_angstrom).max())
        for frame in frames
        if frame.forces_ev_per_angstrom is not None
    ]
    return DomainOfValidity(
        elements=tuple(chemical_symbols[number] for number in elements),
        frames=len(frames),
        groups=dict(Counter(frame.group or "" for frame in frames)),
        density_g_per_cm3=_span(
            float(atomic_masses[atoms.numbers].sum()) / float(atoms.cell.volume) * GRAM_PER_AMU_OVER_CM3_PER_ANGSTROM3
            for atoms in bulk
        ),
        pressure_gpa=_span(
            -float(frame.stress_ev_per_angstrom3[:3].mean()) * GPA_PER_EV_ANGSTROM3
            for frame in frames
            if frame.stress_ev_per_angstrom3 is not None
        ),
        temperature_k=_span(frame.temperature_k for frame in frames if frame.temperature_k is not None),
        largest_force_ev_per_angstrom=max(forces, default=None),
        nearest_angstrom=_nearest(frames),
    )


def outside(domain: DomainOfValidity, frames: Sequence[LabelledFrame]) -> tuple[str, ...]:
    """Return what of frames lies outside of a domain, one sentence each."""
    other = domain_of(frames)
    found = []
    unknown = [element for element in other.elements if element not in domain.elements]
    if unknown:
        found.append(f"The elements {', '.join(unknown)} were not learned.")
    for what, unit, mine, theirs in (
        ("density", "g/cm³", domain.density_g_per_cm3, other.density_g_per_cm3),
        ("pressure", "GPa", domain.pressure_gpa, other.pressure_gpa),
    ):
        if mine is not None and theirs is not None and (theirs.low < mine.low or theirs.high > mine.high):
            found.append(
                f"The {what} goes from {number(theirs.low)} to {number(theirs.high)} {unit}; "
                f"learned were {number(mine.low)} to {number(mine.high)}."
            )
    for pair, distance in other.nearest_angstrom.items():
        learned = domain.nearest_angstrom.get(pair)
        if learned is not None and distance < learned:
            found.append(f"{pair} come as near as {distance:.2f} Å; learned were {learned:.2f} Å and more.")
    return tuple(found)


def _span(values: Iterable[float]) -> Span | None:
    known = list(values)
    return Span(low=min(known), high=max(known)) if known else None


def _nearest(frames: Sequence[LabelledFrame]) -> dict[str, float]:
    """Return the shortest distance of each pair of elements, Å."""
    found: dict[str, float] = {}
    for frame in frames:
        first, second, distances = neighbor_list("ijd", frame.atoms, NEAREST_ANGSTROM)
        numbers = frame.atoms.numbers
        low, high = np.minimum(numbers[first], numbers[second]), np.maximum(numbers[first], numbers[second])
        for pair in {(int(a), int(b)) for a, b in zip(low, high, strict=True)}:
            name = "–".join(chemical_symbols[number] for number in pair)
            shortest = float(distances[(low == pair[0]) & (high == pair[1])].min())
            found[name] = min(shortest, found.get(name, shortest))
    return dict(sorted(found.items()))
