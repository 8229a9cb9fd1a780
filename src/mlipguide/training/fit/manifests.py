"""The manifest that a fitted potential's folder holds: how it came about, with a version.

Version 1 had no number. Version 2 judges a student by checks that are kept; what version 1 compared instead, pair
distances of all elements together, said nothing and is dropped. Version 3 speaks of a student, its held-out frames and
runs that diverge.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlipguide.core.kept_files import UnusableFileError, Upgrades, read_document, record_of, upgraded, version_of
from mlipguide.core.serialisation import to_json, to_plain
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import WeightsOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlipguide.records.training.distillation import Distillation
    from mlipguide.records.training.fit import FitData

MANIFEST = "manifest.json"
FORMAT = 3
WHAT = "a manifest of a training"
RENAMED = {"unseen": "held_out", "wandered_off": "diverged"}
HINT = "Train it again, or take back the file that was there."


def manifest_text(made: Distillation | FitData) -> str:
    """Return a manifest as JSON text."""
    return to_json({"format": FORMAT, **to_plain(made)}) + "\n"


def read_manifest(folder: Path) -> Distillation | FitData:
    """Read the manifest of a potential's folder, of this version or a past one.

    Raises:
        UnusableFileError: There is none, it is damaged, or it is of a newer version.
    """
    from mlipguide.records.training.distillation import Distillation
    from mlipguide.records.training.fit import FitData

    path = folder / MANIFEST
    found = read_document(path, WHAT, hint=HINT)
    version = version_of(found.pop("format", 1), path, WHAT, known=FORMAT, hint=HINT)
    found = upgraded(found, range(version, FORMAT), UPGRADES, path=path, what=WHAT, hint=HINT)
    kind: Any = Distillation if "teacher" in found else FitData
    made: Distillation | FitData = record_of(kind, found, path=path, what=WHAT, hint=HINT)
    return made


def training_of(card: ModelCard) -> Distillation | FitData | None:
    """Return how a potential came about; None for models that were not trained here.

    Raises:
        UnusableFileError: The manifest beside it is missing, damaged, or of a newer version.
    """
    if card.weights.origin is not WeightsOrigin.TRAINED:
        return None
    if card.weights.path is None:
        raise UnusableFileError(Path(card.id), WHAT, "names no file of its own", hint=HINT)
    return read_manifest(Path(card.weights.path).parent)


def trainings_of(cards: Iterable[ModelCard]) -> dict[str, Distillation | FitData | UnusableFileError]:
    """Return how the potentials among models came about, or why that cannot be read, by model."""
    found: dict[str, Distillation | FitData | UnusableFileError] = {}
    for card in cards:
        try:
            made = training_of(card)
        except UnusableFileError as error:
            found[card.id] = error
            continue
        if made is not None:
            found[card.id] = made
    return found


def _to_2(found: dict[str, Any]) -> dict[str, Any]:
    found = _with_gaps(found)
    run = found.get("comparison")
    if not isinstance(run, dict):
        return found
    gone = {"energy_scatter_ev_per_atom", "distribution_overlap", "teacher_overlap", "pupil_scatter_ev_per_atom"}
    return {**found, "comparison": {name: value for name, value in run.items() if name not in gone}}


def _with_gaps(found: Any) -> Any:
    """Return a manifest whose errors have what the first version did not count: independent frames, left unknown."""
    if isinstance(found, list):
        return [_with_gaps(part) for part in found]
    if not isinstance(found, dict):
        return found
    parts = {name: _with_gaps(part) for name, part in found.items()}
    if (
        "force_mae_ev_per_angstrom" in parts
        and "energy_mae_ev_per_atom" in parts
        and isinstance(parts["force_mae_ev_per_angstrom"], dict | None)
    ):
        return {"independent_frames": None, "force_gap": None, "energy_gap": None, **parts}
    return parts


def _to_3(found: dict[str, Any]) -> dict[str, Any]:
    renamed: dict[str, Any] = _renamed(found)
    return renamed


def _renamed(found: Any) -> Any:
    """Return a manifest of the second version with the names of the third."""
    if isinstance(found, list):
        return [_renamed(part) for part in found]
    if not isinstance(found, dict):
        return found
    return {RENAMED.get(name, name.replace("pupil_", "student_")): _renamed(part) for name, part in found.items()}


UPGRADES: Upgrades = {1: _to_2, 2: _to_3}
