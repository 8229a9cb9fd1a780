"""Checking folders of model cards: every problem of every file, each with the path of the field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mlipguide.catalog.cards import load_element_sets
from mlipguide.catalog.elements import ElementSet, find_element_problems
from mlipguide.catalog.locations import DATA, CardFiles, builtin_files, folder_files
from mlipguide.catalog.scores import combined_performance_score
from mlipguide.catalog.sources import read_sources
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.serialisation import from_plain, read_yaml, violations
from mlipguide.records.model_card import ModelCard, WeightsOrigin
from mlipguide.records.strict import strict

CPS_TOLERANCE = 5e-4
"""F1 is published with three decimals, so that half of a unit of its last place changes CPS by 2.5e-4."""

_FACTS = ("training", "licences.code", "licences.weights", "metrics")
"""The parts of a card that name sources, all but the first with the date of reading."""


@strict
@dataclass(frozen=True)
class Violation:
    """What is wrong with a card.

    Attributes:
        file: The file as it was found.
        field: Path of the field, as in ``licences.code.name``; ``(file)`` for the file as a whole.
        message: What is wrong with it.
    """

    file: str
    field: str
    message: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.file}: {self.field}: {self.message}"


@dataclass(frozen=True)
class _Context:
    """What a card may refer to, and the cards that bear each name in lower case."""

    sets: Mapping[str, ElementSet]
    sources: frozenset[str]
    ids: frozenset[str]
    owners: Mapping[str, Sequence[Path]]


_Found = Iterator[tuple[str, str]]
"""Pairs of the path of a field and what is wrong with it."""


def validate_folder(folder: Path | None = None) -> tuple[Violation, ...]:
    """Check all cards of a folder.

    Args:
        folder: A user's folder, whose cards may refer to the built-in cards, sets and sources; None for the
            built-in cards.

    Returns:
        Every violation of every file, in order of the files; empty when all is well.

    Raises:
        InputError: The folder is missing, or its sets of elements or its bibliography are malformed.
    """
    builtin = builtin_files()
    groups = (builtin,) if folder is None else (builtin, folder_files(folder))
    cards = {path: _read_card(path) for group in groups for path in group.cards}
    context = _gather_context(groups, cards)
    found = []
    for path in groups[-1].cards:
        plain = cards[path]
        pairs = iter([("(file)", plain.message)]) if isinstance(plain, InputError) else _check(path, plain, context)
        found += [Violation(str(path), field, message) for field, message in pairs]
    return tuple(found)


def _read_card(path: Path) -> Any:
    try:
        return read_yaml(path)
    except InputError as error:
        return error


def _gather_context(groups: Sequence[CardFiles], cards: Mapping[Path, Any]) -> _Context:
    owners: dict[str, list[Path]] = {}
    for path, plain in cards.items():
        for name in {name.lower() for name in _names(plain)}:
            owners.setdefault(name, []).append(path)
    return _Context(
        sets=load_element_sets(groups),
        sources=frozenset(key for group in groups if group.sources for key in read_sources(group.sources)),
        ids=frozenset(name for plain in cards.values() if isinstance(name := _value(plain, "id"), str)),
        owners=owners,
    )


def _check(path: Path, plain: Any, context: _Context) -> _Found:
    checks: tuple[Callable[[Path, Any, _Context], _Found], ...] = (
        _check_schema,
        _check_names,
        _check_successor,
        _check_elements,
        _check_origin,
        _check_facts,
        _check_score,
    )
    for check in checks:
        yield from check(path, plain, context)


def _check_schema(path: Path, plain: Any, _: _Context) -> _Found:
    try:
        from_plain(ModelCard, plain, what=str(path))
    except InputError as error:
        for line in violations(error.__cause__):
            field, message = line.split(": ", 1)
            yield field, message


def _check_names(path: Path, plain: Any, context: _Context) -> _Found:
    name = _value(plain, "id")
    if isinstance(name, str) and name != path.stem:
        yield "id", f"'{name}' must be the name of the file, '{path.stem}'"
    for position, name in enumerate(_names(plain)):
        others = [owner.name for owner in context.owners[name.lower()] if owner != path]
        if name and others:
            field = "id" if position == 0 else f"aliases.{position - 1}"
            yield field, f"'{name}' is also a name of {', '.join(others)}"


def _check_successor(_: Path, plain: Any, context: _Context) -> _Found:
    name = _value(plain, "superseded_by")
    if isinstance(name, str) and name not in context.ids:
        yield (
            "superseded_by",
            f"there is no card '{name}'.{did_you_mean(name, sorted(context.ids))}".rstrip("."),
        )


def _check_elements(_: Path, plain: Any, context: _Context) -> _Found:
    for problem in find_element_problems(_texts(plain, "training.elements"), context.sets):
        yield "training.elements", problem


def _check_origin(path: Path, plain: Any, _: _Context) -> _Found:
    if path.is_relative_to(DATA) and _value(plain, "weights.origin") == WeightsOrigin.LOCAL:
        yield "weights.origin", "a built-in card cannot be of a file on one machine"


def _check_facts(_: Path, plain: Any, context: _Context) -> _Found:
    for fact in _FACTS:
        sources = _value(plain, f"{fact}.sources")
        if sources == []:
            yield f"{fact}.sources", "at least one source is needed"
        for key in _texts(plain, f"{fact}.sources"):
            if key not in context.sources:
                suggestion = did_you_mean(key, sorted(context.sources))
                yield f"{fact}.sources", f"there is no source '{key}'.{suggestion}".rstrip(".")
        read_on = _value(plain, f"{fact}.read_on")
        if isinstance(read_on, str) and not _is_iso_date(read_on):
            yield f"{fact}.read_on", f"'{read_on}' is not a date such as 2026-11-22"


def _check_score(_: Path, plain: Any, __: _Context) -> _Found:
    given = [_value(plain, f"metrics.{name}") for name in ("f1", "kappa_srme", "rmsd", "cps")]
    if _value(plain, "metrics") is None or not all(_is_number_or_none(value) for value in given):
        return
    *parts, cps = given
    expected = combined_performance_score(*parts)
    if expected is None and cps is not None:
        yield "metrics.cps", "must be null, because one of f1, kappa_srme and rmsd is"
    elif expected is not None and cps is None:
        yield "metrics.cps", f"must be {expected:.4f}, because all its parts are given"
    elif expected is not None and abs(cps - expected) > CPS_TOLERANCE:
        yield "metrics.cps", f"is {cps:g}, but f1, kappa_srme and rmsd give {expected:.4f}"


def _value(plain: Any, path: str) -> Any:
    """Return what stands at a path of keys, or None where there is nothing of the kind."""
    for key in path.split("."):
        plain = plain.get(key) if isinstance(plain, dict) else None
    return plain


def _texts(plain: Any, path: str) -> list[str]:
    value = _value(plain, path)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _names(plain: Any) -> list[str]:
    name = _value(plain, "id")
    return [name if isinstance(name, str) else "", *_texts(plain, "aliases")]


def _is_iso_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_number_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
