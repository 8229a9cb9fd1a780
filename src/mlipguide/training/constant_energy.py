"""A run of a fitted potential at constant energy, from the temperature that it is for: whether energy is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mlipguide.evidence.stability import drift
from mlipguide.evidence.stability.runs import Subject, run, thermalise
from mlipguide.records.training.dynamics_check import DynamicsCheck
from mlipguide.sessions.errors import FailureKind, SessionError

if TYPE_CHECKING:
    from ase import Atoms

    from mlipguide.sessions.interface import ModelSession

AT_A_TIME = 50
"""Steps between two reports of progress."""
MEV, FS_PER_PS = 1e3, 1e3


def constant_energy_run(
    session: ModelSession,
    atoms: Atoms,
    *,
    temperature_k: float,
    timestep_s: float,
    thermostat_steps: int,
    steps: int,
    frame: int | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> DynamicsCheck:
    """Bring a cell to temperature, let it run at constant energy and return what became of the energy.

    Args:
        session: The potential.
        atoms: Where it begins.
        temperature_k: Of the thermostat.
        timestep_s: Integration step.
        thermostat_steps: Steps with the thermostat.
        steps: Steps without.
        frame: Place of the structure among labelled frames.
        on_progress: Told the steps that are done, and all steps.

    Raises:
        SessionError: It gave no answer, for another reason than that the atoms flew apart.
    """
    done, in_all = 0, thermostat_steps + steps

    def told(count: int) -> None:
        nonlocal done
        done += count
        on_progress(min(done, in_all), in_all)

    subject = Subject(
        session=session,
        atoms=atoms,
        temperature_k=temperature_k,
        timestep_fs=timestep_s * 1e15,
        piece_steps=AT_A_TIME,
        on_evaluations=told,
    )

    def broken(after_steps: int) -> DynamicsCheck:
        return DynamicsCheck(
            frame=frame,
            steps=after_steps,
            timestep_s=timestep_s,
            temperature_k=temperature_k,
            energy_change_ev_per_atom=0.0,
            atoms=len(atoms),
            broke_after_s=after_steps * timestep_s,
        )

    try:
        start = thermalise(subject, thermostat_steps)
        if start is None:
            return broken(0)
        trajectory = run(subject, start, steps=steps, timestep_fs=subject.timestep_fs)
    except SessionError as error:
        if error.failure is not FailureKind.UNSTABLE:
            raise
        return broken(0)
    if trajectory.stopped_because is not None:
        return broken(trajectory.snapshots[-1].step)
    energies = drift.energies_of(trajectory.snapshots, atoms.get_masses(), subject.timestep_fs)
    slope = drift.linear_drift(energies.times_fs, energies.shadow_ev)
    scale = MEV * FS_PER_PS / len(atoms)
    return DynamicsCheck(
        frame=frame,
        steps=steps,
        timestep_s=timestep_s,
        temperature_k=temperature_k,
        energy_change_ev_per_atom=float(energies.total_ev[-1] - energies.total_ev[0]) / len(atoms),
        atoms=len(atoms),
        drift_mev_per_atom_ps=None if slope is None else scale * slope.value,
        drift_error_mev_per_atom_ps=None if slope is None else scale * slope.half_width,
    )
