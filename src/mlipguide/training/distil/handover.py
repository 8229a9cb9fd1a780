"""What a finished distillation amounts to: its speed against the teacher's, its card, and whether it may be used."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import ase
import ase.io
from ase.calculators.singlepoint import SinglePointCalculator

from mlipguide.candidates.preparation import Prepared
from mlipguide.core.serialisation import from_plain, to_plain
from mlipguide.records.accuracy.stability import CheckResult
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.models.model_card import LicenceFact
from mlipguide.records.notice import Notice, Problem
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.training.distillation import Distillation, RunComparison
from mlipguide.records.training.dynamics_check import DynamicsCheck
from mlipguide.records.training.training import FittedPotential
from mlipguide.sessions.interface import Conditions
from mlipguide.stats.centres import centre_of
from mlipguide.store.step_cache import StepCache
from mlipguide.structures.labels import LabelledFrame
from mlipguide.structures.supercells import near_cubic_supercell
from mlipguide.training.acceptance import NO_HOLES, faults, not_resolved, student_checks
from mlipguide.training.constant_energy import constant_energy_run
from mlipguide.training.distil.distillation import DistillationResult
from mlipguide.training.distil.schedule import DistillationSchedule
from mlipguide.training.fit.domain import domain_of
from mlipguide.training.fit.manifests import MANIFEST, manifest_text
from mlipguide.training.fit.potential_folder import Delivery, deliver
from mlipguide.training.trainer import Trainer

POTENTIAL_FOLDER = "potential"
CARRIED_OVER = "Carried over from the teacher, whose labels it was fitted to; whether it holds is not known here."
TIMED_ATOMS = 2000
WARM_UP_STEPS, STEPS, BURST_S = 5, 200, 3.0
THERMOSTAT_STEPS, CONSTANT_ENERGY_STEPS = 500, 2500
"""Of the run at constant energy: some picoseconds resolve the limit of the drift for a smooth potential (seen)."""


def distillation_of(
    distilled: DistillationResult,
    *,
    teacher: Prepared,
    trainer: Trainer,
    structure: StructureSummary,
    cell: ase.Atoms,
    schedule: DistillationSchedule,
    cache: StepCache,
    model: str,
) -> tuple[Distillation, tuple[Problem, ...]]:
    """Hand the student over, or a problem for each reason against that, and return the record of the distillation.

    Args:
        distilled: What was done.
        teacher: The model that labelled.
        trainer: What was trained with.
        structure: The user's.
        cell: That was labelled.
        schedule: How.
        cache: Keeps the timing of the student.
        model: Id that the student gets.

    Raises:
        InputError: Its folder holds something else.
        StorageError: Its folder cannot be written.
    """
    assert distilled.potential is not None
    steps = distilled.teacher_step_s
    teacher_step = _estimate(steps, f"{len(steps)} pieces of the teacher's runs of {len(cell)} atoms")
    kept = cache.remember(
        "student-speed", lambda: to_plain(_student_speed(trainer, distilled.potential, cell, schedule))
    )
    student_step = from_plain(Estimate, kept, what="student-speed")
    speed_up = teacher_step.times(student_step.inverted(1.0))
    name = f"constant-energy-{distilled.best}"
    kept = cache.remember(name, lambda: to_plain(_constant_energy(trainer, distilled, cell, schedule)))
    dynamics = from_plain(DynamicsCheck, kept, what=name)
    checks = student_checks(distilled.rounds[distilled.best - 1], distilled.comparison, dynamics)
    against = faults(checks)
    place = cache.folder if against else cache.folder / POTENTIAL_FOLDER
    verdict = _verdict(structure, checks)
    data = Distillation(
        teacher=teacher.card.id,
        structure=structure,
        cell_atoms=len(cell),
        temperature_k=schedule.temperature_k,
        timestep_s=schedule.timestep_s,
        labels=distilled.label_calls,
        label_time_s=sum(sum(cache.took_s(name)) for name in ("run-", "held-out-", "distorted-", "added-")),
        rounds=distilled.rounds,
        best=distilled.best,
        ended_because=distilled.ended_because,
        comparison=distilled.comparison,
        potential=None if against else distilled.potential,
        model=None if against else model,
        teacher_step_time_per_atom_s=teacher_step.scaled(1 / len(cell)),
        student_step_time_per_atom_s=student_step,
        speed_up=speed_up.scaled(1 / len(cell)),
        spent_s=cache.used_s,
        domain=domain_of(distilled.frames),
        folder=str(place),
        verdict=verdict,
        constant_energy=dynamics,
        checks=checks,
    )
    if not against:
        _hand_over(data, distilled, trainer, cell, place, licence=teacher.card.licences.weights)
    problems = tuple(Problem("student_refused", fault, NO_HOLES) for fault in against)
    return data, problems


def _verdict(structure: StructureSummary, checks: Sequence[CheckResult]) -> str:
    """Return whether the student may be used, in a sentence, and what its runs were too short to show."""
    against = faults(checks)
    if against:
        return f"It is not handed over: {' '.join(against)}"
    words = f"It may be used for {', '.join(structure.elements)} near its training frames."
    open_questions = not_resolved(checks)
    if open_questions:
        words += f" Its runs were too short to resolve: {', '.join(open_questions)}."
    return words


def settling_notices(run: RunComparison, teacher: str) -> tuple[Notice, ...]:
    """Return what could not be compared, because a run did not come to equilibrium."""
    if not run.stable:
        return ()
    found = []
    if run.teacher_settled_after_s is None:
        found.append(
            Notice(
                "teacher_not_settled",
                f"The held-out reference trajectory of {teacher} is too short to equilibrate at "
                f"{run.temperature_k:g} K (mean {run.teacher_temperature_k:.0f} K): energies were not compared "
                "with it, and pair distributions only for large differences. Use a longer --budget and a new --folder.",
            )
        )
    if run.student_settled_after_s is None:
        found.append(
            Notice(
                "student_not_settled",
                f"The student's energies did not settle within half of its {run.simulated_time_s * 1e12:.3g} ps, so "
                "their mean was not compared with the teacher's.",
            )
        )
    return tuple(found)


def _hand_over(
    data: Distillation,
    distilled: DistillationResult,
    trainer: Trainer,
    cell: ase.Atoms,
    place: Path,
    *,
    licence: LicenceFact,
) -> None:
    """Write the student's folder, with the frames that it can be judged by, and register its card."""
    assert data.model is not None
    deliver(
        Delivery(
            model=data.model,
            potential=distilled.potential,
            atoms=cell,
            python="python",
            texts={
                MANIFEST: manifest_text(data),
                "distilled.extxyz": extxyz(distilled.frames),
                "held_out.extxyz": extxyz(distilled.held_out),
            },
            weights_licence=replace(licence, remark=" ".join(filter(None, [licence.remark, CARRIED_OVER]))),
        ),
        trainer,
        place,
    )


def extxyz(frames: Sequence[LabelledFrame]) -> str:
    """Return labelled frames as extended XYZ, with ASE's names for energy, forces and stress."""
    labelled = []
    for frame in frames:
        atoms = frame.atoms.copy()
        results = {
            "energy": frame.energy_ev,
            "forces": frame.forces_ev_per_angstrom,
            "stress": frame.stress_ev_per_angstrom3,
        }
        atoms.calc = SinglePointCalculator(atoms, **{name: one for name, one in results.items() if one is not None})
        atoms.info["group"] = frame.group
        if frame.temperature_k is not None:
            atoms.info["temperature_k"] = frame.temperature_k
        labelled.append(atoms)
    stream = io.StringIO()
    ase.io.write(stream, labelled, format="extxyz")
    return stream.getvalue()


def timed_cell(cell: ase.Atoms) -> ase.Atoms:
    """Return the cell that a student is timed with: of a production run's size where it is periodic."""
    return near_cubic_supercell(cell, atoms_wanted=TIMED_ATOMS) if any(cell.pbc) else cell


def _student_speed(
    trainer: Trainer, potential: FittedPotential | None, cell: ase.Atoms, schedule: DistillationSchedule
) -> Estimate:
    """Return the time of a step for an atom, in a cell of a production run's size."""
    assert potential is not None
    atoms = timed_cell(cell)
    conditions = Conditions(temperature_k=schedule.temperature_k, timestep_s=schedule.timestep_s, propagate=True)
    with closing(trainer.open(potential)) as session:
        prepared = session.prepare(atoms, conditions)
        session.run(prepared, max_steps=WARM_UP_STEPS, max_s=BURST_S)
        samples = session.run(prepared, max_steps=STEPS, max_s=BURST_S).samples.wall_s
    return _estimate(samples, f"{len(samples)} steps of {prepared.atoms} atoms").scaled(1 / prepared.atoms)


def _constant_energy(
    trainer: Trainer, distilled: DistillationResult, cell: ase.Atoms, schedule: DistillationSchedule
) -> DynamicsCheck:
    """Return what becomes of the energy of the labelled cell at the wanted temperature, without a thermostat."""
    with closing(trainer.open(distilled.potential)) as session:
        return constant_energy_run(
            session,
            cell,
            temperature_k=schedule.temperature_k,
            timestep_s=schedule.timestep_s,
            thermostat_steps=THERMOSTAT_STEPS,
            steps=CONSTANT_ENERGY_STEPS,
        )


def _estimate(samples: tuple[float, ...], source: str) -> Estimate:
    centre = centre_of(samples)
    return Estimate(value=centre.value, low=centre.low, high=centre.high, basis=Basis.MEASURED, source=source)
