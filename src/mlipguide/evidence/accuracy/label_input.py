"""A file of labels that was read through once: what it holds, what looks wrong in it, and what to evaluate of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.evidence.accuracy.label_checks import check_labels, frames_in_words
from mlipguide.evidence.accuracy.label_scan import LabelScan, sampling_order
from mlipguide.records.accuracy.accuracy import FindingKind, LabelFinding, LabelsSummary
from mlipguide.records.accuracy.stored_evaluation import FrameRange
from mlipguide.records.notice import Notice
from mlipguide.records.requests.label_names import LabelKeys
from mlipguide.structures.files import require_file
from mlipguide.structures.formats.xyz_columns import voigt_notices
from mlipguide.structures.isolated_atoms import isolated_words, refuse_only_isolated
from mlipguide.structures.labels import read_labels
from mlipguide.structures.vasp_convergence import unconverged_steps

CHUNK_BYTES = 2**20
TOLD_EVERY = 1000
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class LabelRequest:
    """A file of labels as the user named it; None is what was left out.

    Attributes:
        path: The file.
        keys: Names of the labels in it.
        max_frames: Frames to evaluate at most; None for all.
        seed: Of the choice of frames.
        slice: Of the frames that are chosen, those alone that are in it; None for all of them.
    """

    path: Path
    keys: LabelKeys
    max_frames: int | None
    seed: int = 0
    slice: FrameRange | None = None

    def chosen(self, order: Sequence[int]) -> tuple[int, ...]:
        """Return the frames to evaluate, of an order whose every beginning is a sample."""
        whole = order[: self.max_frames]
        return tuple(whole if self.slice is None else (frame for frame in whole if frame in self.slice))


@dataclass(frozen=True, kw_only=True)
class LabelInput:
    """A file of labels that was read through.

    Attributes:
        request: How it was asked for.
        scan: Notes of all frames.
        order: Frames with forces, in an order whose every beginning is a stratified sample.
        summary: What the file holds.
        findings: What looks wrong in the labels themselves.
        notices: What is worth knowing of how it was read.
    """

    request: LabelRequest
    scan: LabelScan
    order: tuple[int, ...]
    summary: LabelsSummary
    findings: tuple[LabelFinding, ...]
    notices: tuple[Notice, ...]

    @property
    def chosen(self) -> tuple[int, ...]:
        """The frames to evaluate, in that order."""
        return self.request.chosen(self.order)


def parse_max_frames(text: str | None, default: int) -> int | None:
    """Return the number of frames that is meant; None for all.

    Raises:
        InputError: Neither a positive whole number nor ``all``.
    """
    if text is None:
        return default
    if text.strip().lower() == ALL:
        return None
    if not text.strip().isdecimal() or int(text) < 1:
        raise InputError(f"--max-frames: '{text}' is not a number of frames.", hint=f"Write 200, or {ALL}.")
    return int(text)


def parse_frames(text: str | None) -> FrameRange | None:
    """Return the slice of a file that is meant; None where none was named.

    Raises:
        InputError: Not two places in the file, the first before the second.
    """
    if text is None:
        return None
    start, colon, stop = text.partition(":")
    if not (colon and start.isdecimal() and stop.isdecimal() and int(start) < int(stop)):
        raise InputError(
            f"--frames: '{text}' is no slice of a file.",
            hint="Write 0:100 for its first hundred frames, 100:200 for the next.",
            option="--frames",
        )
    return FrameRange(int(start), int(stop))


def open_labels(request: LabelRequest, on_progress: Callable[[str, float], None]) -> LabelInput:
    """Read a file of labels through once; never more than one frame is held.

    Raises:
        InputError: The file cannot be read, is damaged, or has no forces; see :func:`read_labels`.
    """
    path = request.path
    require_file(path)
    on_progress(f"reading {path.name}", 0.0)
    scan = LabelScan()
    for frame in read_labels(path, request.keys):
        scan.add(frame)
        if len(scan.frames) % TOLD_EVERY == 0:
            on_progress(f"reading {path.name}, {len(scan.frames):,} frames", 0.0)
    if scan.isolated and not scan.frames:
        raise refuse_only_isolated(str(path))
    with_forces = scan.with_forces
    if not with_forces:
        raise InputError(
            f"{path}: no frame has forces, and errors of forces are what tells models apart.",
            hint="Name them with --forces-key, or write them into the file.",
            kind="missing_forces",
        )
    order = tuple(sampling_order(with_forces, seed=request.seed))
    chosen = request.chosen(order)
    if not chosen:
        raise InputError(
            f"--frames: none of the {len(order[: request.max_frames]):,} frames of {path.name} that are chosen is in "
            f"{request.slice}.",
            hint=f"It has {len(scan.frames):,} frames, counted from 0.",
            option="--frames",
        )
    summary = scan.summary(source=path.name, sha256=_sha256(path), chosen=len(chosen))
    return LabelInput(
        request=request,
        scan=scan,
        order=order,
        summary=summary,
        findings=(*check_labels(scan.frames), *_unconverged(path, len(scan.frames))),
        notices=(*_notices(scan, summary, request), *voigt_notices(path, summary.stress_key)),
    )


def _notices(scan: LabelScan, summary: LabelsSummary, request: LabelRequest) -> list[Notice]:
    found: list[Notice] = []
    if scan.isolated:
        words = isolated_words(scan.isolated, summary.isolated_atoms_ev)
        found.append(Notice("isolated_atoms", f"{words} The shift of each element is fitted to the other frames."))
    without = [note.index for note in scan.frames if note.force_squared is None]
    if without:
        found.append(
            Notice("frames_without_forces", f"Left out, since they have no forces: {frames_in_words(without)}.")
        )
    if scan.keys.free_energy is not None:
        found.append(
            Notice(
                "energy_read",
                f"'{scan.keys.energy}' was read, in VASP's files the energy for no smearing (sigma->0); "
                f"--energy-key {scan.keys.free_energy} reads the free energy, whose derivatives the forces are.",
            )
        )
    if request.slice is not None:
        found.append(
            Notice(
                "slice",
                f"Frames {request.slice.start:,} to {request.slice.stop - 1:,} alone are evaluated: "
                f"{summary.chosen_frames:,} of {summary.frames_with_forces:,}. They are no sample of the whole file, "
                "and 'recommend' does not use them.",
            )
        )
    elif summary.chosen_frames < summary.frames_with_forces:
        found.append(
            Notice(
                "subsample",
                f"{summary.chosen_frames:,} of {summary.frames_with_forces:,} frames are evaluated at most, drawn "
                f"within each group in proportion to its size (seed {request.seed}).",
            )
        )
    return found


def _unconverged(path: Path, frames: int) -> list[LabelFinding]:
    steps = [step for step in unconverged_steps(path) if step < frames]
    if not steps:
        return []
    message = f"The electronic loop of VASP did not converge: {frames_in_words(steps)}."
    return [LabelFinding(kind=FindingKind.UNCONVERGED, message=message, frames=tuple(steps))]


def _sha256(path: Path) -> str:
    hasher = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            hasher.update(chunk)
    return hasher.hexdigest()
