"""Which models meet a list of criteria, why the others do not, and in which order they are shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from mlipguide.advice.constraints import is_lacking, lacking_words, provides
from mlipguide.records.models.model_card import Metrics, ModelCard
from mlipguide.records.models.model_listings import (
    Criteria,
    DoubtfulLicence,
    FailedFilter,
    Filter,
    FilterTally,
    LeftOut,
    SortKey,
)
from mlipguide.records.models.terms import CommercialUse, Forces, LifeCycle

DOUBTFUL = (CommercialUse.CONFLICT, CommercialUse.UNKNOWN)
"""What a licence may say of commercial use that neither allows nor forbids it."""

LARGEST_FIRST = frozenset({SortKey.CPS, SortKey.F1})
"""Figures of which the larger is the better; of all others the smaller comes first."""


@dataclass(frozen=True)
class Selection:
    """The models that meet the criteria, sorted, and the others by id."""

    chosen: tuple[ModelCard, ...]
    left_out: tuple[LeftOut, ...]


def select_cards(
    cards: Sequence[ModelCard], criteria: Criteria, unavailable: Mapping[str, str] | None = None
) -> Selection:
    """Return the cards that meet ``criteria``, and why the others do not.

    Args:
        cards: All models.
        criteria: What is wanted.
        unavailable: Why a backend cannot be used on this machine, for each that cannot; needed only where
            ``criteria`` asks for what is available.
    """
    chosen: list[ModelCard] = []
    left_out: list[LeftOut] = []
    for card in cards:
        reasons = reasons_against(card, criteria, unavailable or {})
        if reasons:
            left_out.append(LeftOut(card.id, card.licences.commercial, reasons))
        else:
            chosen.append(card)
    return Selection(
        sort_cards(chosen, criteria.sort, reverse=criteria.reverse),
        tuple(sorted(left_out, key=lambda item: item.model)),
    )


def reasons_against(card: ModelCard, criteria: Criteria, unavailable: Mapping[str, str]) -> tuple[FailedFilter, ...]:
    """Return every filter that leaves a card out; nothing when it meets the criteria."""
    checked = {name: check(card, criteria) for name, check in _CHECKS.items()}
    checked[Filter.AVAILABLE] = unavailable.get(card.backend) if criteria.available else None
    return tuple(FailedFilter(name, message) for name in Filter if (message := checked[name]) is not None)


def sort_cards(cards: Sequence[ModelCard], key: SortKey, *, reverse: bool = False) -> tuple[ModelCard, ...]:
    """Return the cards sorted: by name, or the best or smallest first; what is not known comes last, either way."""
    if key is SortKey.NAME:
        return tuple(sorted(cards, key=lambda card: card.id, reverse=reverse))
    sign = -1.0 if (key in LARGEST_FIRST) is not reverse else 1.0

    def place(card: ModelCard) -> tuple[bool, float, str]:
        figure = figure_of(card, key)
        return (figure is None, sign * (figure or 0.0), card.id)

    return tuple(sorted(cards, key=place))


def figure_of(card: ModelCard, key: SortKey) -> float | None:
    """Return the number that a list is sorted by; None when it is not known."""
    if key is SortKey.CUTOFF:
        return card.architecture.cutoff_angstrom
    if key is SortKey.PARAMETERS:
        return card.architecture.parameters
    return None if card.metrics is None else _METRICS[key](card.metrics)


_METRICS: dict[SortKey, Callable[[Metrics], float | None]] = {
    SortKey.CPS: lambda metrics: metrics.cps,
    SortKey.F1: lambda metrics: metrics.f1,
    SortKey.KAPPA: lambda metrics: metrics.kappa_srme,
    SortKey.MD_FORCE_RMSE: lambda metrics: metrics.md_force_rmse_ev_per_angstrom,
    SortKey.RUN_TIME: lambda metrics: metrics.md_run_time_s,
}


def tallies(left_out: Sequence[LeftOut]) -> tuple[FilterTally, ...]:
    """Return how many models each filter leaves out, in the order of the filters."""
    found = []
    for name in Filter:
        failing = [item for item in left_out if name in _filters(item)]
        if failing:
            alone = tuple(item.model for item in failing if _filters(item) == {name})
            found.append(FilterTally(name, len(failing), alone))
    return tuple(found)


def doubtful_licences(left_out: Sequence[LeftOut]) -> tuple[DoubtfulLicence, ...]:
    """Return the models that the licence alone leaves out although it does not say no, by what it says."""
    alone = [item for item in left_out if _filters(item) == {Filter.COMMERCIAL}]
    by_use = {use: tuple(item.model for item in alone if item.commercial is use) for use in DOUBTFUL}
    return tuple(DoubtfulLicence(use, models) for use, models in by_use.items() if models)


def _filters(item: LeftOut) -> set[Filter]:
    return {reason.filter for reason in item.reasons}


def _check_elements(card: ModelCard, criteria: Criteria) -> str | None:
    if criteria.elements and card.training.elements is None:
        return "Nothing says which elements it was trained on."
    missing = _missing(criteria.elements, card.known_elements)
    return f"{', '.join(missing)} not in its training data ({', '.join(card.training.sets)})." if missing else None


def _check_needs(card: ModelCard, criteria: Criteria) -> str | None:
    lacking = [need for need in criteria.needs if not provides(card, need)]
    if not lacking:
        return None
    return lacking_words(lacking, certain=all(is_lacking(card, need) for need in lacking))


def _check_commercial(card: ModelCard, criteria: Criteria) -> str | None:
    licences = card.licences
    if not criteria.commercial or licences.commercial.is_allowed:
        return None
    return (
        f"Commercial use: code {licences.code.commercial.value} ({licences.code.name}), "
        f"weights {licences.weights.commercial.value} ({licences.weights.name})."
    )


def _check_conservative(card: ModelCard, criteria: Criteria) -> str | None:
    if not criteria.conservative or card.architecture.forces is Forces.CONSERVATIVE:
        return None
    if card.architecture.forces is None:
        return "Nothing says whether its forces are gradients of its energy."
    return "Its forces are predicted directly; they are no gradients of its energy."


def _check_domains(card: ModelCard, criteria: Criteria) -> str | None:
    missing = _missing(criteria.domains, [fact.domain for fact in card.training.domains])
    return f"Nothing says that its training data cover {', '.join(missing)}." if missing else None


def _check_backend(card: ModelCard, criteria: Criteria) -> str | None:
    return f"Its backend is {card.backend}." if criteria.backends and card.backend not in criteria.backends else None


def _check_family(card: ModelCard, criteria: Criteria) -> str | None:
    family = card.architecture.family
    return f"Its family is {family}." if criteria.families and family not in criteria.families else None


def _check_level_of_theory(card: ModelCard, criteria: Criteria) -> str | None:
    level = card.training.level_of_theory
    if has_words(level or "", criteria.level_of_theory or ""):
        return None
    return f"Its level of theory is {level or 'not known'}."


def _check_training_sets(card: ModelCard, criteria: Criteria) -> str | None:
    missing = _missing(criteria.training_sets, card.training.sets)
    sets = ", ".join(card.training.sets) or "what is not stated"
    return f"It was trained on {sets}, not on {', '.join(missing)}." if missing else None


def _check_life_cycle(card: ModelCard, criteria: Criteria) -> str | None:
    if criteria.every_life_cycle or card.life_cycle is LifeCycle.ACTIVE:
        return None
    successor = f" by {card.superseded_by}" if card.superseded_by else ""
    return f"It is {card.life_cycle.value}{successor}."


_CHECKS: dict[Filter, Callable[[ModelCard, Criteria], str | None]] = {
    Filter.ELEMENTS: _check_elements,
    Filter.NEEDS: _check_needs,
    Filter.COMMERCIAL: _check_commercial,
    Filter.CONSERVATIVE: _check_conservative,
    Filter.DOMAIN: _check_domains,
    Filter.BACKEND: _check_backend,
    Filter.FAMILY: _check_family,
    Filter.LEVEL_OF_THEORY: _check_level_of_theory,
    Filter.TRAINING_SET: _check_training_sets,
    Filter.LIFE_CYCLE: _check_life_cycle,
}


def has_words(text: str, words: str) -> bool:
    """Tell whether all of ``words`` stand in ``text``, in whatever case (w for ω, 2 for ²); a part of a word counts."""
    return all(word in _plain(text) for word in _plain(words).split())


def _plain(text: str) -> str:
    return text.casefold().replace("ω", "w").replace("²", "2")


def _missing(wanted: Collection[str], known: Collection[str]) -> list[str]:
    return [item for item in wanted if item not in known]
