"""What is known of a potential that was trained here, from the manifest beside it: its errors, and its domain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlipguide.core.kept_files import UnusableFileError
from mlipguide.records.accuracy.evidence import Evidence, EvidenceKind
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind
from mlipguide.records.estimate import Estimate
from mlipguide.records.task.task import Task

if TYPE_CHECKING:
    from ase import Atoms

    from mlipguide.records.training.distillation import Distillation
    from mlipguide.records.training.fit import FitData
    from mlipguide.records.training.training import DomainOfValidity

DENSITY_REACH = 0.05
"""Share by which a density may lie beyond those of the training frames: some percent of strain (a judgement)."""


@dataclass(frozen=True, kw_only=True)
class TrainingSays:
    """What the training of a potential says of a task.

    Attributes:
        evidence: Of its accuracy, the test errors of its training where nothing better is known.
        remarks: What speaks for it, as sentences.
        doubts: Where the task leaves what it was trained on.
    """

    evidence: Evidence
    remarks: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def training_says(
    made: Distillation | FitData | UnusableFileError | None, evidence: Evidence, task: Task, atoms: Atoms | None
) -> TrainingSays:
    """Return what the training of a potential says of the task.

    Errors on labels that were measured afterwards are not replaced.

    Args:
        made: How the potential came about, or why that cannot be read; None for models that were not trained here.
        evidence: What is known of its accuracy otherwise.
        task: What is wanted.
        atoms: The structure, whose density is compared; None where there is none.
    """
    if made is None:
        return TrainingSays(evidence=evidence)
    if isinstance(made, UnusableFileError):
        return TrainingSays(evidence=evidence, doubts=(Doubt(kind=ReasonKind.ORIGIN_UNKNOWN, detail=made.message),))
    from mlipguide.records.training.distillation import Distillation

    doubts = (*_density_doubts(made.domain, atoms), *_temperature_doubts(made, task))
    untold = evidence.kind is EvidenceKind.NONE
    found, remark = _distilled(made, evidence) if isinstance(made, Distillation) else _fitted(made, evidence)
    return TrainingSays(evidence=found if untold else evidence, remarks=(remark,), doubts=doubts)


def _distilled(made: Distillation, evidence: Evidence) -> tuple[Evidence, str]:
    held_out = made.rounds[made.best - 1].held_out
    remark = (
        f"It was distilled from {made.teacher} and is {held_out.force_mae_ev_per_angstrom * 1e3:.3g} meV/Å from it "
        f"({held_out.relative:.1%} of the forces) on {held_out.frames} frames of a held-out run at "
        f"{made.temperature_k:g} K; the teacher's own error comes on top."
    )
    source = f"{made.teacher}, {held_out.frames} held-out frames at {made.temperature_k:g} K"
    return replace(evidence, kind=EvidenceKind.TEACHER, source=source), remark


def _fitted(made: FitData, evidence: Evidence) -> tuple[Evidence, str]:
    errors = made.potential.errors
    force = errors.force_mae_ev_per_angstrom
    words = "–" if force is None else f"{force.value * 1e3:.3g} meV/Å"
    remark = (
        f"It was fitted to {made.domain.frames} frames of {made.data.source}; its force MAE on {errors.frames} test "
        f"frames is {words}."
    )
    source = f"{made.data.test_source}, {errors.frames} test frames of its fit"
    energy: Estimate | None = errors.energy_mae_ev_per_atom
    known = replace(
        evidence,
        kind=EvidenceKind.SIMILAR_SYSTEMS,
        force_mae_ev_per_angstrom=force,
        energy_mae_ev_per_atom=energy,
        source=source,
    )
    return known, remark


def _density_doubts(domain: DomainOfValidity, atoms: Atoms | None) -> list[Doubt]:
    from mlipguide.structures.formats.cif_facts import density

    span = domain.density_g_per_cm3
    if span is None or atoms is None or not all(atoms.pbc):
        return []
    found = density(atoms)  # of natural elements, as the domain has it: a potential does not see isotopes
    if span.low * (1 - DENSITY_REACH) <= found <= span.high * (1 + DENSITY_REACH):
        return []
    return [Doubt(kind=ReasonKind.DENSITY, value=found, least=span.low, limit=span.high)]


def _temperature_doubts(made: Distillation | FitData, task: Task) -> list[Doubt]:
    from mlipguide.records.training.distillation import Distillation
    from mlipguide.training.distil.schedule import EXPLORE_FACTOR

    if isinstance(made, Distillation):
        highest: float | None = EXPLORE_FACTOR * made.temperature_k
    else:
        highest = None if made.domain.temperature_k is None else made.domain.temperature_k.high
    if highest is None or task.temperature_k <= highest:
        return []
    return [Doubt(kind=ReasonKind.TEMPERATURE, value=task.temperature_k, limit=highest)]
