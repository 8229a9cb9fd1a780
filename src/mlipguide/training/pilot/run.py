"""The fits of a pilot, one after another until its time is spent; everything finished stays in its folder."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from mlipguide.core.errors import EnvironmentFailedError, InputError, TrainingFailedError
from mlipguide.core.kept_files import UnusableFileError
from mlipguide.core.paths import make_folder
from mlipguide.core.readable import duration
from mlipguide.records.notice import Notice, Problem, set_aside_notices
from mlipguide.records.training.training import Engine, FitRecipe, FittedPotential
from mlipguide.sessions.errors import SessionError
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.fit.data import TrainingFrames
from mlipguide.training.fit.fit_folders import (
    POTENTIAL,
    FitRecord,
    fit_folder,
    read_cut,
    read_fit,
    write_cut,
    write_fit,
)
from mlipguide.training.fit.held_out_errors import errors_on
from mlipguide.training.pilot.pilot_plan import FinishedFit, PlannedFit, all_fits, expected_s, next_fit, remaining_s
from mlipguide.training.pilot.splits import subset_sizes, training_order
from mlipguide.training.pilot.training_speed import Speeds
from mlipguide.training.trainer import Trainer

FITS = "fits"
SPEED_S, SPEED_SHARE = 8.0, 0.1
"""What is kept back of the budget to time each model: starting it and two bursts of steps."""
MOST_BY_THE_CLOCK = 0.99
"""Share of a fit that is called done at most where only the time that fits like it took is known."""


FIT_SHARE = 0.6
"""Of the work of a final fit; its checks are the rest."""


class _OutOfTimeError(Exception):
    """Raised from within a report of progress to end a fit whose time is over."""


@dataclass(frozen=True)
class DoneFit:
    """A fit of the pilot and what it left."""

    fit: PlannedFit
    folder: Path
    record: FitRecord


@dataclass(kw_only=True)
class PilotRun:
    """Does the fits of a pilot.

    Attributes:
        data: The frames.
        trainers: Engines, in the order in which they were asked for.
        folder: Of the pilot.
        budget_s: Wall time for everything, earlier runs included.
        seed: Of the subsets and the fits.
        clock: Seconds from some moment on.
        on_progress: Told what is being done and which share of the time is spent.
        speeds: Measures and remembers how fast the fitted models are.
        spent_before_s: What the pilot spent on other things than fits.
        done: What is finished, in no order.
        cut: What was stopped, and after how many seconds.
        problems: Engines that cannot be used, and fits that gave no potential.
        set_aside: Records of earlier fits and timings that cannot be used: these are done again.
    """

    data: TrainingFrames
    trainers: Sequence[Trainer]
    folder: Path
    budget_s: float
    seed: int
    clock: Callable[[], float]
    on_progress: Callable[[str, float], None]
    speeds: Speeds
    spent_before_s: float = 0.0
    done: dict[PlannedFit, DoneFit] = field(default_factory=dict)
    cut: dict[PlannedFit, float] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    set_aside: list[UnusableFileError] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Find out what there is to do, and what was done before."""
        self._by_engine = {trainer.engine: trainer for trainer in self.trainers}
        self._recipes: dict[tuple[Engine, str, int], FitRecipe] = {}
        self._orders: dict[int, tuple[int, ...]] = {}
        sizes: dict[Engine, list[str]] = {}
        for trainer in self.trainers:
            try:
                recipes = trainer.recipes(self.data.elements, seed=self.seed)
            except InputError as error:
                self.problems.append(Problem.from_error(error))
                self._by_engine.pop(trainer.engine)
            else:
                sizes[trainer.engine] = [recipe.size for recipe in recipes]
        self.fits = all_fits(sizes, subset_sizes(len(self.data.train)))
        make_folder(self.folder / FITS)
        for fit in self.fits:
            folder = self._folder_of(fit)
            record = read_fit(folder, self.set_aside)
            if record is not None:
                self._keep(fit, folder, record)
            elif cut_s := read_cut(folder, self.set_aside):
                self.cut[fit] = cut_s

    @property
    def finished(self) -> tuple[FinishedFit, ...]:
        """What is finished or was stopped, in an order that does not depend on when."""
        ended = [
            FinishedFit(fit, one.record.spent_s, failed=one.record.potential is None) for fit, one in self.done.items()
        ]
        stopped = [FinishedFit(fit, spent_s, cut=True) for fit, spent_s in self.cut.items()]
        return tuple(sorted([*ended, *stopped], key=lambda one: one.fit))

    @property
    def spent_s(self) -> float:
        """Wall time of everything that was done, earlier runs included."""
        return math.fsum([self.spent_before_s, self.speeds.spent_s, *(one.spent_s for one in self.finished)])

    @property
    def left_s(self) -> float:
        """Wall time that is left for fits: of the budget, without what timing the models takes in the end."""
        fits_s = math.fsum(one.spent_s for one in self.finished)
        models = len({fit.model for fit in self.fits})
        reserve_s = min(SPEED_S * models, SPEED_SHARE * self.budget_s)
        return self.budget_s - self.spent_before_s - reserve_s - fits_s

    def run(self) -> None:
        """Do fits until nothing is left that ends in time.

        Raises:
            StorageError: The folder cannot be written.
        """
        while (fit := next_fit(self._usable(), self.finished, left_s=self.left_s)) is not None:
            try:
                self._attempt(fit)
            except (EnvironmentFailedError, InputError) as error:
                self.problems.append(Problem.from_error(error))
                self._by_engine.pop(fit.engine)
        self._measure_speeds()

    def _usable(self) -> list[PlannedFit]:
        return [fit for fit in self.fits if fit.engine in self._by_engine]

    def do(self, fit: PlannedFit) -> DoneFit:
        """Do one fit whatever time it takes, and keep what came of it.

        Raises:
            StorageError: The folder cannot be written.
            EnvironmentFailedError: The engine's environment cannot be used.
        """
        self._attempt(fit, limited=False)
        return self.done[fit]

    def _attempt(self, fit: PlannedFit, *, limited: bool = True) -> None:
        folder = make_folder(self._folder_of(fit))
        trainer, recipe = self._by_engine[fit.engine], self._recipe(fit)
        frames = self.data.chosen(self._positions(fit))
        begin, left_s, spent_s = self.clock(), self.left_s, self.spent_s
        words = f"{fit.engine.value} {fit.size} on {fit.frames} frames"
        usual_s = expected_s(fit, self.finished)

        def tell(message: str, part: float) -> None:
            passed_s = self.clock() - begin
            if limited and passed_s > left_s:
                raise _OutOfTimeError
            if part <= 0 < passed_s and usual_s is not None:  # the engine does not say how far it is
                part = min(MOST_BY_THE_CLOCK, passed_s / usual_s)
                message = f"{message} {part:.0%}"
            if not limited:  # the budget says nothing of how far it is
                self.on_progress(f"{words}, {message}", FIT_SHARE * part)
                return
            rest = duration(max(1.0, remaining_s(self._usable(), self.finished, left_s=left_s) - passed_s))
            self.on_progress(
                f"{words}, {message}; about {rest} left for the pilot", min(1.0, (spent_s + passed_s) / self.budget_s)
            )

        tell("training", 0.0)
        try:
            record = self._fitted(trainer, recipe, frames, folder, tell)
        except _OutOfTimeError:
            self.cut[fit] = self.clock() - begin
            write_cut(folder, self.cut[fit])
            return
        record = FitRecord(
            frames=tuple(frame.index for frame in frames),
            spent_s=self.clock() - begin,
            potential=record.potential,
            errors=record.errors,
            failure=record.failure,
        )
        write_fit(folder, record)
        self._keep(fit, folder, record)

    def _fitted(
        self,
        trainer: Trainer,
        recipe: FitRecipe,
        frames: Sequence[LabelledFrame],
        folder: Path,
        tell: Callable[[str, float], None],
    ) -> FitRecord:
        potential: FittedPotential | None = None
        try:
            potential = trainer.fit(recipe, frames, make_folder(folder / POTENTIAL), on_progress=tell)
            tell("starting it for the test", 1.0)
            with closing(trainer.open(potential)) as session:
                tell(f"testing it on {len(self.data.test)} frames", 1.0)
                errors = errors_on(session, self.data.test)
        except (TrainingFailedError, SessionError) as error:
            return FitRecord(frames=(), spent_s=0.0, potential=None, errors=(), failure=Problem.from_error(error))
        return FitRecord(frames=(), spent_s=0.0, potential=potential, errors=errors, failure=None)

    def _keep(self, fit: PlannedFit, folder: Path, record: FitRecord) -> None:
        self.cut.pop(fit, None)
        self.done[fit] = DoneFit(fit, folder, record)
        if record.failure is not None:
            self.problems.append(
                Problem(
                    record.failure.kind,
                    f"{fit.engine.value} {fit.size} on {fit.frames} frames: {record.failure.message}",
                    f"{record.failure.hint} To try it again, remove {folder}.".strip(),
                )
            )

    def _measure_speeds(self) -> None:
        """Time each model once, with the fit to the most frames that there is."""
        for fit, one in sorted(self.done.items(), key=lambda item: (-item[0].frames, item[0])):
            if one.record.potential is None or fit.engine not in self._by_engine or self.speeds.has(fit.model):
                continue
            share = min(1.0, self.spent_s / self.budget_s)  # fits of other machines may be more than it has
            self.on_progress(f"{fit.engine.value} {fit.size}, timing steps", share)
            self.speeds.measure(fit.model, self._by_engine[fit.engine], one.record.potential)

    def _recipe(self, fit: PlannedFit) -> FitRecipe:
        key = (fit.engine, fit.size, fit.repeat)
        if key not in self._recipes:
            trainer = self._by_engine[fit.engine]
            for recipe in trainer.recipes(self.data.elements, seed=self.seed + fit.repeat):
                self._recipes[(fit.engine, recipe.size, fit.repeat)] = recipe
        return self._recipes[key]

    def _positions(self, fit: PlannedFit) -> tuple[int, ...]:
        if fit.repeat not in self._orders:
            self._orders[fit.repeat] = training_order(
                self.data.frames, self.data.train, seed=self.seed * 1000 + fit.repeat
            )
        return self._orders[fit.repeat][: fit.frames]

    def _folder_of(self, fit: PlannedFit) -> Path:
        frames = self.data.chosen(self._positions(fit))
        return fit_folder(self.folder / FITS, self._recipe(fit), frames, self.data.test)


def set_aside_in(run: PilotRun) -> tuple[Notice, ...]:
    """Return notices about files of a pilot's folder that could not be used: what they held was done again."""
    return set_aside_notices("unreadable_training", [*run.set_aside, *run.speeds.set_aside])
