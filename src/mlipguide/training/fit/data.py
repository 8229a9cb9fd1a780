"""The frames of a training: read, checked, and divided into those to learn from and those to test on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ase.data import chemical_symbols

from mlipguide.core.errors import InputError
from mlipguide.records.notice import Notice
from mlipguide.records.requests.label_names import NO_CHOICE, LabelKeys
from mlipguide.structures.isolated_atoms import (
    IsolatedAtom,
    isolated_atom,
    isolated_words,
    reference_energies,
    refuse_only_isolated,
)
from mlipguide.structures.labels import LabelledFrame, read_labels
from mlipguide.training.pilot.splits import FEWEST_TESTED, SMALLEST_SUBSET, separated, split

FEWEST_FRAMES = 2 * SMALLEST_SUBSET + FEWEST_TESTED
"""With fewer there is no curve: two subsets of which one holds the other, and something to test on."""


@dataclass(frozen=True, kw_only=True)
class TrainingFrames:
    """Frames, and who learns from which.

    Attributes:
        source: File of the labels.
        test_source: File of the test frames.
        elements: Chemical symbols, in order of atomic number.
        frames: All of them; those of a separate test file come last.
        train: Positions of those to learn from.
        test: Those that are tested on.
        left_out: How many are too close to a test frame to be learned from.
        notices: What to know about them.
        reference_energies_ev: Of isolated atoms, by element; their frames are none of the others.
    """

    source: str
    test_source: str
    elements: tuple[str, ...]
    frames: tuple[LabelledFrame, ...]
    train: tuple[int, ...]
    test: tuple[LabelledFrame, ...]
    left_out: int
    notices: tuple[Notice, ...]
    reference_energies_ev: dict[str, float]

    def chosen(self, positions: Sequence[int]) -> tuple[LabelledFrame, ...]:
        """Return frames in the order of the file."""
        return tuple(self.frames[position] for position in sorted(positions))


def load_training_frames(
    labelled: Path, *, test: Path | None, seed: int, keys: LabelKeys = NO_CHOICE
) -> TrainingFrames:
    """Read labels and divide them.

    Args:
        labelled: File of frames with labels.
        test: File of frames to test on; None to take them from ``labelled``.
        seed: Of the division.
        keys: Names of the labels, where the user gave them.

    Raises:
        InputError: A file cannot be read or its labels cannot be used, there are too few frames, or the test file holds
            elements that the other does not.
    """
    frames, isolated = _read(labelled, keys)
    if test is None:
        parts = split(frames, seed=seed)
        source = labelled
    else:
        tested, more = _read(test, keys)
        isolated = [*isolated, *more]
        parts = separated([*frames, *tested], range(len(frames), len(frames) + len(tested)))
        frames, source = [*frames, *tested], test
    energies_ev = reference_energies(isolated, source=str(labelled))
    if len(parts.train) < FEWEST_FRAMES - FEWEST_TESTED or len(parts.test) < FEWEST_TESTED:
        raise InputError(
            f"{labelled}: {len(parts.train)} frames to learn from and {len(parts.test)} to test on are too few for a "
            "learning curve.",
            hint=f"Give {FEWEST_FRAMES} labelled frames or more, or test frames of their own with --test FILE.",
            kind="too_few_frames",
        )
    chosen = [frames[position] for position in parts.test]
    learned = {int(number) for position in parts.train for number in frames[position].atoms.numbers}
    unknown = {int(number) for frame in chosen for number in frame.atoms.numbers} - learned
    if unknown:
        names = ", ".join(chemical_symbols[number] for number in sorted(unknown))
        raise InputError(
            f"{source}: the test frames hold {names}, which no training frame holds.",
            hint="Test on frames of the same elements.",
            kind="unknown_element",
        )
    return TrainingFrames(
        source=str(labelled),
        test_source=str(source),
        elements=tuple(chemical_symbols[number] for number in sorted(learned)),
        frames=tuple(frames),
        train=parts.train,
        test=tuple(chosen),
        left_out=len(parts.left_out),
        notices=(*_notices(parts.left_out, frames), *_isolated(isolated, energies_ev)),
        reference_energies_ev=energies_ev,
    )


def _read(path: Path, keys: LabelKeys) -> tuple[list[LabelledFrame], list[IsolatedAtom]]:
    if not path.is_file():
        raise InputError(f"There is no file {path}.", hint="Give a file of labelled frames, for example extended XYZ.")
    frames: list[LabelledFrame] = []
    isolated: list[IsolatedAtom] = []
    for frame in read_labels(path, keys):
        alone = isolated_atom(frame)
        if alone is None:
            frames.append(frame)
        else:
            isolated.append(alone)
    if isolated and not frames:
        raise refuse_only_isolated(str(path))
    without = [frame.index for frame in frames if frame.forces_ev_per_angstrom is None or frame.energy_ev is None]
    if without:
        raise InputError(
            f"{path}: {len(without)} of {len(frames)} frames have no energy or no forces; the first is frame "
            f"{without[0]}.",
            hint="Training needs both for every frame: add them, or leave those frames out.",
            kind="labels_missing",
        )
    return frames, isolated


def _isolated(found: Sequence[IsolatedAtom], energies_ev: dict[str, float]) -> tuple[Notice, ...]:
    return (Notice("isolated_atoms", isolated_words(found, energies_ev)),) if found else ()


def _notices(left_out: Sequence[int], frames: Sequence[LabelledFrame]) -> tuple[Notice, ...]:
    notices = []
    if left_out:
        notices.append(
            Notice(
                "near_copies",
                f"{len(left_out)} frames were left out of the training: they nearly are test frames (same atoms within "
                "0.05 Å), and the error would come out too low.",
            )
        )
    if all(frame.group is None for frame in frames):
        notices.append(
            Notice(
                "no_groups",
                "The frames name no groups (config_type or group), so the test frames are taken from all alike.",
            )
        )
    return tuple(notices)
