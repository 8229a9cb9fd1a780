"""Hard constraints: what rules a model out, each with its reason and its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict

from mlipguide.candidates.neighbours_seen import cutoff_obstacle
from mlipguide.catalog.additions import refusals
from mlipguide.core.look import once_a_look
from mlipguide.records.advice.advice import LicenceSummary
from mlipguide.records.advice.verdict import Verdict
from mlipguide.records.advice.verdict_reasons import Doubt, Reason, ReasonKind, Rejection
from mlipguide.records.estimate import Estimate
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import CommercialUse, Domain, Forces, Need, WeightsOrigin
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.tasks.derived_needs import DOUBTFUL

OF_GRADIENTS = frozenset({Need.CONSERVATIVE, Need.NVE, Need.PHONONS})
"""Met by forces that are gradients of the energy."""

IMPLIED = {TaskKind.PHONONS: Need.PHONONS, TaskKind.NEB: Need.CONSERVATIVE}
"""What a kind of task needs, whether it is asked for or not."""

COVERED_BY = {
    Need.HIGH_PRESSURE: Domain.HIGH_PRESSURE,
    Need.SURFACES: Domain.SURFACES,
    Need.MOLECULES: Domain.MOLECULES,
    Need.REACTIVE: Domain.OFF_EQUILIBRIUM,
}
"""The domain whose presence in the training data speaks for a model; silence speaks neither for nor against it."""

INPUTS = frozenset({Need.TOTAL_CHARGE, Need.SPIN})
"""What a model is told, and does not give."""

COVERAGE = frozenset({*COVERED_BY, Need.LONG_RANGE})
"""Needs that a model may meet although nothing says so: what is not known of them is a doubt."""


class _Terms(TypedDict):
    """Fields of a reason that say what licences allow."""

    names: tuple[str, ...]
    detail: str


def licence_of(card: ModelCard) -> LicenceSummary:
    """Return both licences and what they allow together: the stricter of the two."""
    licences = card.licences
    return LicenceSummary(code=licences.code.name, weights=licences.weights.name, commercial=licences.commercial)


@once_a_look
def card_rejections(card: ModelCard, task: Task) -> tuple[Rejection, ...]:
    """Return what the card alone rules out: elements, cutoff, needs, what is to be added, licence."""
    found: list[Rejection] = []
    known = card.training.elements
    missing = [] if known is None else [element for element in task.structure.elements if element not in known]
    if missing:
        found.append(
            Rejection(kind=ReasonKind.ELEMENTS_UNSEEN, model=card.id, names=tuple(missing), among=card.training.sets)
        )
    cutoff = card.architecture.cutoff_angstrom
    blind = cutoff_obstacle(cutoff, task.gaps, task.structure)
    if blind is not None:
        nearest = task.structure.shortest_distance_angstrom
        found.append(Rejection(kind=blind.kind, model=card.id, value=nearest, limit=cutoff, detail=blind.message))
    asked = [need for need in needs_of(task) if need not in task.added_needs]
    lacking = [need for need in asked if need not in COVERAGE and is_lacking(card, need)]
    if lacking:
        found.append(Rejection(kind=ReasonKind.NEEDS_LACKING, model=card.id, names=_names(lacking)))
    found += [
        Rejection(
            kind=ReasonKind.ADDITION_HELD if refusal.is_held else ReasonKind.ADDITION_UNFIT,
            model=card.id,
            names=(refusal.kind.value,),
            among=refusal.sources,
            detail=refusal.level_of_theory,
        )
        for refusal in refusals(card, task.additions)
    ]
    if task.commercial:
        licence = licence_of(card)
        if not licence.commercial.is_allowed:
            found.append(Rejection(kind=ReasonKind.COMMERCIAL_USE, model=card.id, **_terms(licence)))
    return tuple(found)


def licence_doubt(card: ModelCard, task: Task) -> Doubt | None:
    """Return a doubt where commercial use is asked for and allowed under conditions only."""
    licence = licence_of(card)
    if not task.commercial or licence.commercial is not CommercialUse.CONDITIONS:
        return None
    return Doubt(kind=ReasonKind.COMMERCIAL_USE, model=card.id, **_terms(licence))


def _terms(licence: LicenceSummary) -> _Terms:
    return {"names": (licence.code, licence.weights), "detail": licence.commercial.value}


def _names(needs: Iterable[Need]) -> tuple[str, ...]:
    return tuple(need.value for need in needs)


def needs_of(task: Task) -> tuple[Need, ...]:
    """Return what a task needs, what its kind implies included."""
    implied = IMPLIED.get(task.kind)
    return task.needs if implied is None else tuple(dict.fromkeys((*task.needs, implied)))


def provides(card: ModelCard, need: Need) -> bool:
    """Tell whether a model is known to give, or to cover, what a task needs."""
    if need in OF_GRADIENTS:
        return card.architecture.forces is Forces.CONSERVATIVE
    domain = COVERED_BY.get(need)
    return need in card.provides or any(fact.domain is domain for fact in card.training.domains)


def is_lacking(card: ModelCard, need: Need) -> bool:
    """Tell whether a model is known not to give, or by its card not to cover, what a task needs."""
    if need in OF_GRADIENTS:
        return card.architecture.forces is Forces.DIRECT
    return not provides(card, need) and (card.tells_all or need in card.lacks)


def lacking_words(needs: Sequence[Need], *, certain: bool = True) -> str:
    """Return what a model lacks, in sentences.

    Args:
        needs: What is needed.
        certain: Whether it is known to lack them; what it is not known to cover is said alike.
    """
    gradients = [need for need in needs if need in OF_GRADIENTS]
    uncovered = [need for need in needs if need in COVERAGE]
    inputs = [need for need in needs if need in INPUTS]
    others = [need for need in needs if need not in (*gradients, *uncovered, *inputs)]
    says = "It gives no" if certain else "Nothing says whether it gives"
    takes = "It takes no" if certain else "Nothing says whether it takes"
    sentences = [f"{says} {', '.join(others)}."] if others else []
    sentences += [f"{takes} {', '.join(inputs)} as input."] if inputs else []
    if gradients and not certain:
        named = ", ".join(gradients)
        sentences.append(f"Nothing says whether its forces are gradients of an energy, which {named} needs.")
    elif gradients:
        uses = [need for need in gradients if need is not Need.CONSERVATIVE]
        words = f": not for {', '.join(uses)}" if uses else ""
        sentences.append(f"Its forces are predicted directly and are no gradients of an energy{words}.")
    if uncovered:
        sentences.append(f"Nothing says that it covers {', '.join(uncovered)}.")
    return " ".join(sentences)


def elements_doubt(card: ModelCard, *, on_labels: bool) -> Doubt | None:
    """Return a doubt where nothing says which elements a model was trained on.

    Args:
        card: The checkpoint.
        on_labels: Whether its error on labels of this very system is known, which says more than its training data.
    """
    if card.training.elements is not None or on_labels:
        return None
    return Doubt(kind=ReasonKind.ELEMENTS_UNKNOWN, model=card.id)


def coverage_doubt(card: ModelCard, task: Task, *, on_labels: bool = False, conservative: bool = False) -> Doubt | None:
    """Return a doubt where nothing says that a model covers, or gives, what is asked, or what the structure suggests.

    Args:
        card: The checkpoint.
        task: What is wanted.
        on_labels: Whether its error on labels of this very system is known, which says more than its training data.
        conservative: Whether its forces were found to be gradients of its energy.
    """
    asked = [need for need in needs_of(task) if need in COVERAGE or not is_lacking(card, need)]
    if conservative:
        asked = [need for need in asked if need not in OF_GRADIENTS]
    asked = [need for need in asked if need not in task.added_needs]
    suggested = [one.need for one in task.derived_needs if one.need in DOUBTFUL]
    if on_labels or card.weights.origin is WeightsOrigin.TRAINED:  # of what was trained here its manifest says more
        suggested = [need for need in suggested if need not in COVERED_BY]
    unknown = [need for need in dict.fromkeys((*asked, *suggested)) if not provides(card, need)]
    return Doubt(kind=ReasonKind.NEEDS_LACKING, model=card.id, names=_names(unknown)) if unknown else None


def against_limit(kind: ReasonKind, known: Estimate, limit: float) -> list[Reason]:
    """Return a rejection where even the low end of a number exceeds its limit, a doubt where its interval does."""
    if known.at_least > limit:
        return [Rejection(kind=kind, value=known, limit=limit)]
    return [Doubt(kind=kind, value=known, limit=limit)] if known.at_most > limit else []


def verdict_on(reasons: Iterable[Reason]) -> tuple[Verdict, tuple[Rejection, ...], tuple[Doubt, ...]]:
    """Return the verdict that follows from what stands against a model, and of that what is certain and what is not.

    Infeasible: a constraint is broken for certain, that is, by the whole 90 % interval. Unknown: nothing is broken for
    certain, but something that decides is not known or lies on both sides of its limit. Feasible: neither.
    """
    found = tuple(reasons)
    rejections = tuple(one for one in found if isinstance(one, Rejection))
    doubts = tuple(one for one in found if isinstance(one, Doubt))
    return Verdict.INFEASIBLE if rejections else Verdict.UNKNOWN if doubts else Verdict.FEASIBLE, rejections, doubts
