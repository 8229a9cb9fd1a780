"""What pilots found, kept for later advice on the same elements: one JSON file for each folder of a pilot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlipguide.core.kept_files import KeptFiles
from mlipguide.core.look import once_a_look
from mlipguide.core.paths import pilots_dir
from mlipguide.records.notice import Notice, set_aside_notices
from mlipguide.records.training.kept_training import KeptPilot
from mlipguide.store.folder_names import file_of


@dataclass(frozen=True)
class FoundPilots:
    """What a look into the store gave: pilots, and notices about files that are set aside."""

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


FILES = KeptFiles(kind=KeptPilot, name="pilot", key="pilot", format=2, upgrades={1: _with_fits})


def keep(pilot: KeptPilot) -> Path:
    """Store what a pilot found, in the place of what the same folder gave before, and return the file.

    Raises:
        UnfitRecordError: It makes no sense.
        StorageError: The data folder cannot be written.
    """
    return FILES.write(file_of(pilots_dir(), pilot.folder), pilot)


def read(path: Path) -> KeptPilot:
    """Read one stored pilot, of this version or a past one.

    Raises:
        UnusableFileError: The file is no pilot, is damaged, makes no sense, or is of a newer version.
    """
    return FILES.read(path)


@once_a_look
def find(elements: Sequence[str]) -> FoundPilots:
    """Return all pilots on exactly these elements, the latest last."""
    found = FILES.look(sorted(pilots_dir().glob("*.json")))
    fitting = [one for one in found.records if set(one.elements) == set(elements)]
    return FoundPilots(
        tuple(sorted(fitting, key=lambda one: one.made_at)), set_aside_notices("unreadable_pilot", found.unusable)
    )
