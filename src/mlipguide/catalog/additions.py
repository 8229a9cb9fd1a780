"""What can be added to which model: never what its level of theory, head or task holds already, and never twice.

The parameters of an addition belong to a functional. A model answers at the functional of its training data, so that
its card decides; where the card does not name one that there are parameters for, nothing is added.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from mlipguide.catalog.locations import DATA
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.serialisation import from_plain
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.models.additions import Addition, AdditionFacts, AdditionKind, AdditionMethod
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import Need

FILE = DATA / "additions.yaml"
OPTION = "--add"
DISPERSION_MARKS = ("D2", "D3", "D4", "-V", "VV10", "vdW", "MBD")
"""Parts of the name of a level of theory that has dispersion."""
BESIDE_THE_NAME = re.compile(r"(?: \(|,).*")
"""Of a level of theory: whose data it is."""


@dataclass(frozen=True, kw_only=True)
class AdditionRefusal:
    """Why something cannot be added to a model.

    Attributes:
        kind: What was to be added.
        level_of_theory: The model's; None where its card names none.
        sources: That say so.
        is_held: Whether the model has it already; else there are no parameters for its functional.
    """

    kind: AdditionKind
    level_of_theory: str | None
    sources: tuple[str, ...]
    is_held: bool


@cache
def addition_facts() -> Mapping[AdditionKind, AdditionFacts]:
    """Return what is known of every addition."""
    found = from_plain(tuple[AdditionFacts, ...], read_yaml(FILE), what=str(FILE))
    return {one.kind: one for one in found}


def parse_additions(text: str | None) -> tuple[AdditionKind, ...]:
    """Return what ``--add`` says.

    Raises:
        InputError: There is no such addition, or something would be there twice.
    """
    names = [] if text is None else [part.strip().lower() for part in text.split(",") if part.strip()]
    known = [kind.value for kind in AdditionKind]
    for name in names:
        if name not in known:
            raise InputError(
                f"{OPTION}: there is no addition '{name}'.{did_you_mean(name, known)}",
                hint=f"There are {', '.join(known)}.",
                option=OPTION,
            )
    kinds = tuple(AdditionKind(name) for name in names)
    for need, times in Counter(kind.gives for kind in kinds).items():
        if times > 1:
            once = ",".join(
                dict.fromkeys(next(one.value for one in kinds if one.gives is kind.gives) for kind in kinds)
            )
            raise InputError(
                f"{OPTION} {text}: {need.value} would be counted {'twice' if times == 2 else 'more than once'}.",  # noqa: PLR2004
                hint=f"Give {OPTION} {once}",
                kind="added_twice",
                option=OPTION,
            )
    return kinds


def has_dispersion(card: ModelCard) -> bool:
    """Tell whether a model gives dispersion, or learned from a level of theory that has it."""
    return Need.DISPERSION in card.provides or any(
        mark in (card.training.level_of_theory or "") for mark in DISPERSION_MARKS
    )


def addition_to(card: ModelCard, kind: AdditionKind) -> Addition | AdditionRefusal:
    """Return an addition with the parameters of a model's functional, or why it cannot be added to the model."""
    facts, level = addition_facts()[kind], card.training.level_of_theory
    if kind.gives is Need.REPULSION:
        if Need.REPULSION in card.provides:
            return AdditionRefusal(kind=kind, level_of_theory=None, sources=(), is_held=True)
        return Addition(kind=kind, reach=facts.reach)
    if has_dispersion(card):
        return AdditionRefusal(kind=kind, level_of_theory=level, sources=card.training.sources, is_held=True)
    method = _method(facts.methods, level)
    if method is None:
        return AdditionRefusal(kind=kind, level_of_theory=level, sources=card.training.sources, is_held=False)
    return Addition(kind=kind, method=method.method, damping=facts.damping)


def additions_of(card: ModelCard, kinds: Sequence[AdditionKind]) -> tuple[Addition, ...]:
    """Return those additions of what is wanted that a model can have."""
    found = (addition_to(card, kind) for kind in kinds)
    return tuple(one for one in found if isinstance(one, Addition))


def refusals(card: ModelCard, kinds: Sequence[AdditionKind]) -> tuple[AdditionRefusal, ...]:
    """Return why what is wanted cannot be added to a model; empty where all of it can."""
    found = (addition_to(card, kind) for kind in kinds)
    return tuple(one for one in found if isinstance(one, AdditionRefusal))


def refusal_words(kind: AdditionKind, level: str | None, sources: Sequence[str], *, is_held: bool) -> str:
    """Return a refusal in a sentence."""
    name = addition_facts()[kind].name
    told = f" ({', '.join(sources)})" if sources else ""
    if is_held:
        at = "" if level is None else f" by its level of theory, {level}{told}"
        return f"{name} is not added: it has {kind.gives.value} already{at}."
    if level is None:
        return f"{name} is not added: nothing says which functional it was trained on, and so which parameters to take."
    return f"{name} is not added: there are no parameters for its level of theory, {level}{told}."


def addition_words(additions: Sequence[Addition]) -> str:
    """Return what is added, as ``D3(BJ) of PBE, ZBL``; empty where nothing is."""
    names = ((addition_facts()[one.kind].name, _functional(one)) for one in additions)
    return ", ".join(name if functional is None else f"{name} of {functional}" for name, functional in names)


def packages_of(kinds: Sequence[AdditionKind]) -> tuple[str, ...]:
    """Return the names of the packages that compute what is added."""
    return tuple(packages_by_requirement(kinds).values())


def packages_by_requirement(kinds: Sequence[AdditionKind]) -> dict[str, str]:
    """Return the packages that compute what is added, by the versions that were tried; not every addition has one."""
    facts = (addition_facts()[kind] for kind in kinds)
    return {one.requirement: one.package for one in facts if one.requirement is not None and one.package is not None}


def addition_values(addition: Addition) -> dict[str, str | float | None]:
    """Return what a template is told of an addition."""
    facts = addition_facts()[addition.kind]
    return {
        "kind": addition.kind.value,
        "name": facts.name,
        "what": facts.what,
        "functional": _functional(addition),
        "package": facts.package,
        "method": addition.method,
        "damping": addition.damping,
        "reach": addition.reach,
    }


def _functional(addition: Addition) -> str | None:
    methods = addition_facts()[addition.kind].methods
    return next((one.name for one in methods if one.method == addition.method), addition.method)


def _method(methods: Sequence[AdditionMethod], level: str | None) -> AdditionMethod | None:
    functional = BESIDE_THE_NAME.sub("", level or "")
    return next((one for one in methods if functional in one.levels), None)
