"""One folder for each fit, known by what goes into it; ``fit.json`` is written last, so what has one is finished.

A fit is named after a digest of its recipe, its frames and the frames that it is tested on: the same question finds
its answer again, whatever else changed between two runs of a pilot.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import from_plain, to_json, to_plain, write_atomically
from mlipguide.records.notice import Problem
from mlipguide.records.strict import strict
from mlipguide.records.training import FitRecipe, FittedPotential, FrameDeviation
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


def read_fit(folder: Path) -> FitRecord | None:
    """Return what a finished fit left; None when it is not finished. Its folder may have been moved.

    Raises:
        InputError: The record is damaged or of a newer version.
    """
    document = _read(folder / FINISHED)
    if document is None:
        return None
    record = from_plain(FitRecord, document["fit"], what=str(folder / FINISHED))
    if record.potential is None:
        return record
    return replace(record, potential=replace(record.potential, folder=str(folder / POTENTIAL)))


def write_fit(folder: Path, record: FitRecord) -> None:
    """Write what a fit left; from then on it is finished.

    Raises:
        StorageError: The folder cannot be written.
    """
    write_atomically(folder / FINISHED, to_json({"format": FORMAT, "fit": to_plain(record)}) + "\n")
    (folder / CUT).unlink(missing_ok=True)


def read_cut(folder: Path) -> float:
    """Return how long a fit ran that was stopped for want of time, in s; 0 when it was not.

    Raises:
        InputError: The record is damaged or of a newer version.
    """
    document = _read(folder / CUT)
    return 0.0 if document is None else float(document["fit"].get("spent_s", 0.0))


def write_cut(folder: Path, spent_s: float) -> None:
    """Write that a fit was stopped for want of time.

    Raises:
        StorageError: The folder cannot be written.
    """
    write_atomically(folder / CUT, to_json({"format": FORMAT, "fit": {"spent_s": spent_s}}) + "\n")


def _read(path: Path) -> dict[str, Any] | None:
    hint = f"Remove the folder {path.parent}, and the fit is done again."
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is not readable: {error}.", hint=hint) from error
    if not isinstance(document, dict) or not isinstance(document.get("fit"), dict):
        raise InputError(f"{path} is not the record of a fit.", hint=hint)
    if document.get("format") not in (*UPGRADES, FORMAT):
        raise InputError(f"{path} is of another version of mlipguide.", hint=hint)
    known: dict[str, Any] = document
    for past in range(known["format"], FORMAT):
        known = {**known, "fit": UPGRADES[past](known["fit"])}
    return known


def _with_runs(fit: dict[str, Any]) -> dict[str, Any]:
    """Return a fit of the first version, which did not keep of which runs its test frames are: taken for one run."""
    return {**fit, "errors": [{"run": 0, **one} for one in fit.get("errors", ())]}


UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _with_runs}
"""From each past version to the next."""
