"""Evidence of accuracy for a task: from labels that are given with it, and from evaluations that were stored before.

Errors hold for the system that they were measured on. Labels that the user gives are taken for theirs, after a look at
the elements; stored evaluations count only for the same reduced formula, as many periodic directions, and a density
within the labels' range or near it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlipguide.bench.measuring.measuring import Opener
from mlipguide.candidates.preparation import Prepared
from mlipguide.core.errors import InputError
from mlipguide.core.readable import duration
from mlipguide.core.units import WALL_TIME
from mlipguide.evidence.accuracy.evaluated_before import still_holds
from mlipguide.evidence.accuracy.evaluating import EvaluatingContext, can_evaluate, evaluate_models, findings_of
from mlipguide.evidence.accuracy.label_input import LabelInput, LabelRequest, open_labels
from mlipguide.evidence.accuracy.label_units import check_units
from mlipguide.evidence.accuracy.model_accuracy import reckoned_anew
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.records.accuracy.accuracy import LabelsSummary
from mlipguide.records.accuracy.evidence import Evidence, EvidenceKind
from mlipguide.records.accuracy.stored_evaluation import StoredEvaluation
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice, Problem
from mlipguide.records.requests.label_names import NO_CHOICE, LabelKeys
from mlipguide.records.task.structure import StructureSummary
from mlipguide.store import evidence as store

DEFAULT_BUDGET = "5m"
MOST_FRAMES = 300
"""Evaluated of each model: the interval of an MAE is then several percent wide, enough to choose by."""
DENSITY_REACH = 0.15
"""How far beyond the labels' densities a structure may lie: thermal expansion and strain, not another polymorph."""
ALL_DIRECTIONS = 3


@dataclass
class LabelEvidence:
    """Evidence by model, and what there is to say about it."""

    by_model: dict[str, Evidence] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def is_of_system(labels: LabelsSummary, structure: StructureSummary) -> bool:
    """Tell whether labels are of the system that a structure is of."""
    for one in labels.systems:
        if one.reduced_formula != structure.reduced_formula or one.periodic_directions != sum(structure.periodic):
            continue
        density, low, high = (
            structure.number_density_per_angstrom3,
            one.lowest_density_per_angstrom3,
            one.highest_density_per_angstrom3,
        )
        if one.periodic_directions < ALL_DIRECTIONS or density is None or low is None or high is None:
            return True
        if low * (1 - DENSITY_REACH) <= density <= high * (1 + DENSITY_REACH):
            return True
    return False


def evidence_from(evaluation: StoredEvaluation, card: ModelCard, kind: EvidenceKind) -> Evidence:
    """Return what an evaluation says of a model, beside the figures of its card."""
    accuracy = evaluation.accuracy
    when = accuracy.evaluated_at[:10]
    frames = f"{accuracy.frames:,} frame{'' if accuracy.frames == 1 else 's'}"
    source = f"{evaluation.labels.source}, {frames}, {'evaluated' if accuracy.reused else 'measured'} {when}"

    published = evidence_of(card)
    return replace(
        published,
        kind=kind,
        force_mae_ev_per_angstrom=accuracy.force_mae_ev_per_angstrom,
        energy_mae_ev_per_atom=accuracy.energy_mae_ev_per_atom,
        force_slope=accuracy.force_slope,
        source=source if published.source is None else f"{source}; {published.source}",
    )


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


def remembered_evidence(candidates: Iterable[Prepared], structure: StructureSummary) -> LabelEvidence:
    """Return stored evaluations on labels of the same system, the latest file for all models.

    Models that were evaluated on different files are not compared by them: of the files that are of this system the one
    with the most models counts, then the latest.
    """
    found = LabelEvidence()
    stored = store.find()
    found.notices += stored.notices
    items = {item.card.id: item for item in candidates}
    files: dict[str, dict[str, StoredEvaluation]] = {}
    for one in stored.evaluations:
        item = items.get(one.accuracy.model)
        if item is None or one.spoiled or one.slice is not None:
            continue
        if not is_of_system(one.labels, structure) or not still_holds(one, item):
            continue
        known = files.setdefault(one.labels.sha256, {})
        known[one.accuracy.model] = one
    if not files:
        return found
    latest = max(files.values(), key=lambda one: (len(one), max(item.accuracy.evaluated_at for item in one.values())))
    for name, one in latest.items():
        anew = reckoned_anew(one)
        reused = replace(anew, accuracy=replace(anew.accuracy, reused=True))
        found.by_model[name] = evidence_from(reused, items[name].card, EvidenceKind.USER_LABELS)
    newest = max(latest.values(), key=lambda one: one.accuracy.evaluated_at)
    found.notices.append(
        Notice(
            "remembered_evidence",
            f"Errors on {newest.labels.source}, evaluated here on {newest.accuracy.evaluated_at[:10]} and of the same "
            f"system, are used for {', '.join(sorted(latest))}. --no-stored-labels leaves them out.",
        )
    )
    return found
