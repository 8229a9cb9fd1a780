"""From a request and its structure to the task that it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.readable import simulated_time
from mlipguide.core.units import SIMULATED_TIME, parse_atoms
from mlipguide.records.task.structure import AtomMass, StructureSummary
from mlipguide.records.task.task import DerivedNeed, TaskKind, Workload
from mlipguide.tasks.derived_needs import derived_needs
from mlipguide.tasks.needs import NeedsRequest
from mlipguide.tasks.time_step import propose_timestep
from mlipguide.tasks.workloads import md_workload, static_workload, steps_of, supercell_atoms

if TYPE_CHECKING:
    from mlipguide.structures.signs import Signs

MOST_STRUCTURES = 10**9


@dataclass(frozen=True, kw_only=True)
class Run:
    """The length of a run: None where the kind of task has none."""

    simulated_time_s: float | None
    timestep_s: float


def parse_kind(text: str) -> TaskKind:
    """Return the kind of task.

    Raises:
        InputError: There is no such kind.
    """
    known = [kind.value for kind in TaskKind]
    name = text.strip().lower()
    if name not in known:
        raise InputError(
            f"--kind: there is no kind '{text}'.{did_you_mean(name, known)}",
            hint=f"Kinds: {', '.join(known)}.",
            option="--kind",
        )
    return TaskKind(name)


def parse_count(text: str | None, *, option: str, kind: TaskKind, wanted: TaskKind, default: str) -> int:
    """Return the number of structures or images: 1 for kinds that have none.

    Args:
        text: As written; None when left out.
        option: The option that it was given with.
        kind: Of the task.
        wanted: The kind that has such a number.
        default: The number where it was left out.

    Raises:
        InputError: Not a whole number of at least 1, or for another kind.
    """
    if kind is not wanted:
        if text is not None:
            raise InputError(
                f"{option} {text} is for --kind {wanted.value}, not for {kind.value}.",
                hint=f"Leave {option} out, or give --kind {wanted.value}.",
                option=option,
            )
        return 1
    text = default if text is None else text
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value <= MOST_STRUCTURES or value != int(value):
        raise InputError(
            f"{option}: '{text}' is not a whole number of at least 1.",
            hint=f"For example {option} {default}.",
            option=option,
        )
    return int(value)


def parse_run(
    time: str,
    timestep: str | None,
    *,
    time_given: bool,
    kind: TaskKind,
    elements: tuple[str, ...],
    temperature_k: float,
    masses: tuple[AtomMass, ...] = (),
) -> Run:
    """Return the length of the run and its step, proposed where it was left out.

    Raises:
        InputError: A quantity that cannot be used, a step longer than the run, or a length for a kind without one.
    """
    proposed_s = propose_timestep(elements, temperature_k, masses).seconds
    step_s = proposed_s if timestep is None else SIMULATED_TIME.parse(timestep, option="--timestep")
    if kind is not TaskKind.MD:
        if time_given:
            raise InputError(
                f"--time {time} is for --kind md: {kind.value} has no simulated time.",
                hint="Leave --time out, or give --kind md.",
                option="--time",
            )
        return Run(simulated_time_s=None, timestep_s=step_s)
    simulated_s = SIMULATED_TIME.parse(time, option="--time")
    if timestep is None:
        step_s = min(step_s, simulated_s)
    elif step_s > simulated_s:
        raise InputError(
            f"--timestep {timestep} is longer than --time {time}.", hint="Shorten the time step.", option="--timestep"
        )
    return Run(simulated_time_s=simulated_s, timestep_s=step_s)


def atoms_for(text: str | None, structure: StructureSummary, kind: TaskKind) -> int:
    """Return the number of atoms of each system.

    Raises:
        InputError: Not a number of atoms, or another one than a molecule or a cluster has.
    """
    if text is None:
        return supercell_atoms(structure) if kind is TaskKind.PHONONS else structure.atoms
    atoms = parse_atoms(text, option="--atoms")
    if not any(structure.periodic) and atoms != structure.atoms:
        raise InputError(
            f"--atoms {atoms}: {structure.source} is not periodic and has {structure.atoms} atoms; it cannot be "
            "repeated.",
            hint="Leave --atoms out, or give a periodic box of the molecules.",
            option="--atoms",
        )
    return atoms


def workload_of(
    kind: TaskKind,
    structure: StructureSummary,
    run: Run,
    *,
    atoms: int,
    structures: int,
    images: int,
    signs: Signs | None = None,
) -> Workload:
    """Return how often energies and forces are evaluated."""
    if run.simulated_time_s is None:
        displaced = signs.displacements(atoms) if signs is not None and kind is TaskKind.PHONONS else None
        return static_workload(
            kind, structure, atoms=atoms, structures=structures, images=images, displacements=displaced
        )
    return md_workload(
        steps=steps_of(run.simulated_time_s, run.timestep_s),
        atoms=atoms,
        simulated_time=simulated_time(run.simulated_time_s),
        timestep=simulated_time(run.timestep_s),
    )


def suggested_needs(
    request: NeedsRequest, signs: Signs | None, kind: TaskKind, structure: StructureSummary
) -> tuple[DerivedNeed, ...]:
    """Return what the structure suggests beyond what was asked for, and was not declined."""
    if signs is None or not request.derive:
        return ()
    settled = {*request.asked, *request.declined}
    found = derived_needs(signs, kind, periodic=all(structure.periodic))
    return tuple(one for one in found if one.need not in settled)
