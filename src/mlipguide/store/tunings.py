"""What ``tune`` found, one JSON file for each machine, model and purpose; the latest stands for all before it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlipguide.core.kept_files import KeptFiles, UnusableFileError, Upgrades
from mlipguide.core.look import once_a_look
from mlipguide.core.paths import tunings_dir
from mlipguide.records.notice import Notice, set_aside_notices
from mlipguide.records.timing.axes import Purpose
from mlipguide.records.timing.tuning import ModelTuning

FORMAT = 2


def _without_additions(data: dict[str, Any]) -> dict[str, Any]:
    """Format 1 knew nothing that is added to a model; where settings do not name it, nothing was."""
    return data


UPGRADES: Upgrades = {1: _without_additions}
"""From each past version to the next."""
FILES = KeptFiles(
    kind=ModelTuning,
    name="record of tuned settings",
    key="tuning",
    format=FORMAT,
    upgrades=UPGRADES,
    hint="mlipguide tune looks again, in its place; until then defaults are used.",
)


def keep(record: ModelTuning) -> Path:
    """Keep what was found of a model, in the place of what was found before, and return the file.

    Raises:
        UnfitRecordError: It makes no sense.
        StorageError: The data folder cannot be written.
    """
    return FILES.write(_file(record.fingerprint, record.model, record.purpose), record)


@once_a_look
def find(fingerprint: str, model: str, purpose: Purpose) -> ModelTuning | None:
    """Return what was found; None where nobody looked, or what was kept cannot be read."""
    return FILES.find(_file(fingerprint, model, purpose))


def set_aside(fingerprint: str, models: Iterable[str]) -> tuple[Notice, ...]:
    """Return notices about files of these models that cannot be read."""
    files = [error for model in dict.fromkeys(models) for error in _unusable(fingerprint, model)]
    return set_aside_notices("unreadable_tuning", files)


@once_a_look
def _unusable(fingerprint: str, model: str) -> tuple[UnusableFileError, ...]:
    paths = [_file(fingerprint, model, purpose) for purpose in Purpose]
    return FILES.look(path for path in paths if path.exists()).unusable


def _file(fingerprint: str, model: str, purpose: Purpose) -> Path:
    return tunings_dir() / fingerprint / f"{model}-{purpose.value}.json"
