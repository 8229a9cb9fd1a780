"""What cards, families and data sets may refer to, and the check that they refer to nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlipguide.catalog.cards import load_element_sets
from mlipguide.catalog.elements import ElementSet, find_element_problems
from mlipguide.catalog.locations import CardFiles
from mlipguide.catalog.plain_cards import Found, fields_named, is_iso_date, names, texts, value
from mlipguide.catalog.sources import read_sources
from mlipguide.core.errors import did_you_mean


@dataclass(frozen=True)
class References:
    """All names that are defined.

    Attributes:
        element_sets: Named sets of elements.
        training_sets: Names of data sets.
        sources: Keys of the bibliographies.
        ids: Of all cards.
        owners: Files of the cards that bear each name, in lower case.
    """

    element_sets: Mapping[str, ElementSet]
    training_sets: frozenset[str]
    sources: frozenset[str]
    ids: frozenset[str]
    owners: Mapping[str, Sequence[Path]]


def gather_references(
    groups: Sequence[CardFiles], cards: Mapping[Path, Any], training_sets: Mapping[Path, Any]
) -> References:
    """Collect what may be referred to.

    Args:
        groups: The folders that are read.
        cards: Their cards as plain data, by file.
        training_sets: Their files of data sets as plain data.

    Raises:
        InputError: A file of sets of elements or a bibliography is malformed.
    """
    owners: dict[str, list[Path]] = {}
    for path, plain in cards.items():
        for name in {name.lower() for name in names(plain)}:
            owners.setdefault(name, []).append(path)
    return References(
        element_sets=load_element_sets(groups),
        training_sets=frozenset(
            str(name) for plain in training_sets.values() if isinstance(plain, dict) for name in plain
        ),
        sources=frozenset(key for group in groups if group.sources for key in read_sources(group.sources)),
        ids=frozenset(name for plain in cards.values() if isinstance(name := value(plain, "id"), str)),
        owners=owners,
    )


def check_sources(plain: Any, references: References) -> Found:
    """Find facts without sources, sources and works that do not exist and dates that are none, at whatever depth."""
    for path, keys in fields_named(plain, "sources"):
        if keys == []:
            yield path, "at least one source is needed"
    for path, keys in (*fields_named(plain, "sources"), *fields_named(plain, "cite")):
        for key in keys if isinstance(keys, list) else ():
            if isinstance(key, str) and key not in references.sources:
                yield path, unknown(f"there is no source '{key}'", key, references.sources)
    for path, read_on in fields_named(plain, "read_on"):
        if isinstance(read_on, str) and not is_iso_date(read_on):
            yield path, f"'{read_on}' is not a date such as 2026-11-22"


def check_elements(plain: Any, path: str, references: References) -> Found:
    """Find elements and sets of elements that do not exist."""
    for problem in find_element_problems(texts(plain, path), references.element_sets):
        yield path, problem


def unknown(message: str, name: str, known: Collection[str]) -> str:
    """Add the closest known name to a message."""
    return f"{message}.{did_you_mean(name, sorted(known))}".rstrip(".")
