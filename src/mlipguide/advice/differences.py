"""What tells models apart and what follows for choosing, from the facts of their cards and from measurements alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from mlipguide.core.readable import duration, number
from mlipguide.records.models.model_card import Metrics, ModelCard
from mlipguide.records.models.model_listings import Difference, MeasuredHere
from mlipguide.records.models.terms import Forces, LifeCycle, Need
from mlipguide.records.timing.measurement import Scenario

MOST_NAMED = 12
"""More elements than this are counted, not named."""

_FIGURES: tuple[tuple[str, Callable[[Metrics], float | None], str, bool], ...] = (
    ("CPS", lambda metrics: metrics.cps, "overall score", True),
    ("F1", lambda metrics: metrics.f1, "stability of crystals", True),
    ("κ_SRME", lambda metrics: metrics.kappa_srme, "thermal conductivity", False),
    ("RMSD", lambda metrics: metrics.rmsd, "relaxed structures", False),
    ("Force RMSE", lambda metrics: metrics.md_force_rmse_ev_per_angstrom, "eV/Å in molecular dynamics", False),
)
"""Name, where it stands, what it tests, and whether larger is better."""

Measured = Sequence[Sequence[MeasuredHere]]


def differences_between(cards: Sequence[ModelCard], measured: Measured) -> tuple[Difference, ...]:
    """Return what tells the models apart, one sentence each.

    Args:
        cards: Two models or more.
        measured: On this machine, of each model in the same order.
    """
    checks: tuple[Callable[[Sequence[ModelCard]], Iterator[Difference]], ...] = (
        _life_cycle,
        _elements,
        _forces,
        _capabilities,
        _level_of_theory,
        _domains,
        _licences,
        _accuracy,
        _reach,
        _published_speed,
    )
    return (*(found for check in checks for found in check(cards)), *_speed_here(cards, measured))


def _life_cycle(cards: Sequence[ModelCard]) -> Iterator[Difference]:
    for card in cards:
        if card.life_cycle is not LifeCycle.ACTIVE:
            successor = f" by {card.superseded_by}" if card.superseded_by else ""
            yield Difference("life cycle", f"{card.id} is {card.life_cycle.value}{successor}.")


def _elements(cards: Sequence[ModelCard]) -> Iterator[Difference]:
    union = dict.fromkeys(element for card in cards for element in card.known_elements)
    for card in cards:
        if card.training.elements is None:
            yield Difference("elements", f"Nothing says which elements {card.id} was trained on.")
            continue
        missing = [element for element in union if element not in card.training.elements]
        if missing:
            which = ", ".join(missing) if len(missing) <= MOST_NAMED else f"{len(missing)} of {len(union)} elements"
            yield Difference("elements", f"{card.id} was not trained on {which}, which another one was.")


def _forces(cards: Sequence[ModelCard]) -> Iterator[Difference]:
    direct = [card.id for card in cards if card.architecture.forces is Forces.DIRECT]
    gradients = [card.id for card in cards if card.architecture.forces is Forces.CONSERVATIVE]
    if direct and gradients:
        others = (
            "the others' forces" if len(direct) + len(gradients) == len(cards) else f"those of {_listed(gradients)}"
        )
        yield Difference(
            "forces",
            f"{_listed(direct)}: forces are predicted directly and are no gradients of an energy, so that molecular "
            f"dynamics does not conserve it; {others} are gradients.",
        )


def _capabilities(cards: Sequence[ModelCard]) -> Iterator[Difference]:
    for need in Need:
        giving = [card.id for card in cards if need in card.provides]
        lacking = [card.id for card in cards if need not in card.provides and (card.tells_all or need in card.lacks)]
        if need is not Need.CONSERVATIVE and giving and lacking:
            yield Difference("capabilities", f"{need.value}: given by {_listed(giving)}, not by {_listed(lacking)}.")


def _level_of_theory(cards: Sequence[ModelCard]) -> Iterator[Difference]:
    groups = _grouped((card.training.level_of_theory or "not known", card.id) for card in cards)
    if len(groups) > 1:
        parts = "; ".join(f"{level}: {_listed(ids)}" for level, ids in groups.items())
        yield Difference(
            "level of theory", f"They reproduce different levels of theory, whose energies cannot be compared: {parts}."
        )


def _domains(cards: Sequence[ModelCard]) -> Iterator[Difference]:
    covering = _grouped((fact.domain.value, card.id) for card in cards for fact in card.training.domains)
    by_models = _grouped((_listed(ids), domain) for domain, ids in covering.items() if len(ids) < len(cards))
    for ids, domains in by_models.items():
        yield Difference("domains", f"{_listed(domains)}: in the training data of {ids} alone, as far as is known.")


def _licences(cards: Sequence[ModelCard]) -> Iterator[Difference]:
    groups = _grouped((card.licences.commercial.value, card.id) for card in cards)
    if len(groups) > 1:
        parts = "; ".join(f"{use}: {_listed(ids)}" for use, ids in groups.items())
        yield Difference("licence", f"Commercial use, code and weights together: {parts}.")


def _accuracy(cards: Sequence[ModelCard]) -> Iterator[Difference]:
    for name, figure, tests, larger_is_better in _FIGURES:
        values = {card.id: None if card.metrics is None else figure(card.metrics) for card in cards}
        known = sorted(
            ((value, model) for model, value in values.items() if value is not None), reverse=larger_is_better
        )
        if len({value for value, _ in known}) < 2:  # noqa: PLR2004  # two values differ, one does not
            continue
        order = ", ".join(f"{model} {value:.3f}" for value, model in known)
        unknown = [model for model, value in values.items() if value is None]
        rest = f"; not published for {_listed(unknown)}" if unknown else ""
        better = "higher" if larger_is_better else "lower"
        yield Difference("accuracy", f"{name} ({tests}, {better} is better), best first: {order}{rest}.")


def _reach(cards: Sequence[ModelCard]) -> Iterator[Difference]:
    reaches = {card.id: card.architecture.receptive_field_angstrom for card in cards}
    known = {model: reach for model, reach in reaches.items() if reach is not None}
    if len(set(known.values())) > 1:
        parts = ", ".join(f"{model} {reach:g} Å" for model, reach in known.items())
        yield Difference(
            "receptive field",
            f"Atoms further apart than layers times cutoff do not feel each other: {parts}. Domain decomposition needs "
            "ghost atoms as deep.",
        )


def _published_speed(cards: Sequence[ModelCard]) -> Iterator[Difference]:
    timed = [
        (card.metrics.md_hardware, card.metrics.md_run_time_s, card.id)
        for card in cards
        if card.metrics is not None and card.metrics.md_run_time_s is not None
    ]
    for hardware in dict.fromkeys(hardware for hardware, *_ in timed if hardware is not None):
        here = sorted((time_s, model) for device, time_s, model in timed if device == hardware)
        if len(here) > 1:
            order = ", ".join(f"{model} {duration(time_s)}" for time_s, model in here)
            yield Difference("published speed", f"Molecular-dynamics test on {hardware}, fastest first: {order}.")


def _speed_here(cards: Sequence[ModelCard], measured: Measured) -> Iterator[Difference]:
    laws = _grouped((card.architecture.time_law, card.id) for card in cards)
    for ids in laws.values():
        if len(ids) > 1:
            yield Difference("speed", f"{_listed(ids)} have the same architecture: the same time and memory.")
    if len(laws) == 1:
        return
    times = [{_key(item): item for item in items} for items in measured]
    common = [key for key in times[0] if all(key in other for other in times)]
    if not common:
        yield Difference("speed", "Their speeds on this machine are not known at one size of all of them.")
        return
    largest = max(common, key=lambda key: int(key[1]))
    rows = sorted(
        ((own[largest].result.step_time_s, card.id) for own, card in zip(times, cards, strict=True)),
        key=lambda row: row[0].value,
    )
    (fastest, first), (slowest, last) = rows[0], rows[-1]
    order = ", ".join(f"{model} {step.told(duration)}" for step, model in rows)
    apart = fastest.high is None or slowest.low is None or fastest.high < slowest.low
    verdict = (
        f"{first} takes 1/{number(slowest.value / fastest.value)} of the time of {last}"
        if apart
        else "no difference beyond the scatter"
    )
    result = times[0][largest].result
    step = "structure" if result.scenario is Scenario.OFFLINE else "step"
    yield Difference(
        "speed",
        f"Measured on this machine, {largest[0]} of {result.atoms:,} atoms, time of a {step}, fastest first: {order}; "
        f"{verdict}.",
    )


def _key(item: MeasuredHere) -> tuple[str, int, object, object]:
    return (item.structure, item.result.atoms, item.result.settings, item.result.scenario)


def _grouped(pairs: Iterator[tuple[str, str]]) -> Mapping[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for key, value in pairs:
        names = groups.setdefault(key, [])
        if value not in names:
            names.append(value)
    return groups


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
