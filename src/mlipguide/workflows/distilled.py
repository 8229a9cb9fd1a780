"""What a finished distillation amounts to: its speed against the teacher's, its card, and whether it may be used."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import ase
import ase.io
from ase.calculators.singlepoint import SinglePointCalculator

from mlipguide.core.serialisation import from_plain, to_json, to_plain
from mlipguide.records.distillation import Distillation, RunComparison
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.model_card import LicenceFact
from mlipguide.records.notice import Notice, Problem
from mlipguide.records.structure import StructureSummary
from mlipguide.records.training import FittedPotential
from mlipguide.sessions.interface import Conditions
from mlipguide.stats.centres import centre_of
from mlipguide.structures.labels import LabelledFrame
from mlipguide.structures.supercells import near_cubic_supercell
from mlipguide.training.distillation import Taught
from mlipguide.training.domain import domain_of
from mlipguide.training.lessons import Lesson
from mlipguide.training.notebook import Notebook
from mlipguide.training.pupil_runs import LONG_FRICTION_PER_S
from mlipguide.training.trainer import Trainer
from mlipguide.workflows.candidates import Prepared
from mlipguide.workflows.potential_folder import Delivery, deliver

POTENTIAL_FOLDER = "potential"
CARRIED_OVER = "Carried over from the teacher, whose labels it was fitted to; whether it holds is not known here."
TIMED_ATOMS = 2000
WARM_UP_STEPS, STEPS, BURST_S = 5, 200, 3.0
TEMPERATURE_SHARE = 0.05
"""Of the thermostat's temperature, by which a run that follows it may differ beside chance (a judgement)."""
CHANCE = 3.0
"""Standard deviations of the mean of a short run that are chance."""
DRIFT_SCATTERS = 3.0
"""Standard deviations of the energy within which the pupil's mean stays from half to half (a judgement): of the
teacher's, or of the pupil's own where the teacher's run has not settled."""
OVERLAP_LOSS = 0.05
"""By which the overlap of pair distances may lie below that of two halves of the teacher's run (a judgement)."""
LARGEST_RELATIVE = 0.15
"""Force MAE over the root mean square of the forces, beyond which a pupil is refused (a judgement)."""


def distillation_of(
    taught: Taught,
    *,
    teacher: Prepared,
    trainer: Trainer,
    structure: StructureSummary,
    cell: ase.Atoms,
    lesson: Lesson,
    notebook: Notebook,
    model: str,
) -> tuple[Distillation, tuple[Problem, ...]]:
    """Hand the pupil over, or a problem for each reason against that, and return the record of the distillation.

    Args:
        taught: What was done.
        teacher: Who taught.
        trainer: What was trained with.
        structure: The user's.
        cell: That was labelled.
        lesson: How.
        notebook: Keeps the timing of the pupil.
        model: Id that the pupil gets.

    Raises:
        InputError: Its folder holds something else.
        StorageError: Its folder cannot be written.
    """
    assert taught.potential is not None
    steps = taught.teacher_step_s
    teacher_step = _estimate(steps, f"{len(steps)} pieces of the teacher's runs of {len(cell)} atoms")
    kept = notebook.remember("pupil-speed", lambda: to_plain(_pupil_speed(trainer, taught.potential, cell, lesson)))
    pupil_step = from_plain(Estimate, kept, what="pupil-speed")
    speed_up = teacher_step.times(pupil_step.inverted(1.0))
    faults = tuple(_faults(taught))
    place = notebook.folder if faults else notebook.folder / POTENTIAL_FOLDER
    verdict = (
        f"It may be used for {', '.join(structure.elements)} near what it was taught on."
        if not faults
        else f"It is not handed over: {' '.join(faults)}"
    )
    data = Distillation(
        teacher=teacher.card.id,
        structure=structure,
        cell_atoms=len(cell),
        temperature_k=lesson.temperature_k,
        timestep_s=lesson.timestep_s,
        labels=taught.label_calls,
        label_time_s=sum(sum(notebook.took_s(name)) for name in ("run-", "unseen-", "distorted-", "added-")),
        rounds=taught.rounds,
        best=taught.best,
        ended_because=taught.ended_because,
        comparison=taught.comparison,
        potential=None if faults else taught.potential,
        model=None if faults else model,
        teacher_step_time_per_atom_s=teacher_step.scaled(1 / len(cell)),
        pupil_step_time_per_atom_s=pupil_step,
        speed_up=speed_up.scaled(1 / len(cell)),
        spent_s=notebook.used_s,
        domain=domain_of(taught.frames),
        folder=str(place),
        verdict=verdict,
    )
    if not faults:
        _hand_over(data, taught, trainer, cell, place, licence=teacher.card.licences.weights)
    problems = tuple(
        Problem("pupil_refused", fault, "Give it more --budget, a larger --size or another --engine.")
        for fault in faults
    )
    return data, problems


def settling_notices(run: RunComparison, teacher: str) -> tuple[Notice, ...]:
    """Return what could not be compared, because a run did not come to equilibrium."""
    if not run.stable:
        return ()
    found = []
    if run.teacher_settled_after_s is None:
        found.append(
            Notice(
                "teacher_not_settled",
                f"The run of {teacher} that nothing was taken from was too short to come to equilibrium at "
                f"{run.temperature_k:g} K (mean {run.teacher_temperature_k:.0f} K): energies and pair distances of the "
                "pupil's run were not compared with it. A longer --budget, in another --folder, allows for a longer "
                "run.",
            )
        )
    if run.pupil_settled_after_s is None:
        found.append(
            Notice(
                "pupil_not_settled",
                f"The pupil's energies did not settle within half of its {run.simulated_time_s * 1e12:.3g} ps, so "
                "their mean was not compared with the teacher's.",
            )
        )
    return tuple(found)


def _hand_over(
    data: Distillation, taught: Taught, trainer: Trainer, cell: ase.Atoms, place: Path, *, licence: LicenceFact
) -> None:
    """Write the pupil's folder, with the frames that it can be judged by, and register its card."""
    assert data.model is not None
    deliver(
        Delivery(
            model=data.model,
            potential=taught.potential,
            atoms=cell,
            python="python",
            texts={
                "manifest.json": to_json(to_plain(data)) + "\n",
                "taught.extxyz": extxyz(taught.frames),
                "unseen.extxyz": extxyz(taught.unseen),
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
    """Return the cell that a pupil is timed with: of a production run's size where it is periodic."""
    return near_cubic_supercell(cell, atoms_wanted=TIMED_ATOMS) if any(cell.pbc) else cell


def _pupil_speed(trainer: Trainer, potential: FittedPotential | None, cell: ase.Atoms, lesson: Lesson) -> Estimate:
    """Return the time of a step for an atom, in a cell of a production run's size."""
    assert potential is not None
    atoms = timed_cell(cell)
    conditions = Conditions(temperature_k=lesson.temperature_k, timestep_s=lesson.timestep_s, propagate=True)
    with closing(trainer.open(potential)) as session:
        prepared = session.prepare(atoms, conditions)
        session.run(prepared, max_steps=WARM_UP_STEPS, max_s=BURST_S)
        samples = session.run(prepared, max_steps=STEPS, max_s=BURST_S).samples.wall_s
    return _estimate(samples, f"{len(samples)} steps of {prepared.atoms} atoms").scaled(1 / prepared.atoms)


def _estimate(samples: tuple[float, ...], source: str) -> Estimate:
    centre = centre_of(samples)
    return Estimate(value=centre.value, low=centre.low, high=centre.high, basis=Basis.MEASURED, source=source)


def _faults(taught: Taught) -> list[str]:
    """Return what speaks against handing the pupil over, as sentences."""
    best = taught.rounds[taught.best - 1]
    faults = []
    if best.unseen.relative > LARGEST_RELATIVE:
        faults.append(f"Its force MAE on unseen frames is {best.unseen.relative:.0%} of the forces.")
    if best.wandered_off:
        faults.append("Its exploring run left what makes sense.")
    return [*faults, *_run_faults(taught.comparison, atoms=len(taught.frames[0].atoms))]


def _run_faults(run: RunComparison, *, atoms: int) -> list[str]:
    if not run.stable:
        return [f"Its run at {run.temperature_k:g} K flew apart after {run.simulated_time_s * 1e12:.3g} ps."]
    faults = []
    kelvin = run.pupil_temperature_k
    allowed = TEMPERATURE_SHARE + CHANCE * temperature_scatter(atoms, run.simulated_time_s)
    if kelvin is not None and abs(kelvin / run.temperature_k - 1) > allowed:
        faults.append(f"Its run had {kelvin:.0f} K on average, {run.temperature_k:g} K was set.")
    drift = run.energy_drift_ev_per_atom
    settled = run.teacher_settled_after_s is not None
    scatter = run.energy_scatter_ev_per_atom if settled else run.pupil_scatter_ev_per_atom
    if drift is not None and scatter is not None and abs(drift) > DRIFT_SCATTERS * scatter:
        faults.append(f"Its energy drifted by {drift * 1e3:.3g} meV/atom.")
    alike = run.distribution_overlap
    if alike is not None and alike < run.teacher_overlap - OVERLAP_LOSS:
        faults.append(f"Its pair distances overlap with the teacher's by {alike:.0%} only.")
    return faults


def temperature_scatter(atoms: int, simulated_time_s: float) -> float:
    """Return the relative standard deviation of the mean temperature of a run.

    sqrt(2 / 3N) is that of a single moment in the canonical ensemble (Allen and Tildesley, Computer Simulation of
    Liquids); moments are independent after about the time of the thermostat.
    """
    moments = max(1.0, simulated_time_s * LONG_FRICTION_PER_S / 2)
    return math.sqrt(2 / (3 * atoms) / moments)
