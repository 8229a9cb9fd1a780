"""How often each kind of task evaluates energies and forces, and what that makes of the time of a step.

    run time = time of a step of the evaluated system * evaluations

The counts of a relaxation and of a band are common usage, not measured: their intervals are wide on purpose, with the
value in the geometric middle. Phonons by finite displacements take the supercells that the symmetry of the cell asks
for, which are counted (:mod:`mlipguide.structures.displacements`); where the atoms are not known, at most six an atom
(along three directions, there and back). Systems that are independent are counted one after the other; side by side on
a GPU they take less.
"""

from __future__ import annotations

import math
from typing import Protocol

from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.task.task import TaskKind, Workload

ASKED = "asked"
PRACTICE = "practice, without a source"

RELAXATION = (50.0, 120.0, 300.0)
"""Evaluations of a relaxation of a reasonable start to about 0.05 eV/Å: low, middle, high."""
TIGHT_FACTOR = 2.0
"""A relaxation to the residual forces that phonons ask for takes about twice as many."""
BAND = (100.0, 220.0, 500.0)
"""Steps of a nudged elastic band: low, middle, high."""
DISPLACEMENTS_PER_ATOM = 6
PHONON_EDGE_ANGSTROM = 10.0
"""Shortest edge of the supercell; with whole repeats the edges come to 10 to 15 Å for most cells."""


class KnowsAffordableAtoms(Protocol):
    """Costs of a model, here or elsewhere."""

    def affordable_atoms(self, *, steps: int, budget_s: float) -> Estimate | None:
        """Return with how many atoms ``steps`` steps take ``budget_s``."""


def run_time_of(step_time_s: Estimate, workload: Workload) -> Estimate:
    """Return the time of all evaluations, one after the other.

    Args:
        step_time_s: Of one step with the atoms of the workload.
        workload: How many there are.
    """
    if workload.is_exact:
        return step_time_s.scaled(workload.evaluations.value)
    return step_time_s.times(workload.evaluations)


def affordable_atoms_of(costs: KnowsAffordableAtoms, workload: Workload, *, budget_s: float) -> Estimate | None:
    """Return with how many atoms the evaluations take ``budget_s``; None where none, or nothing is known."""
    evaluations = workload.evaluations
    found = costs.affordable_atoms(steps=_whole(evaluations.value), budget_s=budget_s)
    if found is None or workload.is_exact or evaluations.low is None or evaluations.high is None:
        return found
    fewest = costs.affordable_atoms(steps=_whole(evaluations.high), budget_s=budget_s)
    most = costs.affordable_atoms(steps=_whole(evaluations.low), budget_s=budget_s)
    return Estimate(
        value=found.value,
        low=0 if fewest is None else fewest.low,
        high=None if most is None else most.high,
        basis=max(found.basis, evaluations.basis, key=lambda basis: basis.rank),
        source=f"{found.source}; {evaluations.source}",
    )


def steps_of(simulated_time_s: float, timestep_s: float) -> int:
    """Return the number of integration steps, rounded up."""
    return max(1, math.ceil(simulated_time_s / timestep_s - 1e-9))


def supercell_atoms(structure: StructureSummary) -> int:
    """Return the atoms of the smallest supercell for phonons whose periodic edges are at least 10 Å."""
    if structure.cell_lengths_angstrom is None:
        return structure.atoms
    repeats = [
        math.ceil(PHONON_EDGE_ANGSTROM / length)
        for length, periodic in zip(structure.cell_lengths_angstrom, structure.periodic, strict=True)
        if periodic
    ]
    return structure.atoms * math.prod(repeats)


def md_workload(*, steps: int, atoms: int, simulated_time: str, timestep: str) -> Workload:
    """Return the workload of a molecular-dynamics run.

    Args:
        steps: Number of integration steps.
        atoms: Of the system.
        simulated_time: Length of the run, in words.
        timestep: The step, in words.
    """
    return Workload(
        evaluations=Estimate(
            value=float(steps), low=float(steps), high=float(steps), basis=Basis.MEASURED, source=ASKED
        ),
        systems=1,
        atoms=atoms,
        reason=f"{simulated_time} in steps of {timestep} are {steps:,} steps.",
    )


def static_workload(
    kind: TaskKind,
    structure: StructureSummary,
    *,
    atoms: int,
    structures: int = 1,
    images: int = 1,
    displacements: int | None = None,
) -> Workload:
    """Return the workload of any kind but molecular dynamics.

    Args:
        kind: What is done.
        structure: The cell as given; for phonons it is taken as the primitive one.
        atoms: Of each evaluated system: of the supercell for phonons.
        structures: For ``screen``, how many.
        images: For ``neb``, how many move.
        displacements: For ``phonons``, how many supercells by symmetry; None where it was not counted.

    Raises:
        ValueError: Molecular dynamics.
    """
    if kind is TaskKind.MD:
        raise ValueError("the steps of molecular dynamics are counted from its length")
    if kind is TaskKind.PHONONS:
        return _phonons(structure, atoms, displacements)
    low, middle, high = BAND if kind is TaskKind.NEB else RELAXATION
    systems = {TaskKind.SCREEN: structures, TaskKind.NEB: images}.get(kind, 1)
    each = f"about {middle:.0f} ({low:.0f} to {high:.0f}) {'steps' if kind is TaskKind.NEB else 'evaluations'}"
    reasons = {
        TaskKind.SCREEN: f"{structures:,} structures of about {atoms:,} atoms, {each} to relax each.",
        TaskKind.NEB: f"{images:,} moving images, {each} of the band, each of which evaluates every image.",
    }
    return Workload(
        evaluations=_assumed(low, middle, high).scaled(systems),
        systems=systems,
        atoms=atoms,
        reason=reasons.get(kind, f"A relaxation takes {each}."),
    )


def _phonons(structure: StructureSummary, atoms: int, counted: int | None) -> Workload:
    """Count displaced supercells, one with half the displacement, and the relaxation of the small cell in the same."""
    most = DISPLACEMENTS_PER_ATOM * structure.atoms
    fewest = max(1, len(structure.elements))
    displaced = (fewest, math.sqrt(fewest * most), most) if counted is None else (counted, counted, counted)
    share = TIGHT_FACTOR * structure.atoms / max(atoms, structure.atoms)
    relaxation = tuple(count * share for count in RELAXATION)
    cell, plural = f"the {structure.atoms:,} atoms of the cell as given", "" if counted == 1 else "s"
    supercells = (
        f"At most {DISPLACEMENTS_PER_ATOM} displaced supercells of {atoms:,} atoms for each of {cell} ({most:,}; by "
        f"symmetry perhaps no more than {fewest})"
        if counted is None
        else f"{counted:,} displaced supercell{plural} of {atoms:,} atoms, by the symmetry of {cell}"
    )
    return Workload(
        evaluations=_assumed(*map(_rounded, displaced, relaxation)),
        systems=round(displaced[-1]),
        atoms=atoms,
        reason=(
            f"{supercells}, one of them also with half the displacement, and a tight relaxation of the small cell, "
            f"which costs as much as {relaxation[1]:.0f} evaluations of the large."
        ),
    )


def _rounded(displaced: float, relaxation: float) -> float:
    return float(round(displaced + 1 + relaxation))


def _assumed(low: float, middle: float, high: float) -> Estimate:
    return Estimate(value=middle, low=low, high=high, basis=Basis.ASSUMED, source=PRACTICE)


def _whole(evaluations: float) -> int:
    return max(1, round(evaluations))
