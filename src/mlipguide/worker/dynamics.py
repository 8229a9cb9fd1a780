"""Molecular dynamics of one structure, from given velocities, with snapshots on the way.

Nothing is kept between two calls: positions and velocities go in and come out, so that a run can be cut into pieces,
followed while it goes on, and taken up again after an interruption.
"""

from __future__ import annotations

import contextlib
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .explosions import has_exploded
from .failures import WorkerError, kind_of
from .geometry import attach

if TYPE_CHECKING:
    from ase import Atoms

    from .backends.interface import LoadedModel

UNSTABLE = "unstable"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How the atoms are moved.

    Attributes:
        steps: Integration steps.
        every: Steps from one snapshot to the next; the first is taken before any step.
        timestep_fs: Integration step.
        temperature_k: Of the thermostat, and of the velocities where none are given.
        friction_per_fs: Of the Langevin thermostat; None for constant energy (velocity Verlet).
        seed: Of the velocities and of the thermostat.
    """

    steps: int
    every: int
    timestep_fs: float
    temperature_k: float
    friction_per_fs: float | None
    seed: int


def run_dynamics(model: LoadedModel, given: Atoms, velocities: Any, plan: Plan) -> dict[str, Any]:
    """Move the atoms and return what they did.

    Args:
        model: A loaded model.
        given: The structure; it is not changed. Atoms that its constraints hold stay where they are.
        velocities: One row an atom, Å/fs; None to draw them from a Maxwell-Boltzmann distribution, without drift of
            the centre of mass where no atom is held.
        plan: How they are moved.

    Returns:
        ``snapshots``, each with ``step``, ``positions`` (Å, not wrapped), ``velocities`` (Å/fs), ``energy_ev``,
        ``kinetic_ev``, ``forces_ev_per_angstrom`` (the model's, on held atoms too) and ``stress_ev_per_angstrom3``
        (Voigt; None where there is none); and ``stopped_because``: why the run ended before its last step
        (``unstable``), else None.

    Raises:
        WorkerError: ``bad_request`` for a plan that cannot be run.
    """
    import numpy as np
    from ase import units

    if plan.steps < 0 or plan.every < 1 or plan.timestep_fs <= 0:
        raise WorkerError("bad_request", f"Dynamics cannot be run like this: {plan}.")
    atoms: Atoms = model.adapt(given).copy()
    shift = given.positions - atoms.positions
    if atoms.get_number_of_degrees_of_freedom() < 1:
        raise WorkerError("bad_request", "Every atom is held: there is nothing to move.")
    attach(atoms, model.calculator)
    if velocities is None:
        generator = np.random.default_rng(plan.seed)
        widths = np.sqrt(atoms.get_masses() * units.kB * plan.temperature_k)
        momenta = generator.standard_normal((len(atoms), 3)) * widths[:, None]
        masses = atoms.get_masses()[:, None]
        # Held atoms take up momentum, and the centre of mass of the others moves as it must.
        drift = 0.0 if atoms.constraints else masses * momenta.sum(axis=0) / masses.sum()
        atoms.set_momenta(momenta - drift)  # of held atoms it stays zero
    else:
        atoms.set_velocities(np.asarray(velocities, dtype=float) / units.fs)
    integrator = _integrator(atoms, plan)
    periodic = bool(given.pbc.all())
    snapshots: list[dict[str, Any]] = []
    step = 0
    while True:
        try:
            snapshot = _snapshot(atoms, step, shift, plan, periodic=periodic)
        except Exception as error:
            if step == 0 or kind_of(error) not in (UNSTABLE, "backend"):
                raise
            return {"snapshots": snapshots, "stopped_because": UNSTABLE}
        snapshots.append(snapshot)
        if step >= plan.steps:
            return {"snapshots": snapshots, "stopped_because": None}
        stride = min(plan.every, plan.steps - step)
        try:
            integrator.run(stride)
        except Exception:
            # A backend may fail on atoms that flew apart, in words of its own.
            if _has_exploded(atoms, plan):
                return {"snapshots": snapshots, "stopped_because": UNSTABLE}
            raise
        step += stride


def _integrator(atoms: Atoms, plan: Plan) -> Any:
    import numpy as np
    from ase import units

    if plan.friction_per_fs is None:
        from ase.md.verlet import VelocityVerlet

        return VelocityVerlet(atoms, timestep=plan.timestep_fs * units.fs)
    from ase.md.langevin import Langevin

    # Newer versions of ASE say that its way of holding the centre of mass spoils the ensemble, and will drop it.
    free = {"fixcm": False} if "fixcm" in inspect.signature(Langevin).parameters else {}
    return Langevin(
        atoms,
        timestep=plan.timestep_fs * units.fs,
        temperature_K=plan.temperature_k,
        friction=plan.friction_per_fs / units.fs,
        rng=np.random.default_rng((plan.seed, 1)),
        **free,
    )


def _snapshot(atoms: Atoms, step: int, shift: Any, plan: Plan, *, periodic: bool) -> dict[str, Any]:
    import numpy as np
    from ase import units
    from ase.calculators.calculator import PropertyNotImplementedError

    if step and _has_exploded(atoms, plan):
        raise WorkerError(UNSTABLE, "The atoms flew apart.")
    energy, forces = float(atoms.get_potential_energy()), atoms.get_forces(apply_constraint=False)
    if not (np.isfinite(energy) and np.isfinite(forces).all()):
        raise WorkerError("backend", "The model returned an energy or a force that is not a finite number.")
    if step and _has_exploded(atoms, plan, forces):
        raise WorkerError(UNSTABLE, "The atoms flew apart.")
    stress = None
    if periodic:
        with contextlib.suppress(PropertyNotImplementedError):
            found = atoms.get_stress(voigt=True)
            stress = found.tolist() if np.isfinite(found).all() else None
    return {
        "step": step,
        "positions": (atoms.positions + shift).tolist(),
        "velocities": (atoms.get_velocities() * units.fs).tolist(),
        "energy_ev": energy,
        "kinetic_ev": float(atoms.get_kinetic_energy()),
        "forces_ev_per_angstrom": forces.tolist(),
        "stress_ev_per_angstrom3": stress,
    }


def _has_exploded(atoms: Atoms, plan: Plan, forces: Any = None) -> bool:
    return has_exploded(atoms, asked_kelvin=plan.temperature_k, timestep_fs=plan.timestep_fs, forces=forces)
