"""Measurements, appended as one JSON file each and never changed.

A file is written whole or not at all, under a unique name, in a folder of the machine's fingerprint. Formats
are versioned; a file of a newer version is refused in one sentence and left alone.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlipguide.core.kept_files import KeptFiles, UnusableFileError, Upgrades
from mlipguide.core.look import once_a_look
from mlipguide.core.paths import measurements_dir
from mlipguide.records.notice import Notice, set_aside_notices
from mlipguide.records.timing.measurement import Measurement
from mlipguide.store.file_index import UNUSABLE, files_with

FORMAT = 6


def _upgrade_from_1(data: dict[str, Any]) -> dict[str, Any]:
    """Format 1 knew one scenario, and neither samples set aside nor the reference kernel."""
    nothing: dict[str, Any] = {"wall_s": [], "energy_forces_s": [], "cpu_s": []}
    return {**data, "scenario": "single-stream", "set_aside": nothing, "reference_s": []}


def _upgrade_from_2(data: dict[str, Any]) -> dict[str, Any]:
    """Format 2 did not tell where bursts end; all steady steps count as one."""
    steady = data.get("steady")
    known = steady.get("wall_s") if isinstance(steady, dict) else None
    return {**data, "steady_bursts": [len(known)] if isinstance(known, list) else []}


def _upgrade_from_3(data: dict[str, Any]) -> dict[str, Any]:
    """Format 3 knew one process only."""
    settings = data.get("settings")
    return {**data, "settings": {**settings, "ranks": 1}} if isinstance(settings, dict) else data


def without_choices(data: dict[str, Any]) -> dict[str, Any]:
    """Return a record of a time that knew fewer axes of settings: nothing was chosen on the others."""
    settings = data.get("settings")
    return {**data, "settings": {**settings, "choices": []}} if isinstance(settings, dict) else data


def without_additions(data: dict[str, Any]) -> dict[str, Any]:
    """Return a record of a time when nothing was added to a model."""
    settings = data.get("settings")
    return {**data, "settings": {**settings, "additions": []}} if isinstance(settings, dict) else data


def _upgrade_from_5(data: dict[str, Any]) -> dict[str, Any]:
    """Format 5 knew neither batches nor additions."""
    return {**without_additions(data), "structures": 1}


UPGRADES: Upgrades = {
    1: _upgrade_from_1,
    2: _upgrade_from_2,
    3: _upgrade_from_3,
    4: without_choices,
    5: _upgrade_from_5,
}
"""From each past version to the next."""

FILES = KeptFiles(kind=Measurement, name="measurement", key="measurement", format=FORMAT, upgrades=UPGRADES)


@dataclass(frozen=True)
class Found:
    """What a look into the store gave: records, and notices about files that are set aside."""

    measurements: tuple[Measurement, ...]
    notices: tuple[Notice, ...]


def append(measurement: Measurement, *, folder: Path | None = None) -> Path:
    """Store a measurement and return its file.

    Raises:
        UnfitRecordError: It makes no sense.
        StorageError: The data folder cannot be written.
    """
    place = (folder or measurements_dir()) / measurement.fingerprint
    return FILES.write(place / f"{measurement.record}.json", measurement)


def read(path: Path) -> Measurement:
    """Read one stored measurement, of this version or a past one.

    Raises:
        UnusableFileError: The file is not a measurement, is damaged, makes no sense, or is of a newer version.
    """
    return FILES.read(path)


def fingerprints(*, folder: Path | None = None) -> tuple[str, ...]:
    """Return the fingerprints of all machines that something was timed on, sorted."""
    return tuple(sorted(path.name for path in (folder or measurements_dir()).glob("*") if path.is_dir()))


@once_a_look
def find(fingerprint: str, *, laws: Container[str] | None = None, folder: Path | None = None) -> Found:
    """Return the measurements taken on machines of this fingerprint, oldest first.

    Args:
        fingerprint: Of the machine.
        laws: Time laws of interest; None for all. Of a folder with few files all are returned.
        folder: Where measurements are kept; in the data folder by default.
    """
    found = FILES.look(files_with((folder or measurements_dir()) / fingerprint, laws, _law_of))
    return Found(found.records, set_aside_notices("unreadable_measurement", found.unusable))


def _law_of(path: Path) -> str:
    try:
        return FILES.read(path).time_law
    except UnusableFileError:
        return UNUSABLE
