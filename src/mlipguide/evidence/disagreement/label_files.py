"""The frames to label, written to a file that ``evaluate`` reads back once it holds reference results."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import ase.io

from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import write_atomically
from mlipguide.evidence.disagreement.frames import Evaluated
from mlipguide.evidence.disagreement.spread import force_disagreement
from mlipguide.records.accuracy.disagreement import Agreement, Disagreement, FramesToLabel
from mlipguide.structures.diversity import choose_diverse

ENDINGS = (".extxyz", ".xyz")


def require_writable(path: Path) -> None:
    """Refuse a file that cannot be written or that would be overwritten: before anything is evaluated for it.

    Raises:
        InputError: Another ending than that of extended XYZ, no such folder, or there is a file of that name.
    """
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"--output: frames cannot be written as '{path.name}'.", hint="Let its name end in .extxyz.")
    if not path.parent.is_dir():
        raise InputError(f"--output: there is no folder {path.parent}.", hint="Make it first.")
    if path.exists():
        raise InputError(f"--output: {path} is there already.", hint="Give another name, or move it away.")


def free_name(path: Path) -> Path:
    """Return ``path``, or with a number where a file of that name is there already."""
    if not path.exists():
        return path
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    return next(other for other in numbered if not other.exists())


def choose_to_label(
    data: Disagreement, frames: Sequence[Evaluated], *, count: int, path: Path | None, default: Path
) -> Disagreement:
    """Choose frames that differ and on which the models disagree, and write them.

    Args:
        data: The figures.
        frames: What they were made of.
        count: How many to choose.
        path: Where the user wants them; None to write to ``default``, and only where the models do not agree.
        default: Name of the file otherwise.

    Returns:
        The figures with the choice.

    Raises:
        StorageError: The file cannot be written.
    """
    if path is None and data.agreement is Agreement.AGREE:
        return data
    weights = [frame.force_disagreement_ev_per_angstrom for frame in data.frames]
    chosen = choose_diverse([one.atoms for one in frames], count, weights=weights if any(weights) else None)
    file = path or default
    write_atomically(file, _text([frames[place] for place in chosen], [data.frames[place].frame for place in chosen]))
    return replace(data, to_label=FramesToLabel(file=str(file), frames=chosen))


def _text(frames: Sequence[Evaluated], numbers: Sequence[int]) -> str:
    """Return the frames as extended XYZ without any result that could be taken for a label."""
    images = []
    for one, number in zip(frames, numbers, strict=True):
        atoms = one.atoms.copy()
        atoms.calc = None
        disagreement = force_disagreement(one.forces_ev_per_angstrom)
        atoms.info = {
            "config_type": one.kind.value,
            "frame": number,
            **({} if one.time_s is None else {"time_fs": round(one.time_s * 1e15, 6)}),
            "disagreement_ev_per_angstrom": round(disagreement.of_frame_ev_per_angstrom, 6),
        }
        atoms.new_array("disagreement_ev_per_angstrom", disagreement.of_atoms_ev_per_angstrom.round(6))
        images.append(atoms)
    stream = io.StringIO()
    ase.io.write(stream, images, format="extxyz")
    return stream.getvalue()
