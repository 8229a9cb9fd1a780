"""From what the models say of each frame to the figures of ``mlipguide disagree``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlipguide.evidence.disagreement.calibration import expected_force_mae, why_extrapolated
from mlipguide.evidence.disagreement.frames import Evaluated
from mlipguide.evidence.disagreement.spread import (
    FEWEST_MODELS,
    ForceDisagreement,
    energy_disagreement,
    force_disagreement,
    pairwise_mae,
    root_mean_square,
    stress_disagreement,
)
from mlipguide.records.accuracy.disagreement import (
    Agreement,
    Calibration,
    Disagreement,
    FrameDisagreement,
    FrameKind,
    GroupDisagreement,
    PairDifference,
    SamplingRun,
)
from mlipguide.records.estimate import Estimate
from mlipguide.records.task.structure import StructureSummary
from mlipguide.sessions.pieces import FRICTION_PER_S

VANISHING_EV_PER_ANGSTROM = 1e-3
"""Forces below are those of a structure at rest: nothing can be compared with them."""
SETTLING_S = 1 / FRICTION_PER_S
"""A run begins at rest; by then the thermostat has given its atoms their amplitude."""
FEWEST_SETTLED = 3
SLIGHT, SERIOUS = 0.10, 0.20
"""A force MAE over the magnitude of the forces, where the user names no tolerance: a judgement. Models agree where the
interval of the expected error leaves a serious one out, and disagree where it leaves out that it is slight."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What was compared, apart from the frames."""

    structure: StructureSummary
    atoms: int
    models: tuple[str, ...]
    run: SamplingRun | None
    tolerance_ev_per_angstrom: float | None
    shared_data: tuple[str, ...]


@dataclass(frozen=True)
class _Scale:
    """Turns disagreements of this case into expected errors."""

    case: Case
    calibration: Calibration

    def reasons(self, disagreement_ev_per_angstrom: float) -> tuple[str, ...]:
        return why_extrapolated(
            self.calibration,
            structure=self.case.structure,
            models=self.case.models,
            disagreement_ev_per_angstrom=disagreement_ev_per_angstrom,
        )

    def expected(self, disagreement_ev_per_angstrom: float) -> Estimate:
        return expected_force_mae(
            disagreement_ev_per_angstrom,
            self.calibration,
            extrapolated=bool(self.reasons(disagreement_ev_per_angstrom)),
        )


def figures_of(case: Case, frames: Sequence[Evaluated], calibration: Calibration) -> Disagreement:
    """Return all figures; frames are numbered as they come.

    Args:
        case: What was compared.
        frames: At least one.
        calibration: What expected errors stand on.
    """
    scale = _Scale(case, calibration)
    forces = [force_disagreement(one.forces_ev_per_angstrom) for one in frames]
    kinds = [kind for kind in FrameKind if any(one.kind is kind for one in frames)]
    everything = list(zip(frames, forces, strict=True))
    name, main = _main_frames(everything)
    symbols, everyone = np.array(frames[0].atoms.symbols), np.ones(case.atoms, dtype=bool)
    overall = _group(name, main, everyone, scale)
    elements = [_group(symbol, main, symbols == symbol, scale) for symbol in case.structure.elements]
    by_kind = [
        _group(kind.value, [pair for pair in everything if pair[0].kind is kind], everyone, scale) for kind in kinds
    ]
    extrapolated = scale.reasons(overall.force_disagreement_ev_per_angstrom)
    differences = pairwise_mae([one.forces_ev_per_angstrom for one, _ in main])
    return Disagreement(
        structure=case.structure,
        atoms=case.atoms,
        models=case.models,
        run=case.run,
        agreement=_judge(overall, elements, case.tolerance_ev_per_angstrom),
        tolerance_ev_per_angstrom=case.tolerance_ev_per_angstrom,
        overall=overall,
        kinds=tuple(by_kind),
        elements=tuple(elements),
        pairs=tuple(
            PairDifference(
                models=(case.models[one], case.models[other]),
                force_difference_ev_per_angstrom=float(differences[one, other]),
            )
            for one, other in itertools.combinations(range(len(case.models)), FEWEST_MODELS)
        ),
        frames=_by_frame(frames, forces, scale),
        to_label=None,
        calibration=calibration,
        extrapolated=extrapolated,
        shared_data=case.shared_data,
    )


def _main_frames(
    everything: list[tuple[Evaluated, ForceDisagreement]],
) -> tuple[str, list[tuple[Evaluated, ForceDisagreement]]]:
    """Return what the verdict stands on: the run once its atoms have left their places, else all that moved."""
    settled = [pair for pair in everything if pair[0].time_s is not None and pair[0].time_s >= SETTLING_S]
    if len(settled) >= FEWEST_SETTLED:
        return "run after settling", settled
    moved = [pair for pair in everything if pair[0].kind is not FrameKind.START]
    return ("run and distorted copies", moved) if moved else ("start", everything)


def _judge(
    overall: GroupDisagreement, elements: Sequence[GroupDisagreement], tolerance_ev_per_angstrom: float | None
) -> Agreement:
    """Return how they stand, by the interval of the expected error.

    Without a tolerance by the worst element, which large forces of others would hide, in shares of the forces on it.
    """
    if tolerance_ev_per_angstrom is not None:
        expected = overall.expected_force_mae_ev_per_angstrom
        if expected.at_most <= tolerance_ev_per_angstrom:
            return Agreement.AGREE
        return Agreement.DISAGREE if expected.at_least > tolerance_ev_per_angstrom else Agreement.UNDECIDED
    shares = [share for one in elements if (share := _share_of_forces(one)) is not None]
    if not shares:  # at rest: nothing but symmetry was seen
        return Agreement.UNDECIDED
    if max(share.at_most for share in shares) <= SERIOUS:
        return Agreement.AGREE
    return Agreement.DISAGREE if max(share.at_least for share in shares) > SLIGHT else Agreement.DIFFER


def _share_of_forces(group: GroupDisagreement) -> Estimate | None:
    """Return the expected error over the magnitude of the forces; None where these vanish."""
    relative, disagreement = group.relative_disagreement, group.force_disagreement_ev_per_angstrom
    if relative is None:
        return None
    expected = group.expected_force_mae_ev_per_angstrom
    return expected.scaled(relative / disagreement) if disagreement > 0 else expected


def _group(
    name: str, members: Sequence[tuple[Evaluated, ForceDisagreement]], atoms: NDArray[np.bool_], scale: _Scale
) -> GroupDisagreement:
    """Return the figures of some frames, of the atoms that are marked."""
    of_atoms = np.array([force.of_atoms_ev_per_angstrom[atoms] for _, force in members])
    means = np.array([one.forces_ev_per_angstrom.mean(axis=0)[atoms] for one, _ in members])
    disagreement = root_mean_square(of_atoms) / np.sqrt(3)
    return GroupDisagreement(
        name=name,
        frames=len(members),
        atoms=int(atoms.sum()),
        force_disagreement_ev_per_angstrom=float(disagreement),
        relative_disagreement=_relative(float(disagreement), root_mean_square(means)),
        largest_atom_disagreement_ev_per_angstrom=float(of_atoms.max()),
        expected_force_mae_ev_per_angstrom=scale.expected(float(disagreement)),
    )


def _by_frame(
    frames: Sequence[Evaluated], forces: Sequence[ForceDisagreement], scale: _Scale
) -> tuple[FrameDisagreement, ...]:
    energies = energy_disagreement(np.array([one.energies_ev_per_atom for one in frames]).T)
    found: list[FrameDisagreement] = []
    for place, (one, force) in enumerate(zip(frames, forces, strict=True)):
        worst = int(force.of_atoms_ev_per_angstrom.argmax())
        stresses = one.stresses_ev_per_angstrom3
        disagreement = force.of_frame_ev_per_angstrom
        found.append(
            FrameDisagreement(
                frame=place,
                kind=one.kind,
                time_s=one.time_s,
                temperature_k=one.temperature_k,
                force_disagreement_ev_per_angstrom=disagreement,
                relative_disagreement=_relative(disagreement, force.magnitude_ev_per_angstrom),
                largest_atom_disagreement_ev_per_angstrom=float(force.of_atoms_ev_per_angstrom[worst]),
                largest_atom=worst,
                largest_atom_element=str(one.atoms.symbols[worst]),
                force_magnitude_ev_per_angstrom=force.magnitude_ev_per_angstrom,
                energy_disagreement_ev_per_atom=float(energies[place]) if len(frames) > 1 else None,
                stress_disagreement_ev_per_angstrom3=(
                    None if stresses is None else float(stress_disagreement(stresses[:, None, :])[0])
                ),
                expected_force_mae_ev_per_angstrom=scale.expected(disagreement),
            )
        )
    return tuple(found)


def _relative(disagreement: float, magnitude: float) -> float | None:
    return None if magnitude < VANISHING_EV_PER_ANGSTROM else disagreement / magnitude
