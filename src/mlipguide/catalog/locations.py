"""Which files the catalogue is read from.

The built-in catalogue lies in ``data/``. A user's folder holds cards and may hold an ``element_sets.yaml``,
a ``training_sets.yaml`` and a ``sources.bib`` of its own; what these define is added to what is built in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.core.paths import own_models_dir
from mlipguide.core.yaml_files import PACKAGED

DATA = PACKAGED
ELEMENT_SETS = "element_sets.yaml"
TRAINING_SETS = "training_sets.yaml"
SOURCES = "sources.bib"


@dataclass(frozen=True)
class CardFiles:
    """The files of one folder of cards.

    Attributes:
        cards: One file a card, sorted by name.
        element_sets: The file of named sets of elements; None when there is none.
        training_sets: The file of data sets; None when there is none.
        sources: The bibliography; None when there is none.
        families: One file a family, sorted by name.
    """

    cards: tuple[Path, ...]
    element_sets: Path | None
    training_sets: Path | None
    sources: Path | None
    families: tuple[Path, ...] = ()


def builtin_files() -> CardFiles:
    """Return the files of the built-in catalogue."""
    return CardFiles(
        cards=_yaml_files(DATA / "models"),
        element_sets=DATA / ELEMENT_SETS,
        training_sets=DATA / TRAINING_SETS,
        sources=DATA / SOURCES,
        families=_yaml_files(DATA / "families"),
    )


def folder_files(folder: Path) -> CardFiles:
    """Return the files of a user's folder of cards.

    Raises:
        InputError: ``folder`` is missing or no folder, or cannot be listed.
    """
    hint = "Give a folder that holds one YAML file per model card."
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise InputError(f"The folder of model cards {folder} {what}.", hint=hint)
    try:
        files = _yaml_files(folder)
    except OSError as error:
        raise InputError(f"Cannot list {folder}: {error}.", hint=hint) from error
    return CardFiles(
        cards=tuple(file for file in files if file.name not in (ELEMENT_SETS, TRAINING_SETS)),
        element_sets=_existing(folder / ELEMENT_SETS),
        training_sets=_existing(folder / TRAINING_SETS),
        sources=_existing(folder / SOURCES),
    )


def own_files() -> CardFiles | None:
    """Return the files of the folder that ``mlipguide models add`` writes to; None while there is none.

    Raises:
        InputError: It cannot be listed.
    """
    folder = own_models_dir()
    try:
        exists = folder.is_dir()
    except OSError as error:
        raise InputError(f"Cannot look into {folder}: {error.strerror}.", hint="Make it readable.") from error
    return folder_files(folder) if exists else None


def all_files(folders: Sequence[Path]) -> tuple[CardFiles, ...]:
    """Return the built-in files, then those of each of ``folders``.

    Raises:
        InputError: One of ``folders`` cannot be used.
    """
    return (builtin_files(), *(folder_files(folder) for folder in folders))


def _existing(file: Path) -> Path | None:
    return file if file.is_file() else None


def _yaml_files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted((file for file in folder.iterdir() if file.suffix == ".yaml"), key=lambda file: file.name))
