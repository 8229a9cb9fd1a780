"""Baselines: made from what ``bench`` measured, and turned back into structures that can be measured again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.core.errors import InputError
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.comparison import Baseline, PlainStructure
from mlipguide.records.timing.measurement import Measurement, Scenario
from mlipguide.sessions.interface import Conditions
from mlipguide.store import baselines as store

if TYPE_CHECKING:
    from ase import Atoms


def save_baseline(
    name: str,
    measurements: Sequence[Measurement],
    *,
    machine: Machine,
    atoms: Atoms,
    structure: StructureSummary,
    conditions: Conditions,
    replace: bool = False,
) -> Path:
    """Give fresh measurements a name, or write them to a path, and return the file.

    ``store.baselines.require_free(name, replace=...)`` refuses a taken name before anything is measured.

    Args:
        name: The name, or the path of a file.
        measurements: Those of this run.
        machine: Where they were made.
        atoms: The structure that was repeated or cut.
        structure: Its description.
        conditions: Temperature and step.
        replace: Whether a baseline of that name may be replaced.

    Raises:
        InputError: Nothing was measured, or the name is taken or cannot be one.
        StorageError: The folder cannot be written.
    """
    if not measurements:
        raise InputError(f"Nothing was measured for the baseline '{name}'.", hint="Give a longer --budget.")
    baseline = Baseline(
        name=store.name_of(name),
        saved_at=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=machine,
        structure=structure,
        atoms=plain_structure(atoms),
        temperature_k=conditions.temperature_k,
        timestep_s=conditions.timestep_s,
        measurements=tuple(measurements),
    )
    return store.save(baseline, name, replace=replace)


def conditions_of(baseline: Baseline, scenario: Scenario) -> Conditions:
    """Return how the atoms of a baseline were moved in a scenario."""
    return Conditions(
        temperature_k=baseline.temperature_k, timestep_s=baseline.timestep_s, propagate=True, scenario=scenario
    )


def plain_structure(atoms: Atoms) -> PlainStructure:
    """Return a structure as plain numbers."""
    return PlainStructure(
        numbers=tuple(int(number) for number in atoms.numbers),
        positions=tuple((float(x), float(y), float(z)) for x, y, z in atoms.positions),
        cell=tuple((float(x), float(y), float(z)) for x, y, z in atoms.cell.array),
        pbc=(bool(atoms.pbc[0]), bool(atoms.pbc[1]), bool(atoms.pbc[2])),
    )


def atoms_of(plain: PlainStructure) -> Atoms:
    """Return plain numbers as a structure (Å)."""
    from ase import Atoms

    return Atoms(
        numbers=list(plain.numbers),
        positions=[list(row) for row in plain.positions],
        cell=[list(row) for row in plain.cell],
        pbc=list(plain.pbc),
    )
