"""Carry out one training job. The status is 0 with a result, 1 with a failure that is written down, 2 without a job."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from ..failures import kind_of
from .job import FAILURE, RESULT, Job, Progress, write_json

ADAPTERS = ("chgnet", "mace", "sevenn")
USAGE = "usage: python -m mlipguide_worker.training JOB.json"


def main(arguments: list[str]) -> int:
    """Train what the job file says."""
    if len(arguments) != 1:
        sys.stderr.write(f"{USAGE}\n")
        return 2
    path = Path(arguments[0]).absolute()
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        program, threads = find_program(plain["program"]), int(plain["threads"])
        job = Job(
            folder=path.parent,
            elements=tuple(plain["elements"]),
            seed=int(plain["seed"]),
            options=dict(plain["options"]),
            base=plain["base"],
            weights=plain["weights"],
            validation=tuple(plain["validation"]),
            replay_validation=tuple(plain["replay_validation"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"{path} is not a training job: {error!r}\n{USAGE}\n")
        return 2
    progress = Progress(job.folder)
    try:
        from ..torch_runtime import set_threads

        set_threads(threads)
        result = program(job, progress)
        progress.keep()
        write_json(job.folder / RESULT, {**result, "train_s": progress.elapsed_s})
    except Exception as error:  # noqa: BLE001  # whatever a package raises is the answer to the job
        traceback.print_exc()
        message = " ".join(str(error).split()) or type(error).__name__
        write_json(job.folder / FAILURE, {"kind": kind_of(error), "message": message})
        return 1
    return 0


def find_program(name: str) -> Callable[[Job, Progress], dict[str, Any]]:
    """Return what trains: ``nep``, or ``fine_tune:`` with the name of an adapter.

    Raises:
        ValueError: There is no such program.
    """
    if name == "nep":
        from .nep import train

        return train
    program, _, adapter = name.partition(":")
    if program == "fine_tune" and adapter in ADAPTERS:
        from .fine_tuning import fine_tune

        opener = import_module(f"{__package__}.adapters.{adapter}").open_adapter
        return lambda job, progress: fine_tune(job, progress, opener)
    raise ValueError(f"there is no training program {name!r}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
