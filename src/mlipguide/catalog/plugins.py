"""Cards that plug-ins bring.

A plug-in is an entry point of the group ``mlipguide.models`` that names a folder of cards (a path, or a
function without arguments that returns one), laid out as a user's folder: one YAML file a card, and beside
them, where needed, ``element_sets.yaml``, ``training_sets.yaml`` and ``sources.bib``.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from mlipguide.catalog.locations import CardFiles, folder_files
from mlipguide.core.errors import InputError, MlipguideError
from mlipguide.records.notice import Notice

PLUGIN_GROUP = "mlipguide.models"


def plugin_files() -> Iterator[tuple[str, CardFiles | Notice]]:
    """Give the name of each installed plug-in, and its files or why they cannot be had, sorted by name."""
    for point in sorted(entry_points(group=PLUGIN_GROUP), key=lambda point: point.name):
        try:
            yield point.name, _files(point)
        except MlipguideError as error:
            yield point.name, left_out(point.name, error.message)
        except Exception as error:  # noqa: BLE001  # a plug-in may raise anything and must not end the program
            yield point.name, left_out(point.name, f"{type(error).__name__}: {error}")


def left_out(name: str, reason: str) -> Notice:
    """Return the notice that says that a plug-in's cards are missing from the catalogue, and why."""
    return Notice("broken_plugin", f"The model cards of the plug-in '{name}' were left out: {reason}")


def _files(point: EntryPoint) -> CardFiles:
    target = point.load()
    files = folder_files(Path(target() if callable(target) else target))
    if not files.cards:
        raise InputError("its folder holds no card (*.yaml).", hint="Put one YAML file per card there.")
    return files
