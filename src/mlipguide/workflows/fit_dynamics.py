"""A short run at constant energy, which a fit has to survive before it is handed over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mlipguide.core.errors import TrainingFailedError
from mlipguide.records.fit import DynamicsCheck
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import DynamicsPlan, ModelSession, Snapshot
from mlipguide.structures.labels import LabelledFrame

STEPS, TIMESTEP_S, TEMPERATURE_K = 1000, 0.5e-15, 300.0
"""Half a picosecond: a potential with holes in what it learned loses its atoms within a few hundred steps (seen)."""
AT_A_TIME = 50
"""Steps between two reports of progress."""
MOST_ENERGY_CHANGE_EV_PER_ATOM = 0.025
"""Of a run at constant energy: kT at 300 K. More has no other cause than a potential that is not smooth (judgement)."""


def checked(
    session: ModelSession, test: Sequence[LabelledFrame], on_progress: Callable[[str, float], None]
) -> DynamicsCheck:
    """Run a potential at constant energy from the calmest periodic test frame.

    Args:
        session: The potential.
        test: The frames.
        on_progress: Told how many steps are done, and which share of them.

    Raises:
        TrainingFailedError: Kind ``unstable``: the atoms flew apart, or the energy was not kept.
        SessionError: It gave no answer.
    """
    frames = [frame for frame in test if all(frame.atoms.pbc)] or list(test)
    frame = min(frames, key=_restlessness)
    first, last = _ends(session, frame, on_progress)
    change = (last.energy_ev + last.kinetic_ev - first.energy_ev - first.kinetic_ev) / len(frame.atoms)
    if not abs(change) <= MOST_ENERGY_CHANGE_EV_PER_ATOM:
        raise _unstable(frame, f"the total energy changed by {change * 1e3:.3g} meV/atom in {STEPS} steps")
    return DynamicsCheck(
        frame=frame.index,
        steps=STEPS,
        timestep_s=TIMESTEP_S,
        temperature_k=TEMPERATURE_K,
        energy_change_ev_per_atom=change,
    )


def _ends(
    session: ModelSession, frame: LabelledFrame, on_progress: Callable[[str, float], None]
) -> tuple[Snapshot, Snapshot]:
    """Return the first and the last state of the run, which is done in pieces."""
    plan = DynamicsPlan(steps=AT_A_TIME, every=AT_A_TIME, timestep_s=TIMESTEP_S, temperature_k=TEMPERATURE_K)
    atoms, velocities, first = frame.atoms.copy(), None, None
    for done in range(0, STEPS, AT_A_TIME):
        on_progress(f"checking it in molecular dynamics, step {done} of {STEPS}", done / STEPS)
        try:
            piece = session.dynamics(atoms, plan, velocities=velocities)
        except SessionError as error:
            if error.failure is not FailureKind.UNSTABLE:
                raise
            raise _unstable(frame, error.message) from error
        last = piece.snapshots[-1]
        if piece.stopped_because is not None:
            raise _unstable(frame, f"the atoms flew apart after {done + last.step} of {STEPS} steps")
        first = first or piece.snapshots[0]
        atoms.set_positions(last.positions_angstrom)
        velocities = last.velocities_angstrom_per_fs
    assert first is not None
    return first, last


def _restlessness(frame: LabelledFrame) -> float:
    forces = frame.forces_ev_per_angstrom
    return 0.0 if forces is None else float(np.abs(forces).mean())


def _unstable(frame: LabelledFrame, what: str) -> TrainingFailedError:
    return TrainingFailedError(
        f"The potential is not stable: from test frame {frame.index} at {TEMPERATURE_K:.0f} K {what}. "
        "It is not handed over.",
        hint="Train on more frames, of higher temperatures too, or take a smaller model.",
        kind="unstable",
    )
