"""What pilots found, kept for later advice on the same elements: one JSON file for each folder of a pilot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlipguide.core.errors import InputError
from mlipguide.core.paths import pilots_dir
from mlipguide.records.kept_training import KeptPilot
from mlipguide.records.notice import Notice
from mlipguide.store.kept_files import KeptFiles


@dataclass(frozen=True)
class FoundPilots:
    """What a look into the store gave: pilots, and notices about files that could not be read."""

    pilots: tuple[KeptPilot, ...]
    notices: tuple[Notice, ...]


def _with_fits(data: dict[str, Any]) -> dict[str, Any]:
    """Return a pilot of the first version, which kept mean errors and the time of the longest fit, as the second."""
    curves = []
    for curve in data["curves"]:
        points = curve["points"]
        most = max((frames for frames, _ in points), default=0)
        fits = [
            {
                "frames": frames,
                "repeat": 0,
                "force_mae_ev_per_angstrom": error,
                "train_s": curve["train_s"] if frames == most else None,
            }
            for frames, error in points
        ]
        curves.append(
            {
                "engine": curve["engine"],
                "size": curve["size"],
                "fits": fits,
                "time_per_atom_s": curve["time_per_atom_s"],
                "timed_atoms": None,
                "base_model": None,
            }
        )
    return {**data, "labels": None, "curves": curves}


FILES = KeptFiles(kind=KeptPilot, name="pilot", place=pilots_dir, format=2, upgrades={1: _with_fits})


def keep(pilot: KeptPilot) -> Path:
    """Store what a pilot found, in the place of what the same folder gave before, and return the file.

    Raises:
        StorageError: The data folder cannot be written.
    """
    return FILES.keep(pilot, folder=pilot.folder)


def read(path: Path) -> KeptPilot:
    """Read one stored pilot, of this version or a past one.

    Raises:
        InputError: The file is no pilot, is damaged, or is of a newer version.
    """
    return FILES.read(path)


def find(elements: Sequence[str]) -> FoundPilots:
    """Return all pilots on exactly these elements, the latest last."""
    found: list[KeptPilot] = []
    notices: list[Notice] = []
    for one in FILES.all():
        if isinstance(one, InputError):
            notices.append(Notice("unreadable_pilot", one.message))
        elif set(one.elements) == set(elements):
            found.append(one)
    return FoundPilots(tuple(sorted(found, key=lambda pilot: pilot.made_at)), tuple(notices))
