"""What can be added to which model: never what its level of theory, head or task holds already, and never twice.

The parameters of an addition belong to a functional. A model answers at the functional of its training data, so that
its card decides; where the card does not name one that there are parameters for, nothing is added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from mlipguide.catalog.locations import DATA
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.serialisation import from_plain, read_yaml
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
        InputError: There is no such addition, or dispersion would be there twice.
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
    if len(names) > 1:
        raise InputError(
            f"{OPTION} {text}: dispersion would be counted {'twice' if len(names) == 2 else 'more than once'}.",  # noqa: PLR2004
            hint=f"Give one: {OPTION} {names[0]}",
            kind="added_twice",
            option=OPTION,
        )
    return tuple(AdditionKind(name) for name in names)


def has_dispersion(card: ModelCard) -> bool:
    """Tell whether a model gives dispersion, or learned from a level of theory that has it."""
    return Need.DISPERSION in card.provides or any(
        mark in (card.training.level_of_theory or "") for mark in DISPERSION_MARKS
    )


def addition_to(card: ModelCard, kind: AdditionKind) -> Addition | AdditionRefusal:
    """Return an addition with the parameters of a model's functional, or why it cannot be added to the model."""
    facts, level = addition_facts()[kind], card.training.level_of_theory
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
        return f"{name} is not added: it has dispersion already{at}."
    if level is None:
        return f"{name} is not added: nothing says which functional it was trained on, and so which parameters to take."
    return f"{name} is not added: there are no parameters for its level of theory, {level}{told}."


def addition_words(additions: Sequence[Addition]) -> str:
    """Return what is added, as ``D3(BJ) of PBE``; empty where nothing is."""
    return ", ".join(f"{addition_facts()[one.kind].name} of {_functional(one)}" for one in additions)


def packages_of(kinds: Sequence[AdditionKind]) -> tuple[str, ...]:
    """Return the names of the packages that compute what is added."""
    return tuple(addition_facts()[kind].package for kind in kinds)


def addition_values(addition: Addition) -> dict[str, str | None]:
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
    }


def _functional(addition: Addition) -> str:
    methods = addition_facts()[addition.kind].methods
    return next((one.name for one in methods if one.method == addition.method), addition.method)


def _method(methods: Sequence[AdditionMethod], level: str | None) -> AdditionMethod | None:
    functional = BESIDE_THE_NAME.sub("", level or "")
    return next((one for one in methods if functional in one.levels), None)
