"""What models are wanted, as it is asked for on the command line, and the criteria that it means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from mlipguide.advice.selection import has_words
from mlipguide.catalog.elements import SYMBOLS
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.model_listings import Criteria, SortKey
from mlipguide.records.models.terms import Domain
from mlipguide.tasks.needs import names_in, parse_needs

T = TypeVar("T", bound=StrEnum)


@dataclass(frozen=True, kw_only=True)
class ListRequest:
    """What the user wrote; None is what they left out. Several values of one option stand in a comma-separated list."""

    elements: str | None = None
    needs: str | None = None
    commercial: bool = False
    conservative: bool = False
    domain: str | None = None
    backend: str | None = None
    family: str | None = None
    level_of_theory: str | None = None
    training_set: str | None = None
    every_life_cycle: bool = False
    available: bool = False
    sort: str | None = None
    reverse: bool = False
    why: str | None = None
    folders: tuple[Path, ...] = ()


def build_criteria(request: ListRequest, cards: Sequence[ModelCard]) -> Criteria:
    """Turn a request into the criteria that it means.

    Args:
        request: What the user wrote.
        cards: All models: a backend, a family, a training set or a level of theory that none of them has is a
            typing error.

    Raises:
        InputError: An element, a need, a domain, a backend, … that does not exist; the closest is suggested.
    """
    return Criteria(
        elements=parse_elements(request.elements, option="--elements"),
        needs=parse_needs(request.needs),
        commercial=request.commercial,
        conservative=request.conservative,
        domains=tuple(_member(Domain, name, option="--domain", what="domain") for name in names_in(request.domain)),
        backends=_known(request.backend, (card.backend for card in cards), option="--backend", what="backend"),
        families=_known(request.family, (card.architecture.family for card in cards), option="--family", what="family"),
        level_of_theory=_level_of_theory(request.level_of_theory, cards),
        training_sets=_known(
            request.training_set,
            (name for card in cards for name in card.training.sets),
            option="--training-set",
            what="training set",
        ),
        every_life_cycle=request.every_life_cycle,
        available=request.available,
        sort=SortKey.NAME if request.sort is None else _member(SortKey, request.sort, option="--sort", what="key"),
        reverse=request.reverse,
    )


def parse_elements(text: str | None, *, option: str) -> tuple[str, ...]:
    """Return the chemical symbols in a comma-separated list.

    Raises:
        InputError: One of them is no chemical symbol.
    """
    names = names_in(text)
    for name in names:
        if name not in SYMBOLS:
            other_case = name.capitalize()
            suggestion = f" Did you mean '{other_case}'?" if other_case in SYMBOLS else _closest(name, SYMBOLS)
            raise InputError(
                f"{option}: '{name}' is not a chemical symbol.{suggestion}",
                hint=f"Write symbols with commas, for example {option} Li,Fe,P,O.",
            )
    return names


def _known(text: str | None, values: Iterable[str], *, option: str, what: str) -> tuple[str, ...]:
    """Return the values that are named, as the cards write them."""
    by_name = {value.casefold(): value for value in values}
    found = []
    for name in names_in(text):
        if name.casefold() not in by_name:
            raise InputError(
                f"{option}: no model has the {what} '{name}'.{_closest(name, by_name.values())}",
                hint=f"There are: {', '.join(sorted(by_name.values(), key=str.casefold))}.",
            )
        found.append(by_name[name.casefold()])
    return tuple(dict.fromkeys(found))


def _level_of_theory(text: str | None, cards: Sequence[ModelCard]) -> str | None:
    if text is None or not text.strip():
        return None
    known = sorted({level for card in cards if (level := card.training.level_of_theory) is not None}, key=str.casefold)
    if not any(has_words(level, text) for level in known):
        words = {word.strip("(),;:") for level in known for word in level.replace("/", " ").split()}
        raise InputError(
            f"--level-of-theory: no model's holds '{text}'.{_closest(text, words)}",
            hint=f"There are: {'; '.join(known)}.",
        )
    return text.strip()


def _member(kind: type[T], name: str, *, option: str, what: str) -> T:
    known = [member.value for member in kind]
    if name.casefold() not in known:
        raise InputError(
            f"{option}: unknown {what} '{name}'.{did_you_mean(name, known)}", hint=f"There are: {', '.join(known)}."
        )
    return kind(name.casefold())


def _closest(name: str, known: Iterable[str]) -> str:
    """Suggest the closest of names whose case matters."""
    by_name = {other.lower(): other for other in known}
    suggestion = did_you_mean(name, list(by_name))
    return next(
        (suggestion.replace(low, as_written) for low, as_written in by_name.items() if f"'{low}'" in suggestion), ""
    )
