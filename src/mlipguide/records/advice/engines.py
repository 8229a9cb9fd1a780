"""The codes that one model can be run through on one piece of hardware."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.estimate import Estimate
from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True, kw_only=True)
class EngineChoice:
    """One code.

    Attributes:
        code: Its name: ``ase``, ``lammps mliap cueq``.
        devices: That a run in it uses.
        splits: Whether several devices can share one system in it.
        step_time_s: At the task's number of atoms; None where nothing tells of it.
        peak_memory_bytes: Of each device there; None where nothing tells of it.
        fastest_from_atoms: Smallest system with which it is expected to be the fastest of all; None where it never is.
        fastest_to_atoms: Largest such system; None where it never is, and where no end was found.
    """

    code: str
    devices: int
    splits: bool
    step_time_s: Estimate | None
    peak_memory_bytes: Estimate | None
    fastest_from_atoms: int | None
    fastest_to_atoms: int | None
