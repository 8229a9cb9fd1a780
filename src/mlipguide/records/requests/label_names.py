"""Under which names a file holds its labels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LabelKeys:
    """Names of the labels in a file; None where one was not found or not chosen.

    Attributes:
        energy: Of the whole structure.
        forces: Of each atom.
        stress: Or of the virial.
        free_energy: Stands beside the energy, which was read; codes with smearing write both.
    """

    energy: str | None = None
    forces: str | None = None
    stress: str | None = None
    free_energy: str | None = None


NO_CHOICE = LabelKeys()
