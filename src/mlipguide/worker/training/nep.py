"""NEP through ``torchnep``: a neuroevolution potential trained by gradients (doi:10.1103/PhysRevB.104.104309).

torchnep reads a file of keywords and one of frames, prints a line for each pass over the frames, and goes on from its
checkpoint when it is started again.
"""

from __future__ import annotations

import math
import re
import shutil
import sys
from pathlib import Path
from typing import Any, TextIO

from ..failures import WorkerError
from ..geometry import boxed
from .job import Job, Progress, Watch, diverged, root_mean_square, write_whole

POTENTIAL = "nep.txt"
STEPS = "steps"
_PASS = re.compile(r"Epoch\s+(\d+) \| loss (\S+) \| E (\S+) eV/atom \| F (\S+) eV/A")
_SKIPPED = re.compile(r"(\d+) step\(s\) skipped")
_PARAMETERS = re.compile(r"^\s*(\d+) parameters")


def train(job: Job, progress: Progress) -> dict[str, Any]:
    """Fit the frames of ``job`` and leave ``nep.txt``.

    Raises:
        WorkerError: Kind ``diverged``.
    """
    import torch
    from torchnep import train_nep

    from ..torch_runtime import versions

    folder = job.folder / "torchnep"
    folder.mkdir(exist_ok=True)
    count, forces = write_frames(job.frames, folder / "train.xyz", cutoff=longest_cutoff(job.options))
    passes = passes_of(job.options, count)
    (folder / "nep.in").write_text(input_text(job, passes), encoding="utf-8")
    torch.save = _whole(torch.save)
    listener = Listener(sys.stdout, progress, passes=passes, steps=math.ceil(count / int(job.options["batch"])))
    sys.stdout = listener  # type: ignore[assignment]  # what torchnep prints is its only report
    try:
        train_nep(
            str(folder / "nep.in"),
            str(folder / "train.xyz"),
            output_dir=str(folder),
            device="cpu",
            run_seed=job.seed,
            checkpoint_interval=1,
            prediction_interval=0,
        )
    finally:
        sys.stdout = listener.plain
    listener.watch.close(last_force_error(folder / "loss.out"), trivial=root_mean_square(forces))
    best = folder / "nep_best.txt"
    refuse_bad_numbers(best)
    write_whole(job.folder / POTENTIAL, lambda part: shutil.copyfile(best, part))
    return {"files": [POTENTIAL], "parameters": listener.parameters, "versions": versions("torchnep", "calorine")}


def longest_cutoff(options: dict[str, Any]) -> float:
    """Return the longer of the two cutoffs, Å."""
    return max(float(text) for text in str(options["cutoff"]).split())


def passes_of(options: dict[str, Any], frames: int) -> int:
    """Return how often all frames are passed, so that there are about ``steps`` steps, whatever their number."""
    return max(1, round(int(options[STEPS]) * int(options["batch"]) / frames))


def input_text(job: Job, passes: int) -> str:
    """Return torchnep's file of keywords.

    The learning rate falls by the same factor with each pass, from ``lr`` to ``stop_lr``. In the last share ``stage2`` of
    the passes, it starts again from ``stage2_lr``, and energies weigh ``stage2_lambda_e``.
    """
    options = {name: value for name, value in job.options.items() if name not in (STEPS, "stage2")}
    second = round(passes * float(job.options["stage2"]))
    first = passes - second

    def factor(start: str, over: int) -> float:
        return float((float(job.options["stop_lr"]) / float(job.options[start])) ** (1 / max(1, over)))

    lines = [
        "version 4",
        f"type {len(job.elements)} {' '.join(job.elements)}",
        *(f"{name} {value}" for name, value in options.items()),
        f"epoch {passes}",
        "lr_scheduler step",
        "scheduler_patience 1",
        f"scheduler_factor {factor('lr', first)!r}",
    ]
    if second and first:
        lines += [
            "stage2 1",
            f"start_stage2 {first + 1}",
            "stage2_scheduler_patience 1",
            f"stage2_scheduler_factor {factor('stage2_lr', second)!r}",
        ]
    return "\n".join(lines) + "\n"


def write_frames(source: Path, target: Path, *, cutoff: float) -> tuple[int, list[float]]:
    """Write the frames as torchnep reads them: in a periodic cell, without what makes it stop.

    Returns:
        Their number, and all components of the forces, eV/Å.
    """
    from ase.io import iread

    count, components = 0, []
    with target.open("w", encoding="utf-8") as stream:
        for atoms in iread(source, index=":"):
            results = atoms.calc.results
            cell = boxed(atoms, margin=2 * cutoff).cell.array
            header = f'Lattice="{_row(cell.ravel())}" Properties=species:S:1:pos:R:3:force:R:3 '
            header += f"energy={float(results['energy'])!r}"
            if "stress" in results and atoms.pbc.all():
                xx, yy, zz, yz, xz, xy = results["stress"]
                header += f' stress="{_row((xx, xy, xz, xy, yy, yz, xz, yz, zz))}"'
            stream.write(f"{len(atoms)}\n{header}\n")
            for symbol, position, force in zip(atoms.symbols, atoms.positions, results["forces"], strict=True):
                stream.write(f"{symbol} {_row(position)} {_row(force)}\n")
            components += results["forces"].ravel().tolist()
            count += 1
    return count, components


def last_force_error(path: Path) -> float:
    """Return the root mean square error of the forces in the last line of ``loss.out``, eV/Å."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line[:1].isdigit()]
    return float(rows[-1][3]) if rows else math.nan


def refuse_bad_numbers(path: Path) -> None:
    """Refuse a potential that is not made of numbers.

    Raises:
        WorkerError: Kind ``diverged``.
    """
    if not path.is_file():
        raise diverged("no pass over the frames gave a potential")
    bad = {"nan", "inf", "-nan", "-inf", "+inf", "+nan"}
    if bad & {word.lower() for word in path.read_text(encoding="utf-8").split()}:
        raise diverged("the potential holds what is not a number")


class Listener:
    """Stands for stdout while torchnep prints, and says what it says.

    Args:
        plain: The real one.
        progress: Told of each pass.
        passes: Their number.
        steps: Steps of a pass.
    """

    def __init__(self, plain: TextIO, progress: Progress, *, passes: int, steps: int) -> None:
        self.plain = plain
        self.parameters = 0
        self.watch = Watch()
        self._progress = progress
        self._passes = passes
        self._steps = steps
        self._text = ""

    def write(self, text: str) -> int:
        """Take what is printed, line by line."""
        *lines, self._text = (self._text + text).split("\n")
        for line in lines:
            self.plain.write(line + "\n")
            self._read(line)
        return len(text)

    def flush(self) -> None:
        """Pass on what was printed."""
        self.plain.flush()

    def _read(self, line: str) -> None:
        if found := _PARAMETERS.search(line):
            self.parameters = int(found[1])
        elif (found := _SKIPPED.search(line)) and int(found[1]) >= self._steps:
            raise WorkerError("diverged", "The training diverged: no step of a whole pass had a finite gradient.")
        elif found := _PASS.search(line):
            error = float(found[4])
            self.watch.observe(error)
            sys.stdout, listener = self.plain, sys.stdout
            try:
                self._progress.report(int(found[1]), self._passes, force_rmse=error, energy_rmse=float(found[3]))
                self._progress.keep()
            finally:
                sys.stdout = listener


def _whole(save: Any) -> Any:
    """Return ``torch.save`` so that a checkpoint is written whole or not at all."""

    def whole(value: Any, path: Any, **options: Any) -> None:
        write_whole(Path(path), lambda part: save(value, part, **options))

    return whole


def _row(values: Any) -> str:
    return " ".join(repr(float(value)) for value in values)
