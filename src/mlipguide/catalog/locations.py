"""Which files the catalogue is read from.

The built-in catalogue lies in ``data/``. A user's folder holds cards and may hold an ``element_sets.yaml``
and a ``sources.bib`` of its own; what these define is added to the built-in sets and sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.core.paths import own_models_dir

DATA = Path(__file__).parent.parent / "data"
ELEMENT_SETS = "element_sets.yaml"
SOURCES = "sources.bib"


@dataclass(frozen=True)
class CardFiles:
    """The files of one folder of cards.

    Attributes:
        cards: One file a card, sorted by name.
        element_sets: The file of named sets of elements; None when there is none.
        sources: The bibliography; None when there is none.
    """

    cards: tuple[Path, ...]
    element_sets: Path | None
    sources: Path | None


def builtin_files() -> CardFiles:
    """Return the files of the built-in catalogue."""
    return CardFiles(cards=_yaml_files(DATA / "models"), element_sets=DATA / ELEMENT_SETS, sources=DATA / SOURCES)


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
    sets, sources = folder / ELEMENT_SETS, folder / SOURCES
    return CardFiles(
        cards=tuple(file for file in files if file.name != ELEMENT_SETS),
        element_sets=sets if sets.is_file() else None,
        sources=sources if sources.is_file() else None,
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


def _yaml_files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(file for file in folder.iterdir() if file.suffix == ".yaml"))
