"""What a pilot and a final fit have in common: frames, engines and a folder, made ready in one order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlipguide.bench.measuring.run_options import RunOptions
from mlipguide.core.errors import EnvironmentFailedError, InputError
from mlipguide.core.kept_files import newer, read_document, record_of
from mlipguide.core.paths import logs_dir, make_folder
from mlipguide.core.serialisation import to_json, to_plain, write_atomically
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.requests.label_names import NO_CHOICE, LabelKeys
from mlipguide.records.strict import strict
from mlipguide.records.training.pilot import LabelledData
from mlipguide.records.training.training import Engine
from mlipguide.training.fit.data import TrainingFrames, load_training_frames
from mlipguide.training.fit.fit_folders import digest
from mlipguide.training.fit.trainers import BASE, Trainers, TrainerSearch, find_trainers
from mlipguide.training.pilot.run import PilotRun
from mlipguide.training.pilot.training_speed import Speeds, typical

PILOT_FORMAT = 1
PILOT, SPEEDS = "pilot.json", "speeds"


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """How a training goes about its work.

    Attributes:
        trainers: Finds the engines.
        clock: Seconds from some moment on.
    """

    trainers: Callable[[TrainerSearch], Trainers] = find_trainers
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, kw_only=True)
class TrainingAsked:
    """What is trained on, and by what; None is what the user left out.

    Attributes:
        labelled: File of labelled frames.
        test: File of frames to test on.
        engines: That are to train.
        base: Model that is trained further, by the engine ``fine-tune``.
        folder: Where everything is kept.
        seed: Of the division, the subsets and the fits.
        keys: Names of the labels.
        frozen_layers: Of the base model, with its embedding, stay as they are.
        replay: File of structures on which the base model is held to what it said before.
    """

    labelled: Path
    test: Path | None
    engines: tuple[Engine, ...]
    base: str | None
    folder: Path | None
    seed: int
    keys: LabelKeys = NO_CHOICE
    frozen_layers: int = 0
    replay: Path | None = None


@dataclass(frozen=True, kw_only=True)
class TrainingSetup:
    """A training that can begin.

    Attributes:
        data: The frames, divided.
        found: The engines.
        machine: Where it runs.
        folder: Where everything is kept.
        seed: Of the division, the subsets and the fits.
        speeds: Times the models.
    """

    data: TrainingFrames
    found: Trainers
    machine: Machine
    folder: Path
    seed: int
    speeds: Speeds

    def run(self, budget_s: float, options: Options, *, spent_before_s: float = 0.0) -> PilotRun:
        """Return what does the fits.

        Args:
            budget_s: Wall time for everything.
            options: How to go about it.
            spent_before_s: Wall time that went into other things than fits.
        """
        return PilotRun(
            data=self.data,
            trainers=self.found.ready,
            folder=self.folder,
            budget_s=budget_s,
            seed=self.seed,
            clock=options.clock,
            on_progress=options.on_progress,
            speeds=self.speeds,
            spent_before_s=spent_before_s,
        )


def set_up(asked: TrainingAsked, options: Options) -> TrainingSetup:
    """Read the frames, find the engines, and open the folder.

    Raises:
        InputError: A file cannot be used, or the folder holds a training of other labels.
        EnvironmentFailedError: No engine has an environment.
        StorageError: The folder cannot be written.
    """
    data = load_training_frames(asked.labelled, test=asked.test, seed=asked.seed, keys=asked.keys)
    folder = (asked.folder or default_folder(asked.labelled)).expanduser().absolute()
    machine = options.probe()
    found = options.trainers(
        TrainerSearch(
            engines=asked.engines,
            machine=machine,
            consent=options.consent,
            on_progress=lambda message: options.on_progress(message, 0.0),
            base=asked.base or BASE,
            frozen_layers=asked.frozen_layers,
            replay=asked.replay,
            reference_energies_ev=data.reference_energies_ev,
        )
    )
    require_trainers(found)
    open_folder(folder, data, seed=asked.seed)
    make_folder(logs_dir())
    speeds = Speeds(
        folder=folder / SPEEDS,
        atoms=typical([frame.atoms for frame in data.test]),
        clock=options.clock,
        drivers=found.drivers,
    )
    return TrainingSetup(data=data, found=found, machine=machine, folder=folder, seed=asked.seed, speeds=speeds)


@strict
@dataclass(frozen=True, kw_only=True)
class _PilotFile:
    """What a pilot's folder is about: going on with other frames or another division is refused."""

    format: int
    labelled: str
    labels: str
    test: str
    seed: int


def default_folder(labelled: Path) -> Path:
    """Return where a training of these labels is kept: a folder here, named after the file."""
    return Path.cwd() / f"{labelled.stem}-training"


def open_folder(folder: Path, data: TrainingFrames, *, seed: int) -> None:
    """Begin a pilot in a folder, or make sure that the one there is of the same frames.

    Raises:
        InputError: It holds something else.
        StorageError: It cannot be written.
    """
    path = folder / PILOT
    mine = _PilotFile(
        format=PILOT_FORMAT,
        labelled=data.source,
        labels=digest([data.frames[position] for position in data.train]),
        test=digest(data.test),
        seed=seed,
    )
    hint = "Choose another folder with --folder."
    if path.exists():
        what = "a description of a training"
        other = record_of(_PilotFile, read_document(path, what, hint=hint), path=path, what=what, hint=hint)
        if other.format > PILOT_FORMAT:
            raise newer(path, what, other.format, PILOT_FORMAT)
        if (other.labels, other.test, other.seed) != (mine.labels, mine.test, mine.seed):
            raise InputError(
                f"{folder} holds a training of {other.labelled} with seed {other.seed}, on other frames than this one.",
                hint=hint,
                kind="other_training",
            )
        return
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"{folder} holds files that are no training.", hint=hint, kind="folder_in_use")
    write_atomically(path, to_json(to_plain(mine)) + "\n")


def require_trainers(found: Trainers) -> None:
    """Make sure that something can train.

    Raises:
        EnvironmentFailedError: Nothing can.
    """
    if found.ready:
        return
    if found.problems:
        first = found.problems[0]
        raise EnvironmentFailedError(first.message, hint=first.hint, kind=first.kind, model=first.model)
    reasons = " ".join(notice.message for notice in found.notices)
    raise EnvironmentFailedError(
        f"No engine can train here. {reasons}".strip(),
        hint="Choose another engine with --engines, or give --yes to build what is missing.",
    )


def described(data: TrainingFrames, trivial_ev_per_angstrom: float) -> LabelledData:
    """Return what is said of the frames."""
    return LabelledData(
        source=data.source,
        test_source=data.test_source,
        elements=data.elements,
        train_frames=len(data.train),
        test_frames=len(data.test),
        left_out_frames=data.left_out,
        mean_force_ev_per_angstrom=trivial_ev_per_angstrom,
    )
