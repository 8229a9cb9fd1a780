"""Replay: structures that a model goes on agreeing with itself on while it is trained further.

Whoever trains a model on a few frames of one kind makes it forget others. Against that, structures of what it knew are
labelled by the model itself before the training, and each step then learns from as many of them as of the user's own
frames. Of seven strategies Tompa et al. (doi:10.48550/arXiv.2606.12704) find replay, with the original labels or with
such ones, the only one that consistently keeps a model sound outside the new frames. Theirs has a head of its own for
the replayed structures; the one here has not: the model's zero of energy is moved to that of the user's labels first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import ase

from mlipguide.core.errors import InputError
from mlipguide.structures.checks import require_usable
from mlipguide.structures.label_files import iterate_frames
from mlipguide.structures.labels import GROUP_KEYS, LabelledFrame
from mlipguide.training.engines.held_out import FEWEST_TO_SPLIT, held_out
from mlipguide.training.engines.structures_file import structures_text


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Structures without labels.

    Attributes:
        frames: In the order of their file.
        text: The same as extended XYZ.
        held_out: Places of those that are not learned from: on them the model is compared with what it was.
    """

    frames: tuple[LabelledFrame, ...]
    text: str
    held_out: tuple[int, ...]

    @property
    def elements(self) -> tuple[str, ...]:
        """Chemical symbols, in alphabetical order."""
        return tuple(sorted({symbol for frame in self.frames for symbol in frame.atoms.get_chemical_symbols()}))


def read_replay(path: Path) -> Replay:
    """Read structures to replay; labels in the file are ignored.

    Raises:
        InputError: The file cannot be read, holds too few structures, or one that cannot be used.
    """
    frames = []
    for index, atoms in enumerate(iterate_frames(path)):
        require_usable(atoms, source=f"{path}, frame {index}")
        groups = [str(atoms.info[key]) for key in GROUP_KEYS if key in atoms.info]
        frames.append(
            LabelledFrame(
                index=index,
                atoms=ase.Atoms(numbers=atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc),
                energy_ev=None,
                forces_ev_per_angstrom=None,
                stress_ev_per_angstrom3=None,
                group=groups[0] if groups else None,
            )
        )
    places = held_out(frames) or held_out([replace(frame, group=None) for frame in frames])
    if not places:
        raise InputError(
            f"--replay {path}: {len(frames)} structures are too few.",
            hint=f"Give {FEWEST_TO_SPLIT} or more: some are not learned from, to measure on them what is forgotten.",
            kind="too_few_frames",
        )
    return Replay(frames=tuple(frames), text=structures_text([frame.atoms for frame in frames]), held_out=places)
