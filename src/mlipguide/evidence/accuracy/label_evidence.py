"""Evidence of accuracy from evaluations on labels, and from those that were stored before.

Errors hold for the system that they were measured on: stored evaluations count only for the same reduced formula, as
many periodic directions, and a density within the labels' range or near it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mlipguide.candidates.preparation import Prepared
from mlipguide.evidence.accuracy.published_accuracy import evidence_of
from mlipguide.records.accuracy.accuracy import LabelsSummary
from mlipguide.records.accuracy.evidence import Evidence, EvidenceKind
from mlipguide.records.accuracy.stored_evaluation import StoredEvaluation
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice, Problem
from mlipguide.records.task.structure import StructureSummary
from mlipguide.store import evidence as store

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


def remembered_evidence(candidates: Iterable[Prepared], structure: StructureSummary) -> LabelEvidence:
    """Return stored evaluations on labels of the same system, the latest file for all models.

    Models that were evaluated on different files are not compared by them: of the files that are of this system the one
    with the most models counts, then the latest.
    """
    found = LabelEvidence()
    stored = store.find()
    found.notices += stored.notices
    if not stored.evaluations:
        return found
    from mlipguide.evidence.accuracy.evaluated_before import still_holds
    from mlipguide.evidence.accuracy.model_accuracy import reckoned_anew

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
