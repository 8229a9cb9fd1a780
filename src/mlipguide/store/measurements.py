"""Measurements, appended as one JSON file each and never changed.

A file is written whole or not at all, under a unique name, in a folder of the machine's fingerprint. Formats
are versioned; a file of a newer version is refused in one sentence and left alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlipguide.core.errors import InputError
from mlipguide.core.paths import measurements_dir
from mlipguide.core.serialisation import from_plain, to_json, to_plain, write_atomically
from mlipguide.records.measurement import Measurement
from mlipguide.records.notice import Notice

FORMAT = 4


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


UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: _upgrade_from_1,
    2: _upgrade_from_2,
    3: _upgrade_from_3,
}
"""From each past version to the next."""


@dataclass(frozen=True)
class Found:
    """What a look into the store gave: records, and notices about files that could not be read."""

    measurements: tuple[Measurement, ...]
    notices: tuple[Notice, ...]


def append(measurement: Measurement, *, folder: Path | None = None) -> Path:
    """Store a measurement and return its file.

    Raises:
        StorageError: The data folder cannot be written.
    """
    path = (folder or measurements_dir()) / measurement.fingerprint / f"{measurement.record}.json"
    document = {"format": FORMAT, "measurement": to_plain(measurement)}
    write_atomically(path, to_json(document) + "\n")
    return path


def read(path: Path) -> Measurement:
    """Read one stored measurement, of this version or a past one.

    Raises:
        InputError: The file is not a measurement, is damaged, or is of a newer version.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is not a readable measurement: {error}.", hint="Remove the file.") from error
    version = document.get("format") if isinstance(document, dict) else None
    if type(version) is not int or version < 1 or not isinstance(document.get("measurement"), dict):
        raise InputError(f"{path} is not a measurement of mlipguide.", hint="Remove the file.")
    if version > FORMAT:
        raise InputError(
            f"{path} was written by a newer mlipguide (format {version}, known here up to {FORMAT}).",
            hint="Update mlipguide; the file was left alone.",
        )
    return from_plain(Measurement, upgraded(document["measurement"], version), what=str(path))


def upgraded(data: dict[str, Any], version: int) -> dict[str, Any]:
    """Return the plain data of a measurement of a past version as the present one writes it."""
    for past in range(version, FORMAT):
        data = UPGRADES[past](data)
    return data


def find(fingerprint: str, *, folder: Path | None = None) -> Found:
    """Return all measurements taken on machines of this fingerprint, oldest first."""
    measurements: list[Measurement] = []
    notices: list[Notice] = []
    for path in sorted(((folder or measurements_dir()) / fingerprint).glob("*.json")):
        try:
            measurements.append(read(path))
        except InputError as error:
            notices.append(Notice("unreadable_measurement", error.message))
    return Found(tuple(measurements), tuple(notices))
