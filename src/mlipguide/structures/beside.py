"""What a file says beside elements, positions and cell: what of it is kept, and what is not.

Kept are atoms that are held, total charge and spin, and masses that are no element's.
"""

from __future__ import annotations

from collections.abc import Iterator

import ase
import numpy as np

from mlipguide.records.notice import Notice
from mlipguide.structures.electrons import Electrons, electron_words, electrons_in, set_electrons
from mlipguide.structures.holds import held_in, held_words, kept_constraints
from mlipguide.structures.isotopes import mass_words, masses_of, unusual_masses

VELOCITY_ARRAYS = ("momenta", "velocities", "velo", "vel")


def keep_beside(read: ase.Atoms, *, source: str, given: Electrons) -> tuple[ase.Atoms, tuple[Notice, ...]]:
    """Return a structure with what is kept of ``read``, and a notice each of what is kept and what is not.

    Args:
        read: As ASE read it.
        source: The file, for messages.
        given: Total charge and spin that stand in the place of the file's.

    Raises:
        InputError: A charge or a spin that makes no sense.
    """
    kept = ase.Atoms(numbers=read.numbers, positions=read.positions, cell=read.cell, pbc=read.pbc)
    masses = unusual_masses(read)
    if masses is not None:
        kept.set_masses(masses)
    constraints, unknown = kept_constraints(read)
    kept.set_constraint(constraints)
    electrons = electrons_in(read, given=given, source=source)
    set_electrons(kept, electrons, source=source)
    return kept, tuple(_notices(kept, read, electrons, unknown, source))


def _notices(
    kept: ase.Atoms, read: ase.Atoms, electrons: Electrons, unknown: tuple[str, ...], source: str
) -> Iterator[Notice]:
    held = held_in(kept)
    found = (
        held_words(held.wholly, held.partly, len(kept)),
        electron_words(electrons.charge, electrons.multiplicity),
        mass_words(masses_of(kept)),
    )
    if any(found):
        words = "; ".join(filter(None, found))
        yield Notice("kept_from_file", " ".join((f"{source} says, and it is kept: {words}.", *electrons.remarks)))
    elif electrons.remarks:
        yield Notice("kept_from_file", " ".join((f"{source}:", *electrons.remarks)))
    dropped = tuple(_dropped(read, unknown))
    if dropped:
        yield Notice("not_kept", f"{source} says more that is not kept: {', '.join(dropped)}.")


def _dropped(read: ase.Atoms, unknown: tuple[str, ...]) -> Iterator[str]:
    if any(np.any(read.arrays[name]) for name in VELOCITY_ARRAYS if name in read.arrays):
        yield "velocities"
    if "initial_magmoms" in read.arrays and np.any(read.arrays["initial_magmoms"]):
        yield "magnetic moments of the atoms"
    if "initial_charges" in read.arrays and np.any(read.arrays["initial_charges"]):
        yield "charges of the atoms"
    for name in unknown:
        yield f"the constraint {name}"
