"""How far a faster setting's energies and forces are from the plain one's, and how far they may be.

Molecular dynamics needs first derivatives only, and single precision was found to be enough for it, while third and
fourth derivatives need double precision (S. Käser and M. Meuwly, arXiv:2311.17398). What it costs is in practice far
below the tolerance here: SevenNet-0 and CHGNet 0.3.0 on rattled cells of 8 to 9 atoms (silicon, magnesium oxide,
ethanol) changed between float32 and float64 by less than 1e-6 eV per atom and by less than 3e-5 eV/Å in any component
of a force (sevenn 0.13.0, chgnet 0.4.2, torch 2.13.0). So a setting beyond the tolerance does more than round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlipguide.records.strict import strict
from mlipguide.records.timing.tuning import AgreementLimits
from mlipguide.sessions.interface import ModelSession, SinglePoint

if TYPE_CHECKING:
    from ase import Atoms

RATTLED_COPIES = 4
RATTLE_ANGSTROM = 0.05
"""About the displacement of an atom by its vibrations at room temperature, along one axis."""


@strict
@dataclass(frozen=True, kw_only=True)
class AgreementFound:
    """Differences between two settings of one model on the same structures.

    Attributes:
        energy_difference_ev_per_atom: The other setting's energy less the reference's, of the structure where it is
            largest in size.
        force_mae_ev_per_angstrom: Mean absolute difference of the force components of all structures.
        force_max_ev_per_angstrom: Largest absolute difference of a force component.
        structures: Number of structures.
        stress_max_ev_per_angstrom3: Largest absolute difference of a component of the stress; None where the reference
            gives none.
        lacks_stress: Whether the reference gives a stress and the other setting none.
    """

    energy_difference_ev_per_atom: float
    force_mae_ev_per_angstrom: float
    force_max_ev_per_angstrom: float
    structures: int
    stress_max_ev_per_angstrom3: float | None = None
    lacks_stress: bool = False


TOLERANCE = AgreementLimits(
    energy_ev_per_atom=1e-3,
    force_mae_ev_per_angstrom=1e-3,
    force_max_ev_per_angstrom=1e-2,
    stress_ev_per_angstrom3=3e-4,
)
"""The largest differences at which two settings count as the same model: small against what the numbers are used for.

1 meV per atom is a twenty-fifth of kT at room temperature, and a tenth or less of what separates good potentials from
their reference calculations. Their mean force errors are tens of meV/Å, of which 1 meV/Å is a few per cent. A single
component may be off by 10 meV/Å, which is what relaxations commonly stop at; thermal forces are tens of times larger.
0.0003 eV/Å³ are 0.05 GPa, what relaxations of cells commonly stop at: a strain of 0.05 % in a solid of 100 GPa.
"""


def rattled_copies(
    atoms: Atoms, count: int = RATTLED_COPIES, *, amplitude_angstrom: float = RATTLE_ANGSTROM, seed: int = 0
) -> tuple[Atoms, ...]:
    """Return copies of ``atoms`` out of equilibrium, so that forces are not zero by symmetry.

    Args:
        atoms: A structure; it is not changed. Constraints do not hold atoms back.
        count: Number of copies.
        amplitude_angstrom: Standard deviation of the normally distributed displacement along each axis.
        seed: Equal seeds give equal copies.
    """
    generator = np.random.default_rng(seed)
    copies = []
    for _ in range(count):
        rattled: Atoms = atoms.copy()
        rattled.positions += generator.normal(scale=amplitude_angstrom, size=rattled.positions.shape)
        copies.append(rattled)
    return tuple(copies)


def compare_settings(reference: ModelSession, other: ModelSession, structures: Sequence[Atoms]) -> AgreementFound:
    """Evaluate ``structures`` with both and return how far they differ.

    Args:
        reference: The model with its plain setting.
        other: The same weights with another setting.
        structures: At least one; see :func:`rattled_copies`.

    Raises:
        ValueError: No structure.
        SessionError: One of the two gave no result.
    """
    if not structures:
        raise ValueError("settings are compared on at least one structure")
    points = [(reference.single_point(atoms), other.single_point(atoms)) for atoms in structures]
    return agreement_of([plain for plain, _ in points], [changed for _, changed in points])


def agreement_of(reference: Sequence[SinglePoint], other: Sequence[SinglePoint]) -> AgreementFound:
    """Return how far results on the same structures differ.

    Args:
        reference: Of the plain setting, at least one.
        other: Of another one, in the same order.
    """
    energies: list[float] = []
    forces, stresses = [], []
    lacks_stress = False
    for plain, changed in zip(reference, other, strict=True):
        energies.append((changed.energy_ev - plain.energy_ev) / len(plain.forces_ev_per_angstrom))
        forces.append(np.subtract(changed.forces_ev_per_angstrom, plain.forces_ev_per_angstrom).ravel())
        if plain.stress_ev_per_angstrom3 is None:
            continue
        if changed.stress_ev_per_angstrom3 is None:
            lacks_stress = True
        else:
            stresses.append(np.subtract(changed.stress_ev_per_angstrom3, plain.stress_ev_per_angstrom3))
    components = np.abs(np.concatenate(forces))
    return AgreementFound(
        energy_difference_ev_per_atom=max(energies, key=abs),
        force_mae_ev_per_angstrom=float(components.mean()),
        force_max_ev_per_angstrom=float(components.max()),
        structures=len(reference),
        stress_max_ev_per_angstrom3=float(np.abs(np.concatenate(stresses)).max()) if stresses else None,
        lacks_stress=lacks_stress,
    )


def is_within(found: AgreementFound, tolerance: AgreementLimits = TOLERANCE) -> bool:
    """Tell whether all differences are within ``tolerance``, and no stress is missing."""
    stress = found.stress_max_ev_per_angstrom3
    return (
        not found.lacks_stress
        and (stress is None or stress <= tolerance.stress_ev_per_angstrom3)
        and abs(found.energy_difference_ev_per_atom) <= tolerance.energy_ev_per_atom
        and found.force_mae_ev_per_angstrom <= tolerance.force_mae_ev_per_angstrom
        and found.force_max_ev_per_angstrom <= tolerance.force_max_ev_per_angstrom
    )
