"""By what models are compared: errors on the user's own labels, else what was published that tells for the task.

* Molecular dynamics, phonons and barriers live on forces and on how they change with distance: kappa_SRME, the error of
  the thermal conductivity, tests these, while the stability score F1 ranks models with unusable forces high (Póta et
  al., arXiv:2408.00755). A model that is too soft away from its minima (Deng et al., doi:10.1038/s41524-024-01500-6)
  gives barriers that are too low; kappa_SRME sees it in the third derivatives, F1 does not.
* Relaxing and screening end at a minimum, and ask for its energy and its structure: F1 of stability and RMSD of the
  relaxed structures were made for that (Riebesell et al., arXiv:2308.14920).
* Both are figures of inorganic crystals. Of surfaces and clusters, and of molecules, their liquids and crystals, the
  training data tell more: whether they hold any at all, then, for molecules, whether their level of theory has
  dispersion, which holds molecules together.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from mlipguide.advice.constraints import card_rejections, provides
from mlipguide.catalog.additions import has_dispersion
from mlipguide.records.accuracy.accuracy_axis import AccuracyAxis, AxisFigure, AxisPlace, DomainFit
from mlipguide.records.accuracy.evidence import Evidence, EvidenceKind
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import Domain, LifeCycle, Need, WeightsOrigin
from mlipguide.records.task.task import Task, TaskKind

ON_LABELS = (EvidenceKind.USER_LABELS, EvidenceKind.SIMILAR_SYSTEMS)
"""The more telling first; all else is published, or nothing."""
TO_A_MINIMUM = frozenset({TaskKind.RELAX, TaskKind.SCREEN, TaskKind.PRERELAX})
_EVIDENCE_ORDER: dict[EvidenceKind, int] = {kind: place for place, kind in enumerate(EvidenceKind)}
_FIGURE_ORDER: dict[AxisFigure | None, int] = {kind: place for place, kind in enumerate((*AxisFigure, None))}
_FIT_ORDER: dict[DomainFit, int] = {fit: place for place, fit in enumerate(DomainFit)}
F1_DIGITS = 2
"""As many as are shown: models that a reader sees to be equal are told apart by the RMSD."""
REASONS = {
    AxisFigure.FORCE_MAE: "errors on labels of this system say more than anything published",
    AxisFigure.ENERGY_MAE: "errors on labels of this system say more than anything published",
    AxisFigure.F1: "a relaxation ends at a minimum: F1 tests its energy, and at equal F1 the RMSD its structure",
    AxisFigure.KAPPA_SRME: "forces and their derivatives decide, which the thermal conductivity tests",
}
DOMAINS = {Domain.SURFACES: Need.SURFACES, Domain.MOLECULES: Need.MOLECULES}
"""What training data must hold before a figure of crystals counts, by the need that tells; the first that is there."""
DOMAIN_REASONS = {
    Domain.SURFACES: (
        "F1 and κ are figures of crystals: for surfaces it counts first whether the training data hold surfaces"
    ),
    Domain.MOLECULES: (
        "F1 and κ are figures of crystals: for molecules it counts first whether the training data hold molecules, "
        "then whether their level of theory has dispersion"
    ),
}


def published_figure(kind: TaskKind) -> AxisFigure:
    """Return the published figure that tells for a kind of task."""
    return AxisFigure.F1 if kind in TO_A_MINIMUM else AxisFigure.KAPPA_SRME


def domain_of(task: Task) -> Domain | None:
    """Return what the training data must hold before any figure of crystals counts; None for crystals."""
    needed = {*task.needs, *(one.need for one in task.derived_needs)}
    return next((domain for domain, need in DOMAINS.items() if need in needed), None)


def domain_fit(card: ModelCard, domain: Domain, task: Task) -> DomainFit:
    """Return how a model's training data fit a domain; what was trained here was trained on the user's own.

    Dispersion that is added to it counts as its own.
    """
    if card.weights.origin is WeightsOrigin.TRAINED:
        return DomainFit.COVERED
    if not provides(card, DOMAINS[domain]):
        return DomainFit.NOT_COVERED
    held_together = domain is not Domain.MOLECULES or has_dispersion(card) or Need.DISPERSION in task.added_needs
    return DomainFit.COVERED if held_together else DomainFit.WITHOUT_DISPERSION


def place_of(evidence: Evidence, card: ModelCard, task: Task) -> AxisPlace:
    """Return where a model stands for a task."""
    if evidence.kind in ON_LABELS:
        on_labels = (
            (AxisFigure.FORCE_MAE, evidence.force_mae_ev_per_angstrom),
            (AxisFigure.ENERGY_MAE, evidence.energy_mae_ev_per_atom),
        )
        for figure, error in on_labels:
            if error is not None:
                return AxisPlace(evidence=evidence.kind, figure=figure, value=error.value)
    figure = published_figure(task.kind)
    value = evidence.f1 if figure is AxisFigure.F1 else evidence.kappa_srme
    domain = domain_of(task)
    return AxisPlace(
        evidence=evidence.kind,
        figure=None if value is None else figure,
        value=value,
        relaxation_rmsd=evidence.rmsd if figure is AxisFigure.F1 else None,
        domain=None if domain is None else domain_fit(card, domain, task),
    )


def axis_of(task: Task, places: Sequence[AxisPlace]) -> AccuracyAxis:
    """Return by what models were compared.

    Args:
        task: What is wanted.
        places: Of all models; where one has an error on labels, that is the axis.
    """
    known = [one.figure for one in places if is_on_labels(one) and one.figure is not None]
    if known:
        figure = AxisFigure.FORCE_MAE if AxisFigure.FORCE_MAE in known else AxisFigure.ENERGY_MAE
        return AccuracyAxis(figure=figure, domain=None, reason=REASONS[figure])
    figure, domain = published_figure(task.kind), domain_of(task)
    return AccuracyAxis(
        figure=figure, domain=domain, reason=REASONS[figure] if domain is None else DOMAIN_REASONS[domain]
    )


def fitting_models(
    cards: Sequence[ModelCard], task: Task, domain: Domain, *, startable: AbstractSet[str]
) -> tuple[str, ...]:
    """Return the current models whose training data hold a domain, and whose cards rule nothing out.

    Of the sizes of one model, of one family and the same training data, the first stands for all.

    Args:
        cards: Of the catalogue.
        task: What is wanted.
        domain: What it is about.
        startable: Backends that can be run or built here, whose models come first among those that fit alike, and of
            these first those whose weights come with their package.
    """
    fits = list(DomainFit)
    found = [
        (
            fits.index(fit),
            card.backend not in startable,
            card.weights.origin is not WeightsOrigin.PACKAGE,
            card.id,
            (card.architecture.family, card.training.sets),
        )
        for card in cards
        if card.life_cycle is LifeCycle.ACTIVE and not (card.weights.origin.is_own_file or card.architecture.empirical)
        if (fit := domain_fit(card, domain, task)) is not DomainFit.NOT_COVERED and not card_rejections(card, task)
    ]
    first: dict[object, str] = {}
    for *_, model, kind in sorted(found):
        first.setdefault(kind, model)
    return tuple(first.values())


def is_on_labels(place: AxisPlace) -> bool:
    """Tell whether a figure is an error on labels."""
    return place.figure in (AxisFigure.FORCE_MAE, AxisFigure.ENERGY_MAE)


def order_of_place(place: AxisPlace) -> tuple[int, int, int, int, float, float, float]:
    """Return what sorts models: the more telling evidence, the better fitting data, then the smaller error.

    Errors of different figures have different units: a figure comes before another one as a whole.
    """
    return (
        _grade(place),
        _fit(place),
        _EVIDENCE_ORDER[place.evidence],
        _FIGURE_ORDER[place.figure],
        *_error(place),
    )


def is_as_accurate(one: AxisPlace, other: AxisPlace) -> bool:
    """Tell whether what is known shows that one model is at least as accurate as another.

    It shows nothing where the evidence is of different kinds, nor where the data fit alike and a figure is missing.
    """
    if _grade(one) != _grade(other):
        return False
    if one.domain is not other.domain:
        return _fit(one) < _fit(other)
    if one.evidence is not other.evidence:
        return False
    return one.figure is not None and one.figure is other.figure and _error(one) <= _error(other)


def _grade(place: AxisPlace) -> int:
    return ON_LABELS.index(place.evidence) if is_on_labels(place) else len(ON_LABELS)


def _fit(place: AxisPlace) -> int:
    return 0 if place.domain is None else _FIT_ORDER[place.domain]


def _error(place: AxisPlace) -> tuple[float, float, float]:
    """Return the error, what tells equal ones apart, and the rest of the figure; infinite where nothing is known."""
    if place.value is None:
        return float("inf"), float("inf"), float("inf")
    if place.figure is not AxisFigure.F1:
        return place.value, 0.0, 0.0
    rmsd = float("inf") if place.relaxation_rmsd is None else place.relaxation_rmsd
    return 1 - round(place.value, F1_DIGITS), rmsd, 1 - place.value
