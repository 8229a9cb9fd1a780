"""Forces of several models on the labelled frames of Si and Li, kept so that nothing is evaluated twice.

The frames are those of the files ``mlearn/{Si,Li}_{train,test}.extxyz`` (Y. Zuo et al., J. Phys. Chem. A 124, 731
(2020), doi:10.1021/acs.jpca.9b08723): the test files in full, and of each train file frames evenly over its groups.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlipguide.core.errors import InputError
from mlipguide.core.paths import cache_dir, make_folder
from mlipguide.sessions.worker_session import open_session
from mlipguide.structures.labels import LabelledFrame, read_labels
from workbench import request_for

if TYPE_CHECKING:
    from ase import Atoms

SYSTEMS = ("Si", "Li")
TRAIN_FRAMES = 70
"""Of each train file; with the test files about 190 frames in all."""
THREADS = 1


@dataclass(frozen=True, kw_only=True)
class EvaluatedFrame:
    """A labelled frame with what the models say of it.

    Attributes:
        system: Si or Li.
        part: ``train`` or ``test``, the file it is from.
        group: The kind of frame, as the file names it.
        atoms: The structure.
        reference_ev_per_angstrom: Forces of the label, shape (atoms, 3).
        forces_ev_per_angstrom: Of the models, shape (models, atoms, 3).
    """

    system: str
    part: str
    group: str
    atoms: Atoms
    reference_ev_per_angstrom: NDArray[np.float64]
    forces_ev_per_angstrom: NDArray[np.float64]


def shared_folder() -> Path:
    """Return the folder of the labelled files.

    Raises:
        InputError: It is not there.
    """
    root = Path(os.environ.get("MLIPGUIDE_SHARED", Path(__file__).parent.parent.parent / "shared"))
    folder = root / "data" / "mlearn"
    if not folder.is_dir():
        raise InputError(
            f"There is no folder {folder}.", hint="Set MLIPGUIDE_SHARED to the folder that holds data/mlearn."
        )
    return folder


def evaluated_frames(models: Sequence[str]) -> list[EvaluatedFrame]:
    """Return all frames with the forces of ``models``; what was evaluated before is read."""
    frames = [
        (system, part, frame)
        for system in SYSTEMS
        for part in ("train", "test")
        for frame in _chosen(list(read_labels(shared_folder() / f"{system}_{part}.extxyz")), part)
    ]
    every = [_forces_of(model, [frame for _, _, frame in frames]) for model in models]
    found: list[EvaluatedFrame] = []
    for place, (system, part, frame) in enumerate(frames):
        assert frame.forces_ev_per_angstrom is not None
        found.append(
            EvaluatedFrame(
                system=system,
                part=part,
                group=frame.group or "",
                atoms=frame.atoms,
                reference_ev_per_angstrom=frame.forces_ev_per_angstrom,
                forces_ev_per_angstrom=np.stack([forces[place] for forces in every]),
            )
        )
    return found


def _chosen(frames: list[LabelledFrame], part: str) -> list[LabelledFrame]:
    """Return all frames of a test file, and about ``TRAIN_FRAMES`` of a train file, evenly over its groups."""
    if part == "test":
        return frames
    ordered = sorted(frames, key=lambda frame: (frame.group or "", frame.index))
    places = np.unique(np.linspace(0, len(ordered) - 1, TRAIN_FRAMES).round().astype(int))
    return [ordered[place] for place in places]


def _forces_of(model: str, frames: Sequence[LabelledFrame]) -> list[NDArray[np.float64]]:
    digest = hashlib.sha256()
    for frame in frames:
        for part in (frame.atoms.numbers, frame.atoms.positions, np.array(frame.atoms.cell)):
            digest.update(np.ascontiguousarray(part).tobytes())
    folder = make_folder(cache_dir() / "benchmarks" / "disagreement")
    file = folder / f"{model}-{digest.hexdigest()[:16]}.npz"
    if file.exists():
        with np.load(file) as kept:
            return [kept[f"frame_{place}"] for place in range(len(frames))]
    print(f"evaluating {len(frames)} frames with {model}", flush=True)
    session = open_session(request_for(model, threads=THREADS))
    try:
        forces = [np.array(session.single_point(frame.atoms).forces_ev_per_angstrom) for frame in frames]
    finally:
        session.close()
    partial = file.with_suffix(f".{os.getpid()}.part.npz")
    named: dict[str, Any] = {f"frame_{place}": array for place, array in enumerate(forces)}
    np.savez(partial, **named)
    partial.replace(file)
    return forces
