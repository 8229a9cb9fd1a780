"""What looks wrong in labels before any model is asked: duplicates, net forces, stresses that no solid has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlipguide.evidence.accuracy.label_scan import FrameNote
from mlipguide.records.accuracy.accuracy import FindingKind, LabelFinding

NAMED = 10
ENERGY_AGREEMENT_EV_PER_ATOM = 1e-3
"""Two converged calculations of one structure with the same settings agree better."""
LARGEST_STRESS_EV_PER_ANGSTROM3 = 0.6
"""100 GPa: common labels are a tenth of it, and a number in GPa or kbar is a hundred times it."""
NET_FORCE_SHARE = 0.2
"""Of the root mean square force: the sum over all atoms is zero in a calculation that holds no atom."""
NET_FORCE_FRAMES = 0.5


def check_labels(notes: Sequence[FrameNote]) -> tuple[LabelFinding, ...]:
    """Return what looks wrong in the labels themselves."""
    return (*_duplicates(notes), *_net_forces(notes), *_large_stresses(notes))


def frames_in_words(frames: Sequence[int]) -> str:
    """Return "frame 3" or "frames 3, 4, 7 and 12 more"."""
    if len(frames) == 1:
        return f"frame {frames[0]}"
    shown = ", ".join(map(str, frames[:NAMED]))
    return f"frames {shown}" + (f" and {len(frames) - NAMED:,} more" if len(frames) > NAMED else "")


def _duplicates(notes: Sequence[FrameNote]) -> list[LabelFinding]:
    seen: dict[bytes, FrameNote] = {}
    repeated: list[int] = []
    differing: list[tuple[int, int, float]] = []
    for note in notes:
        first = seen.setdefault(note.digest, note)
        if first is note:
            continue
        repeated.append(note.index)
        if first.energy_ev is not None and note.energy_ev is not None:
            gap = abs(first.energy_ev - note.energy_ev) / note.atoms
            if gap > ENERGY_AGREEMENT_EV_PER_ATOM:
                differing.append((first.index, note.index, gap))
    found = []
    if repeated:
        found.append(
            LabelFinding(
                kind=FindingKind.DUPLICATES,
                message=f"{len(repeated):,} of the frames repeat the structure of an earlier one: "
                f"{frames_in_words(repeated)}.",
                frames=tuple(repeated),
            )
        )
    if differing:
        one, other, gap = max(differing, key=lambda item: item[2])
        frames = tuple(sorted({index for pair in differing for index in pair[:2]}))
        found.append(
            LabelFinding(
                kind=FindingKind.LEVELS_OF_THEORY,
                message=f"The same structure has different energies, frames {one} and {other} by {gap * 1e3:.3g} "
                f"meV/atom: two levels of theory, or calculations that are not converged ({frames_in_words(frames)}).",
                frames=frames,
            )
        )
    return found


def _net_forces(notes: Sequence[FrameNote]) -> list[LabelFinding]:
    """Tell forces that do not add up to nothing: atoms held fixed whose forces were set to zero, atoms missing."""
    known = [note for note in notes if note.force_squared]
    large = [
        note.index
        for note in known
        if note.net_force_ev_per_angstrom is not None
        and note.net_force_ev_per_angstrom > NET_FORCE_SHARE * np.sqrt((note.force_squared or 0.0) / note.atoms)
    ]
    if not known or len(large) < NET_FORCE_FRAMES * len(known) or len(large) < NAMED // 2:
        return []
    return [
        LabelFinding(
            kind=FindingKind.NET_FORCE,
            message=f"The forces of {len(large):,} frames do not add up to zero: forces of fixed atoms that were set "
            f"to zero, or an external field ({frames_in_words(large)}).",
            frames=tuple(large),
        )
    ]


def _large_stresses(notes: Sequence[FrameNote]) -> list[LabelFinding]:
    stresses = {
        note.index: note.stress_largest_ev_per_angstrom3
        for note in notes
        if note.stress_largest_ev_per_angstrom3 is not None
    }
    large = [index for index, value in stresses.items() if value > LARGEST_STRESS_EV_PER_ANGSTROM3]
    if not large:
        return []
    middle = float(np.median(list(stresses.values())))
    return [
        LabelFinding(
            kind=FindingKind.STRESS_UNITS,
            message=f"Stresses of {len(large):,} frames are beyond 100 GPa if they are in eV/Å³ (the median of the "
            f"largest components is {middle:.3g}): GPa or kbar? ({frames_in_words(large)})",
            frames=tuple(large),
        )
    ]
