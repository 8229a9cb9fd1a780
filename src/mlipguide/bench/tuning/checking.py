"""Whether a setting computes what the plain one does, on rattled structures of several sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlipguide.bench.agreement import TOLERANCE, agreement_of, is_within, rattled_copies
from mlipguide.bench.subject import SizeSource
from mlipguide.records.timing.tuning import Differences
from mlipguide.sessions.interface import ModelSession, SinglePoint

if TYPE_CHECKING:
    from ase import Atoms

COPIES = 2
MOST_ATOMS = 200
"""Of a structure that is compared, unless the one that is timed is smaller: plain double precision is slow."""
SEED = 7


def structures_to_compare(sizes: SizeSource, timed: Sequence[int], own_atoms: int) -> tuple[Atoms, ...]:
    """Return rattled copies of structures of several sizes, the largest first, so that what compiles does so once.

    Args:
        sizes: Makes the structures.
        timed: Numbers of atoms that are timed.
        own_atoms: Of the user's structure.
    """
    largest = min(max(timed), max(MOST_ATOMS, min(timed)))
    wanted = sorted({largest, min(own_atoms, largest)}, reverse=True)
    made = [sizes.make(count).atoms for count in wanted]
    # Another number of atoms and another shape, where the structure can be repeated.
    smallest = made[-1]
    if len(made) == 1 and smallest.pbc.any() and 2 * len(smallest) <= MOST_ATOMS:
        axis = int(smallest.pbc.argmax())
        made.insert(0, smallest.repeat([2 if index == axis else 1 for index in range(3)]))
    found: list[Atoms] = []
    for number, atoms in enumerate(made):
        found += rattled_copies(atoms, COPIES, seed=SEED + number)
    return tuple(found)


def results(session: ModelSession, structures: Sequence[Atoms]) -> tuple[SinglePoint, ...]:
    """Return what a model says of the structures.

    Raises:
        SessionError: It gave no result.
    """
    return tuple(session.single_point(atoms) for atoms in structures)


def differences_of(reference: Sequence[SinglePoint], other: Sequence[SinglePoint]) -> Differences:
    """Return how far results are from the plain setting's, and whether that is within the limits."""
    found = agreement_of(reference, other)
    return Differences(
        energy_ev_per_atom=abs(found.energy_difference_ev_per_atom),
        force_mae_ev_per_angstrom=found.force_mae_ev_per_angstrom,
        force_max_ev_per_angstrom=found.force_max_ev_per_angstrom,
        stress_max_ev_per_angstrom3=found.stress_max_ev_per_angstrom3,
        lacks_stress=found.lacks_stress,
        within_limits=is_within(found),
    )


def beyond(found: Differences) -> str:
    """Return in words which limits a setting does not keep."""
    words = []
    if found.energy_ev_per_atom > TOLERANCE.energy_ev_per_atom:
        words.append(f"energies differ by {1e3 * found.energy_ev_per_atom:.2g} meV/atom")
    if found.force_mae_ev_per_angstrom > TOLERANCE.force_mae_ev_per_angstrom:
        words.append(f"forces by {1e3 * found.force_mae_ev_per_angstrom:.2g} meV/Å on average")
    elif found.force_max_ev_per_angstrom > TOLERANCE.force_max_ev_per_angstrom:
        words.append(f"a force by {1e3 * found.force_max_ev_per_angstrom:.2g} meV/Å")
    stress = found.stress_max_ev_per_angstrom3
    if stress is not None and stress > TOLERANCE.stress_ev_per_angstrom3:
        words.append(f"the stress by {stress:.2g} eV/Å³")
    if found.lacks_stress:
        words.append("it gives no stress")
    return ", ".join(words)
