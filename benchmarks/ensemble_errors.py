"""Forces of several models on labelled frames of many chemistries, kept so that nothing is evaluated twice.

The frames are those of the files ``*.xyz`` of a folder: 3,069 structures with energies and forces of PBE and PBE+U by
the settings of the Materials Project, which microsoft/mattersim publishes as ``data/benchmarks`` (MIT): a random
thousand of MPtrj, a random thousand of Alexandria, and 1,069 at finite temperature and pressure. Files of another
folder (``mlearn``, silicon and lithium: Y. Zuo et al., J. Phys. Chem. A 124, 731 (2020),
doi:10.1021/acs.jpca.9b08723) may stand beside them as a further test.

Slow models see a part of the frames: the first so many in a random order that all models share, none above a number of
atoms. Forces are written every half minute; a run that was stopped goes on where it was.

    MLIPGUIDE_WEIGHTS=FOLDER python benchmarks/ensemble_errors.py STRUCTURES [MLEARN] [--models a,b]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import InputError
from mlipguide.core.paths import cache_dir, make_folder
from mlipguide.records.models.model_card import ModelCard
from mlipguide.sessions.errors import SessionError
from mlipguide.sessions.interface import ModelSession
from mlipguide.sessions.worker_session import open_session
from mlipguide.structures.labels import LabelledFrame, read_labels
from workbench import request_for, run_script

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 17
KEPT_EVERY_S = 30.0
THREADS = 1


@dataclass(frozen=True, kw_only=True)
class Part:
    """How much of each file a model sees.

    Attributes:
        most_atoms: Of a frame.
        most_frames: Of a file.
    """

    most_atoms: int = 100
    most_frames: int = 10**6


MODELS = {
    "tensornet-matpes-pbe-2025.1": Part(),
    "m3gnet-matpes-pbe-2025.1": Part(),
    "qet-matq": Part(),
    "m3gnet-mp-2021.2.8": Part(),
    "chgnet-0.3.0": Part(),
    "sevennet-0": Part(),
    "sevennet-l3i5": Part(most_frames=400),
    "nequix-omat-1": Part(most_atoms=24, most_frames=120),
    "nequix-mp-1": Part(most_atoms=24, most_frames=120),
    "hienet": Part(most_atoms=24, most_frames=200),
}
TRAINED_ON = {
    "mptrj-random-1k": frozenset({"MPtrj", "MPF.2021.2.8"}),
    "alexandria-random-1k": frozenset({"sAlex", "OMat24"}),
}
"""Training sets that share structures with a file: MPF.2021.2.8 is an earlier draw of the relaxations that MPtrj holds,
and OMat24 begins at structures of Alexandria."""


@cache
def card_of(model: str) -> ModelCard:
    """Return the card of a model."""
    return load_catalogue().find(model)


def may_be_judged(model: str, file: Path) -> bool:
    """Tell whether a model was trained on nothing that a file is drawn from."""
    return not TRAINED_ON.get(file.stem, frozenset()) & set(card_of(model).training.sets)


def files_of(folder: Path) -> list[Path]:
    """Return the labelled files of a folder.

    Raises:
        InputError: There are none.
    """
    found = sorted([*folder.glob("*.xyz"), *folder.glob("*.extxyz")])
    if not found:
        raise InputError(f"There are no labelled structures (*.xyz, *.extxyz) in {folder}.", hint="Name their folder.")
    return found


def labelled(file: Path) -> list[LabelledFrame]:
    """Return all frames of a file, in its order."""
    return list(read_labels(file))


def forces_of(model: str, file: Path, frames: Sequence[LabelledFrame]) -> Mapping[int, NDArray[np.float64]]:
    """Return the forces of a model by place of the frame, as far as they were evaluated; failures are missing."""
    kept = _read(_cache(model, file))
    return {place: forces for place, forces in kept.items() if len(forces) == len(frames[place].atoms)}


def evaluate(model: str, files: Sequence[Path], *, most: int | None = None) -> None:
    """Evaluate a model on its part of each file, at most ``most`` frames of it, as far as that is not done."""
    missing: dict[Path, list[LabelledFrame]] = {}
    for file in files:
        frames, done = labelled(file), _read(_cache(model, file))
        missing[file] = [frames[place] for place in _chosen(model, file, frames)[:most] if place not in done]
    if not any(missing.values()):
        return
    with closing(open_session(request_for(model, threads=THREADS))) as session:
        for file, frames in missing.items():
            begin = time.monotonic()
            _evaluate(session, frames, _cache(model, file))
            print(f"{model} on {file.stem}: {len(frames)} frames in {time.monotonic() - begin:.0f} s", flush=True)


def _evaluate(session: ModelSession, frames: Sequence[LabelledFrame], cache: Path) -> None:
    done, saved = _read(cache), time.monotonic()
    for frame in frames:
        try:
            done[frame.index] = np.array(session.single_point(frame.atoms).forces_ev_per_angstrom)
        except SessionError as error:
            if error.ends_session:
                raise
            print(f"frame {frame.index} failed: {error.message}", flush=True)
            done[frame.index] = np.empty((0, 3))
        if time.monotonic() - saved > KEPT_EVERY_S:
            _write(cache, done)
            saved = time.monotonic()
    _write(cache, done)


def _chosen(model: str, file: Path, frames: Sequence[LabelledFrame]) -> list[int]:
    if not may_be_judged(model, file):
        return []
    part = MODELS[model]
    order = np.random.default_rng(SEED).permutation(len(frames))
    small = [int(place) for place in order if len(frames[place].atoms) <= part.most_atoms]
    return small[: part.most_frames]


@cache
def _cache(model: str, file: Path) -> Path:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    return make_folder(cache_dir() / "benchmarks" / "disagreement") / f"{model}-{file.stem}-{digest}.npz"


def _read(file: Path) -> dict[int, NDArray[np.float64]]:
    if not file.exists():
        return {}
    with np.load(file) as kept:
        return {int(place): kept[place] for place in kept.files}


def _write(file: Path, forces: Mapping[int, NDArray[np.float64]]) -> None:
    partial = file.with_suffix(f".{os.getpid()}.part.npz")
    named: dict[str, Any] = {str(place): array for place, array in forces.items()}
    np.savez(partial, **named)
    partial.replace(file)


def main() -> None:
    """Evaluate all models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--most", type=int, help="frames of a file, for a first look")
    options = parser.parse_args()
    files = [file for folder in options.folders for file in files_of(folder)]
    for model in options.models.split(","):
        evaluate(model, files, most=options.most)


if __name__ == "__main__":
    run_script(main)
