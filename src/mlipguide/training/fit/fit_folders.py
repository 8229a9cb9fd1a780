"""One folder for each fit, known by what goes into it; ``fit.json`` is written last, so what has one is finished.

A fit is named after a digest of its recipe, its frames and the frames that it is tested on: the same question finds
its answer again, whatever else changed between two runs of a pilot.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlipguide.core.kept_files import REDO, KeptFiles, UnusableFileError, Upgrades, unless_unusable
from mlipguide.core.serialisation import to_plain
from mlipguide.records.checks import LONGEST_S, require, require_within
from mlipguide.records.notice import Problem
from mlipguide.records.strict import strict
from mlipguide.records.training.training import FitRecipe, FittedPotential, FrameDeviation
from mlipguide.structures.labels import LabelledFrame

FORMAT = 2
FINISHED, CUT, POTENTIAL = "fit.json", "cut.json", "potential"
"""What the engine writes is in a folder of its own beside the records."""
DIGITS = 10


@strict
@dataclass(frozen=True, kw_only=True)
class FitRecord:
    """What a finished fit leaves.

    Attributes:
        frames: Places in the file of the frames that it learned from.
        spent_s: Wall time of training and test.
        potential: What came out; None when it failed.
        errors: One for each test frame; empty when it failed.
        failure: Why it failed; None when it did not.
    """

    frames: tuple[int, ...]
    spent_s: float
    potential: FittedPotential | None
    errors: tuple[FrameDeviation, ...]
    failure: Problem | None

    def check(self) -> None:
        """Refuse what no fit leaves.

        Raises:
            ValueError: What does not make sense.
        """
        require_within(0, LONGEST_S, spent_s=self.spent_s)
        require(bool(self.frames) and min(self.frames) >= 0, "it learned from no frame")
        require(len(set(self.frames)) == len(self.frames), "it learned from one frame twice")
        require(
            (self.potential is None) == (self.failure is not None), "it neither failed nor gave a potential, or both"
        )


@strict
@dataclass(frozen=True, kw_only=True)
class CutRecord:
    """What a fit leaves that was stopped for want of time: how long it ran."""

    spent_s: float = 0.0

    def check(self) -> None:
        """Refuse what is no time.

        Raises:
            ValueError: It is not.
        """
        require_within(0, LONGEST_S, spent_s=self.spent_s)


def _with_runs(fit: dict[str, Any]) -> dict[str, Any]:
    """Return a fit of the first version, which did not keep of which runs its test frames are: taken for one run."""
    return {**fit, "errors": [{"run": 0, **one} for one in fit.get("errors", ())]}


UPGRADES: Upgrades = {1: _with_runs}
"""From each past version of a fit to the next."""

FITS = KeptFiles(kind=FitRecord, name="record of a fit", key="fit", format=FORMAT, upgrades=UPGRADES, hint=REDO)
CUTS = KeptFiles(kind=CutRecord, name="record of a fit that was stopped", key="fit", format=1, hint=REDO)


def digest(frames: Sequence[LabelledFrame]) -> str:
    """Return a short text that two sets of frames share only if they are the same."""
    total = hashlib.sha256()
    for frame in frames:
        atoms = frame.atoms
        energy_ev = None if frame.energy_ev is None else [frame.energy_ev]
        for part in (atoms.numbers, atoms.positions, atoms.cell[:], atoms.pbc, frame.forces_ev_per_angstrom, energy_ev):
            # As double precision, so that it does not matter by what a file was read.
            total.update(b"-" if part is None else np.ascontiguousarray(part, dtype=np.float64).tobytes())
        total.update(repr(frame.group).encode())
    return total.hexdigest()


def fit_folder(root: Path, recipe: FitRecipe, frames: Sequence[LabelledFrame], test: Sequence[LabelledFrame]) -> Path:
    """Return where a fit is or will be.

    Args:
        root: Folder of all fits.
        recipe: What trains.
        frames: That it learns from, in any order.
        test: That it is tested on.
    """
    ordered = sorted(frames, key=lambda frame: frame.index)
    text = json.dumps([to_plain(recipe), digest(ordered), digest(test)], sort_keys=True)
    key = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
    return root / f"{recipe.engine.value}-{recipe.size}-{len(frames)}-{key}"


def read_fit(folder: Path, set_aside: list[UnusableFileError]) -> FitRecord | None:
    """Return what a finished fit left; None when it is not finished. Its folder may have been moved.

    Args:
        folder: Of the fit.
        set_aside: Is added to by a record that cannot be used: the fit counts as not finished then.

    Raises:
        StorageError: Such a record cannot be renamed.
    """
    record = unless_unusable(folder / FINISHED, FITS.read, set_aside)
    if record is None or record.potential is None:
        return record
    return replace(record, potential=replace(record.potential, folder=str(folder / POTENTIAL)))


def write_fit(folder: Path, record: FitRecord) -> None:
    """Write what a fit left; from then on it is finished.

    Raises:
        StorageError: The folder cannot be written.
    """
    FITS.write(folder / FINISHED, record)
    (folder / CUT).unlink(missing_ok=True)


def read_cut(folder: Path, set_aside: list[UnusableFileError]) -> float:
    """Return how long a fit ran that was stopped for want of time, in s; 0 when it was not.

    Args:
        folder: Of the fit.
        set_aside: Is added to by a record that cannot be used.

    Raises:
        StorageError: Such a record cannot be renamed.
    """
    record = unless_unusable(folder / CUT, CUTS.read, set_aside)
    return 0.0 if record is None else record.spent_s


def write_cut(folder: Path, spent_s: float) -> None:
    """Write that a fit was stopped for want of time.

    Raises:
        StorageError: The folder cannot be written.
    """
    CUTS.write(folder / CUT, CutRecord(spent_s=spent_s))
