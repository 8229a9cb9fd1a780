"""Checking folders of model cards: every problem of every file, each with the path of the field.

The built-in folder holds families and data sets as well, which are checked with it; so are the data sets of a
user's folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlipguide.catalog.card_checks import check_card
from mlipguide.catalog.locations import CardFiles, builtin_files, folder_files
from mlipguide.catalog.plain_cards import Found, value
from mlipguide.catalog.references import References, check_elements, check_sources, gather_references
from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import from_plain, violations
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.models.family_card import FamilyCard
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.training_set import TrainingSet
from mlipguide.records.strict import strict

WHOLE_FILE = "(file)"


@strict
@dataclass(frozen=True)
class Violation:
    """What is wrong with a file.

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


def validate_folder(folder: Path | None = None) -> tuple[Violation, ...]:
    """Check all cards of a folder.

    Args:
        folder: A user's folder, whose cards may refer to what is built in; None for the built-in cards, families
            and data sets.

    Returns:
        Every violation of every file, in order of the files; empty when all is well.

    Raises:
        InputError: The folder is missing, or its sets of elements or its bibliography are malformed.
    """
    builtin = builtin_files()
    groups = (builtin,) if folder is None else (builtin, folder_files(folder))
    cards = {path: _read(path) for group in groups for path in group.cards}
    sets = {path: _read(path) for group in groups if (path := group.training_sets) is not None}
    references = gather_references(groups, cards, sets)
    return tuple(
        Violation(str(path), field, message)
        for path, found in _check_group(groups[-1], cards, sets, references)
        for field, message in found
    )


def _check_group(
    group: CardFiles, cards: Mapping[Path, Any], sets: Mapping[Path, Any], references: References
) -> Iterator[tuple[Path, Found]]:
    for path in group.cards:
        yield path, _check_card(path, cards[path], references)
    if group.training_sets is not None:
        yield group.training_sets, _check_training_sets(sets[group.training_sets], references)
    for path in group.families:
        yield path, _check_family(path, _read(path), references)


def _read(path: Path) -> Any:
    try:
        return read_yaml(path)
    except InputError as error:
        return error


def _check_card(path: Path, plain: Any, references: References) -> Found:
    if isinstance(plain, InputError):
        yield WHOLE_FILE, plain.message
        return
    yield from _check_form(ModelCard, plain)
    yield from check_card(path, plain, references)


def _check_family(path: Path, plain: Any, references: References) -> Found:
    if isinstance(plain, InputError):
        yield WHOLE_FILE, plain.message
        return
    yield from _check_form(FamilyCard, plain)
    name = value(plain, "id")
    if isinstance(name, str) and name != path.stem:
        yield "id", f"'{name}' must be the name of the file, '{path.stem}'"
    yield from check_sources(plain, references)


def _check_training_sets(plain: Any, references: References) -> Found:
    if isinstance(plain, InputError):
        yield WHOLE_FILE, plain.message
        return
    if not isinstance(plain, dict):
        yield WHOLE_FILE, "data sets are expected, one name each"
        return
    for name, data in plain.items():
        found = (_check_form(TrainingSet, data), check_elements(data, "elements", references))
        for field, message in (pair for pairs in (*found, check_sources(data, references)) for pair in pairs):
            yield f"{name}.{field}", message


def _check_form(kind: type, plain: Any) -> Found:
    try:
        from_plain(kind, plain, what="card")
    except InputError as error:
        for line in violations(error.__cause__):
            field, message = line.split(": ", 1)
            yield field, message
