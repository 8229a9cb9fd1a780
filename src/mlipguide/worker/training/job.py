"""What all training programs share: the job's folder, progress, the clock that survives interruptions."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..failures import WorkerError

MARK = "mlipguide-progress "
FRAMES, REPLAY = "frames.extxyz", "replay.extxyz"
RESULT, FAILURE, CLOCK = "result.json", "failure.json", "clock.json"


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` whole or not at all.

    Raises:
        ValueError: A number in it is not finite.
    """
    write_whole(path, lambda part: part.write_text(json.dumps(value, allow_nan=False), encoding="utf-8"))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` make a file under another name beside ``path``, then put it in its place."""
    part = path.with_name(f".{path.name}.part")
    write(part)
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    part.replace(path)


@dataclass(frozen=True)
class Job:
    """What is trained, on what, how.

    Attributes:
        folder: Of the fit; everything is written there.
        elements: Chemical symbols, in the order in which the engine numbers them.
        seed: Of everything random.
        options: The engine's settings.
        base: What the program calls the checkpoint that is trained further; None from scratch.
        weights: File of that checkpoint; None for one that the package brings.
        validation: Places in the file of frames of those that are held out to choose by.
        replay_validation: Places in the file of structures to replay of those that are not learned from.
    """

    folder: Path
    elements: tuple[str, ...]
    seed: int
    options: dict[str, Any]
    base: str | None = None
    weights: str | None = None
    validation: tuple[int, ...] = ()
    replay_validation: tuple[int, ...] = ()

    @property
    def replay(self) -> Path:
        """Structures to replay, as extended XYZ; there may be no such file."""
        return self.folder / REPLAY

    @property
    def frames(self) -> Path:
        """The frames, as extended XYZ."""
        return self.folder / FRAMES


@dataclass
class Progress:
    """Says how far a job is, and adds up the time over its interruptions.

    Args:
        folder: Of the fit.
    """

    folder: Path
    _before_s: float = field(init=False)
    _start: float = field(init=False, default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Read what earlier parts took."""
        try:
            self._before_s = float(json.loads((self.folder / CLOCK).read_text(encoding="utf-8"))["elapsed_s"])
        except (OSError, ValueError, KeyError, TypeError):
            self._before_s = 0.0

    @property
    def elapsed_s(self) -> float:
        """Wall time of this job, of earlier parts as far as they were kept."""
        return self._before_s + time.monotonic() - self._start

    def report(self, done: int, of: int, **figures: float) -> None:
        """Print how far the job is."""
        print(MARK + json.dumps({"done": done, "of": of, **figures}), flush=True)  # noqa: T201  # this is the channel

    def say(self, words: str) -> None:
        """Print what is being done before the first step."""
        print(MARK + json.dumps({"words": words}), flush=True)  # noqa: T201  # this is the channel

    def keep(self) -> None:
        """Keep the time that was spent; called where a checkpoint was written."""
        write_json(self.folder / CLOCK, {"elapsed_s": self.elapsed_s})


@dataclass
class Watch:
    """Sees that an error shrinks.

    Attributes:
        growth: How many times its least value so far the error may be.
        patience: For how many reports in a row it may be more. Judgements: a step that is too large is recovered
            from within some passes over the data, a divergence is not.
    """

    growth: float = 10.0
    patience: int = 5
    _least: float = field(init=False, default=float("inf"))
    _above: int = field(init=False, default=0)

    def observe(self, error: float) -> None:
        """Take note of one more value.

        Raises:
            WorkerError: Kind ``diverged``: it is no number, or it has been growing.
        """
        if not error < float("inf"):
            raise diverged(f"the error became {error}")
        self._least = min(self._least, error)
        self._above = self._above + 1 if error > self.growth * self._least else 0
        if self._above > self.patience:
            raise diverged(f"the force error grew from {self._least:.3g} to {error:.3g} eV/Å")

    def close(self, error: float, *, trivial: float) -> None:
        """Judge the last value.

        Args:
            error: Root mean square error of the forces, eV/Å.
            trivial: What a potential without any force would have: the root mean square force.

        Raises:
            WorkerError: Kind ``diverged``: it is no better.
        """
        if not error < float("inf"):
            raise diverged(f"the error became {error}")
        if error >= trivial > 0:
            raise diverged(
                f"its force error on the frames that it learned from, {error:.3g} eV/Å, is no smaller than the forces "
                f"themselves, {trivial:.3g} eV/Å"
            )


def diverged(why: str) -> WorkerError:
    """Return the failure of a training that came to nothing."""
    return WorkerError("diverged", f"The training diverged: {why}.")


def root_mean_square(values: Iterable[float]) -> float:
    """Return the root mean square; 0 of nothing."""
    total, count = 0.0, 0
    for value in values:
        total += value * value
        count += 1
    return float((total / count) ** 0.5) if count else 0.0
