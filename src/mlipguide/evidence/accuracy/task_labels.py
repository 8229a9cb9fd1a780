"""Labels that are given with a task: read before anything is measured for it, and evaluated after.

They are taken for labels of the user's own system, after a look at the elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.bench.measuring.measuring import Opener
from mlipguide.candidates.preparation import Prepared
from mlipguide.core.errors import InputError
from mlipguide.core.readable import duration
from mlipguide.core.units import WALL_TIME
from mlipguide.evidence.accuracy.evaluating import EvaluatingContext, can_evaluate, evaluate_models, findings_of
from mlipguide.evidence.accuracy.label_evidence import LabelEvidence, evidence_from, is_of_system
from mlipguide.evidence.accuracy.label_input import LabelInput, LabelRequest, open_labels
from mlipguide.evidence.accuracy.label_units import check_units
from mlipguide.records.accuracy.evidence import EvidenceKind
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice
from mlipguide.records.requests.label_names import NO_CHOICE, LabelKeys
from mlipguide.records.task.structure import StructureSummary

DEFAULT_BUDGET = "5m"
MOST_FRAMES = 300
"""Evaluated of each model: the interval of an MAE is then several percent wide, enough to choose by."""


@dataclass(frozen=True, kw_only=True)
class TaskLabels:
    """Labels that were given with a task.

    Attributes:
        labels: The file, read through once.
        kind: How close they are to the task's structure.
        budget_s: Wall time for evaluating all models.
        notices: What is worth knowing of them.
    """

    labels: LabelInput
    kind: EvidenceKind
    budget_s: float
    notices: tuple[Notice, ...]


def read_task_labels(
    path: Path,
    structure: StructureSummary,
    *,
    keys: LabelKeys = NO_CHOICE,
    budget: str | None,
    on_progress: Callable[[str, float], None],
) -> TaskLabels:
    """Read the labels of a task through, before anything is measured for it.

    Args:
        path: The labels.
        structure: Of the task.
        keys: Names of the labels, where the user gave them.
        budget: Wall time for evaluating all models, with its unit.
        on_progress: Told what is being done.

    Raises:
        InputError: The labels cannot be used, or lack elements of the task.
    """
    budget_s = WALL_TIME.parse(budget or DEFAULT_BUDGET, option="--labels-budget")
    labels = open_labels(LabelRequest(path=path, keys=keys, max_frames=MOST_FRAMES), on_progress)
    missing = sorted(set(structure.elements) - set(labels.summary.elements))
    if missing:
        raise InputError(
            f"--labels: {path.name} has no {', '.join(missing)}, and the structure does: errors on it say nothing of "
            f"{structure.reduced_formula}.",
            hint="Give labels of this system, or leave --labels out.",
            kind="labels_of_another_system",
        )
    notices = list(labels.notices)
    kind = EvidenceKind.USER_LABELS
    if not is_of_system(labels.summary, structure):
        kind = EvidenceKind.SIMILAR_SYSTEMS
        notices.append(
            Notice(
                "labels_of_similar_system",
                f"No frame of {path.name} is of {structure.reduced_formula} as given (composition, periodicity, "
                "density): errors on it count as those on a similar system.",
            )
        )
    return TaskLabels(labels=labels, kind=kind, budget_s=budget_s, notices=tuple(notices))


def evidence_on_labels(
    given: TaskLabels,
    candidates: Sequence[Prepared],
    *,
    machine: Machine,
    opener: Opener,
    on_progress: Callable[[str, float], None],
) -> LabelEvidence:
    """Evaluate candidates on the user's labels, as far as the budget allows.

    Args:
        given: The labels.
        candidates: Models that may be chosen; those without their own weights are left out.
        machine: This machine.
        opener: Starts a model.
        on_progress: Told what is being done.

    Raises:
        InputError: The labels seem to be in other units or to have the wrong sign.
    """
    labels, budget_s, name = given.labels, given.budget_s, given.labels.summary.source
    found = LabelEvidence(notices=list(given.notices))
    ready = [item for item in candidates if can_evaluate(item)]
    if not ready:
        found.notices.append(
            Notice("labels_unused", f"{name} was not used: no model can run here with its own weights.")
        )
        return found
    on_progress(
        f"evaluating {len(ready)} model{'' if len(ready) == 1 else 's'} on {name}: at most about "
        f"{duration(budget_s)} (--labels-budget)",
        0.0,
    )
    context = EvaluatingContext(machine=machine, opener=opener, on_progress=on_progress, budget_s=budget_s / len(ready))
    evaluated = evaluate_models(ready, labels, context)
    spoiling = [one for one in check_units(evaluated.errors) if one.spoils] if evaluated.by_model else []
    if spoiling:
        raise InputError(
            f"--labels: {' '.join(one.message for one in spoiling)}",
            hint=f"Convert {name} to eV and eV/Å; mlipguide evaluate {name} shows more.",
            kind="label_units",
        )
    found.notices += evaluated.notices
    found.notices += [Notice(f"labels_{one.kind.value}", one.message) for one in findings_of(labels, evaluated)]
    found.problems += evaluated.problems
    cards = {item.card.id: item.card for item in ready}
    for model, one in evaluated.by_model.items():
        found.by_model[model] = evidence_from(one, cards[model], given.kind)
    return found
