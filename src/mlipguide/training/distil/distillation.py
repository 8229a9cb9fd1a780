"""Distil a slow teacher into a fast student: label, fit, let the student run, label where it is weak, fit again.

The error is measured on a held-out trajectory of the teacher, and on frames that the student itself visits, labelled
afterwards: the second kind is what its own run meets. Rounds end when the student is about as good where it goes as
where the teacher goes, when a round brings nothing, or when the budget is used up. Frames for a further round are
chosen for diversity, those first on which a committee of bootstrap fits is least at one (query by committee; Seung et
al. 1992, doi:10.1145/130385.130417).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ase
import numpy as np

from mlipguide.core.errors import TrainingFailedError
from mlipguide.core.serialisation import from_plain, to_plain
from mlipguide.evidence.disagreement.spread import force_disagreement
from mlipguide.records.training.distillation import ForceError, Round, RunComparison
from mlipguide.records.training.training import FitRecipe, FittedPotential
from mlipguide.sessions.interface import ModelSession
from mlipguide.store.step_cache import StepCache
from mlipguide.structures.distortions import distorted_copies
from mlipguide.structures.diversity import choose_diverse
from mlipguide.structures.labels import LabelledFrame
from mlipguide.training.distil.equilibrium import equilibrium_start
from mlipguide.training.distil.run_comparison import NOT_SETTLED, compared
from mlipguide.training.distil.schedule import DISTORTION_SEED, EXPLORE_FACTOR, DistillationSchedule
from mlipguide.training.distil.student_errors import force_error
from mlipguide.training.distil.student_runs import explore, long_run, placed
from mlipguide.training.distil.teacher_dataset import (
    PIECE_STEPS,
    SampledRun,
    SamplingRun,
    labelled,
    numbered,
    sample_run,
)
from mlipguide.training.trainer import Trainer

if TYPE_CHECKING:
    from numpy.typing import NDArray

AS_GOOD = 1.3
"""Times the error on the held-out run up to which that on the student's own frames is as good (a judgement)."""
WORTH_A_ROUND = 0.05
"""By which share a round has to lower the error for another one (a judgement)."""
COMMITTEE = 2
COMMITTEE_SHARE = 0.1
"""Of the budget that may go into the bootstrap fits of a round."""
LEFT_FOR_THE_END = 0.1
"""Share of the budget for what follows the comparison: the student's speed and its run at constant energy."""
TRIVIAL = 0.5
"""Share of the root mean square of the forces beyond which a fit has learnt nothing worth having (a judgement)."""
DIVERGED = 10.0
"""Added to the error of a student whose own run flew apart, so that any other is kept before it."""


@dataclass(frozen=True, kw_only=True)
class DistillationResult:
    """Where a distillation ended.

    Attributes:
        rounds: In order.
        best: Number of the round whose fit is kept.
        potential: That fit.
        frames: That this fit was trained on.
        held_out: The frames of the run that none was taken from.
        comparison: The kept student's long run beside the teacher's.
        label_calls: Evaluations of the teacher.
        teacher_step_s: Wall times of a step of its runs, one for each piece.
        ended_because: Why there was no further round.
    """

    rounds: tuple[Round, ...]
    best: int
    potential: FittedPotential
    frames: tuple[LabelledFrame, ...]
    held_out: tuple[LabelledFrame, ...]
    comparison: RunComparison
    label_calls: int
    teacher_step_s: tuple[float, ...]
    ended_because: str


@dataclass
class Distiller:
    """One distillation; everything it does is a step that its cache remembers.

    Each step starts its student anew: an engine that keeps neighbour lists rounds by what it was asked before, and a
    run that was interrupted would end elsewhere.

    Attributes:
        teacher: Labels.
        trainer: Fits students and starts them.
        recipe: Of the student.
        member: Of the members of its committee.
        cell: The cell that is labelled.
        schedule: What is done.
        cache: Keeps it.
        on_progress: Told what is being done and the share of the budget that is used.
    """

    teacher: ModelSession
    trainer: Trainer
    recipe: FitRecipe
    member: FitRecipe
    cell: ase.Atoms
    schedule: DistillationSchedule
    cache: StepCache
    on_progress: Callable[[str, float], None]
    _calls: int = field(default=0, init=False)
    _step_times_s: list[float] = field(default_factory=list, init=False)

    def run(self) -> DistillationResult:
        """Do everything, or what is left of it.

        Raises:
            TrainingFailedError: No fit of any round was worth keeping.
            SessionError: The teacher failed.
        """
        frames = list(self._first_labels())
        held_out_run = self._sampled(self.schedule.held_out)
        start = self._start_of(held_out_run)
        # An error against a label needs no equilibrium, so that of a run which has not settled is taken all the same.
        held_out = held_out_run.frames[len(held_out_run.frames) // NOT_SETTLED if start is None else start :]
        rounds: list[Round] = []
        fits: list[FittedPotential] = []
        ended = "the largest number of rounds was reached"
        for number in range(1, self.schedule.most_rounds + 1):
            fit, found, added = self._round(number, numbered(frames), held_out)
            rounds.append(found)
            fits.append(fit)
            frames += added
            stop = self._why_stop(rounds)
            if stop is not None:
                ended = stop
                break
        best = min(range(len(rounds)), key=lambda index: _worth(rounds[index]))
        if rounds[best].held_out.relative > TRIVIAL:
            raise TrainingFailedError(
                f"No fit came near its teacher: the best force MAE is {rounds[best].held_out.relative:.0%} of the root "
                "mean square of the forces.",
                hint="Nothing was delivered. Give it more --budget, or another --engine or --size.",
            )
        comparison = self._compared(fits[best], best + 1)
        return DistillationResult(
            rounds=tuple(rounds),
            best=best + 1,
            potential=fits[best],
            frames=numbered(frames[: rounds[best].training_frames]),
            held_out=held_out,
            comparison=comparison,
            label_calls=self._calls,
            teacher_step_s=tuple(self._step_times_s),
            ended_because=ended,
        )

    def _first_labels(self) -> tuple[LabelledFrame, ...]:
        frames: list[LabelledFrame] = []
        for sampling in self.schedule.sampling_runs:
            frames += self._sampled(sampling).frames
        copies = distorted_copies(self.cell, self.schedule.distorted, seed=self.schedule.seed * 1000 + DISTORTION_SEED)
        frames += self._labelled(copies, "distorted")
        return tuple(frames)

    def _sampled(
        self,
        sampling: SamplingRun,
        *,
        known_steps: int = 0,
        longest_steps: int = 0,
        go_on: Callable[[], bool] = lambda: False,
    ) -> SampledRun:
        """Do a sampling run; its first ``known_steps`` were counted and timed before."""
        done = 0

        def told(steps: int) -> None:
            nonlocal done
            done += steps
            if done <= known_steps:
                return
            self._calls += steps
            self._tell(f"the teacher runs at {sampling.temperature_k:.0f} K")

        run = sample_run(
            self.teacher,
            self.cell,
            sampling,
            timestep_s=self.schedule.timestep_s,
            cache=self.cache,
            on_piece=told,
            longest_steps=longest_steps,
            go_on=go_on,
        )
        self._step_times_s += run.step_times_s[-(-known_steps // PIECE_STEPS) :]
        return run

    def _labelled(
        self, copies: Sequence[ase.Atoms], name: str, temperature_k: float | None = None
    ) -> tuple[LabelledFrame, ...]:
        def told() -> None:
            self._calls += 1
            self._tell(f"the teacher labels {len(copies)} structures")

        return labelled(self.teacher, copies, name=name, cache=self.cache, temperature_k=temperature_k, on_frame=told)

    def _round(
        self, number: int, frames: Sequence[LabelledFrame], held_out: Sequence[LabelledFrame]
    ) -> tuple[FittedPotential, Round, tuple[LabelledFrame, ...]]:
        fit = self._fit(f"fit-{number}", self.recipe, frames)
        error = self._error(f"held-out-error-{number}-of-{len(held_out)}", fit, held_out)
        explored = self.cache.remember(f"explore-{number}", lambda: self._explored(fit, number))
        visited = [self._placed(positions) for positions in explored["frames"]]
        spread = self._spread(number, frames, fit, visited)
        chosen = self._choose(visited, spread)
        added = self._labelled(
            [visited[index] for index in chosen],
            f"added-{number}",
            temperature_k=EXPLORE_FACTOR * self.schedule.temperature_k,
        )
        own = self._error(f"own-error-{number}", fit, added) if added else None
        found = Round(
            number=number,
            training_frames=len(frames),
            train_s=fit.train_s,
            held_out=error,
            own_frames=own,
            committee_spread_ev_per_angstrom=None if spread is None else float(np.mean(spread)),
            diverged=bool(explored["stopped"]),
        )
        return fit, found, added

    def _fit(self, name: str, recipe: FitRecipe, frames: Sequence[LabelledFrame]) -> FittedPotential:
        words = f"fitting {len(frames)} frames"
        self._tell(words)
        kept = self.cache.remember(
            name,
            lambda: to_plain(
                self.trainer.fit(
                    recipe,
                    frames,
                    self.cache.folder / "fits" / name,
                    on_progress=lambda message, _share: self._tell(f"{words}, {message}"),
                )
            ),
        )
        return from_plain(FittedPotential, kept, what=name)

    def _error(self, name: str, fit: FittedPotential, frames: Sequence[LabelledFrame]) -> ForceError:
        def error() -> Any:
            with closing(self.trainer.open(fit)) as student:
                return to_plain(force_error(student, frames))

        return from_plain(ForceError, self.cache.remember(name, error), what=name)

    def _explored(self, fit: FittedPotential, number: int) -> dict[str, Any]:
        self._tell("the student runs on its own")
        with closing(self.trainer.open(fit)) as student:
            return explore(student, self.cell, self.schedule, number)

    def _placed(self, positions: Any) -> ase.Atoms:
        return placed(self.cell, positions)

    def _spread(
        self,
        number: int,
        frames: Sequence[LabelledFrame],
        fit: FittedPotential,
        visited: Sequence[ase.Atoms],
    ) -> NDArray[np.float64] | None:
        """Return the spread of a force component over a committee on each frame, eV/Å; None where it costs too much."""
        known = self.cache.knows(f"component-spread-{number}")
        affordable = COMMITTEE * fit.train_s <= COMMITTEE_SHARE * self.schedule.budget_s
        if not visited or not (known or affordable):
            return None

        members: list[FittedPotential] = []
        for member in range(1, COMMITTEE + 1):
            generator = np.random.default_rng((self.schedule.seed, number, member))
            drawn = numbered([frames[index] for index in generator.integers(len(frames), size=len(frames))])
            members.append(self._fit(f"member-{number}-{member}", self.member, drawn))

        def spread() -> list[float]:
            forces = []
            for member in (fit, *members):
                with closing(self.trainer.open(member)) as session:
                    forces.append(_forces(session, visited))
            frames_first = np.array(forces).swapaxes(0, 1)
            return [force_disagreement(frame).of_frame_ev_per_angstrom for frame in frames_first]

        return np.array(self.cache.remember(f"component-spread-{number}", spread))

    def _choose(self, visited: Sequence[ase.Atoms], spread: NDArray[np.float64] | None) -> tuple[int, ...]:
        """Return places of the frames to label: diverse, and those first on which a committee is least at one."""
        if not visited:
            return ()
        weights = None if spread is None else spread.tolist()
        return tuple(sorted(choose_diverse(visited, min(self.schedule.added, len(visited)), weights=weights)))

    def _why_stop(self, rounds: Sequence[Round]) -> str | None:
        last = rounds[-1]
        own = last.own_frames
        if own is not None and not last.diverged:
            if own.relative <= AS_GOOD * last.held_out.relative:
                return "the student is as good where it goes as where its teacher goes"
            if len(rounds) > 1 and _worth(last) > (1 - WORTH_A_ROUND) * min(map(_worth, rounds[:-1])):
                return "a further round brought nothing"
        took_s = max(round_.train_s for round_ in rounds)
        if self.cache.used_s + 1.5 * took_s > self.schedule.budget_s:
            return "a further round would not end within the budget"
        return None

    def _compared(self, fit: FittedPotential, number: int) -> RunComparison:
        """Hold a long run of the student against the teacher's, which goes on while budget is left for it."""

        def opened() -> ModelSession:
            self._tell("the student runs beside its teacher")
            return self.trainer.open(fit)

        run = long_run(opened, self.cell, self.schedule, name=f"long-{number}", cache=self.cache)
        teacher = self._longer_held_out_run()
        return compared(run, teacher, start=self._start_of(teacher), schedule=self.schedule)

    def _longer_held_out_run(self) -> SampledRun:
        """Return the teacher's held-out run, longer than planned where budget is left, at most as the student's run."""
        planned = self.schedule.held_out
        return self._sampled(
            planned,
            known_steps=planned.steps,
            longest_steps=self.schedule.long_steps,
            go_on=lambda: self.cache.used_s < (1 - LEFT_FOR_THE_END) * self.schedule.budget_s,
        )

    def _start_of(self, run: SampledRun) -> int | None:
        return equilibrium_start(
            run.kinetic_ev,
            [float(frame.energy_ev or 0.0) for frame in run.frames],
            atoms=len(self.cell),
            temperature_k=self.schedule.temperature_k,
        )

    def _tell(self, message: str) -> None:
        self.on_progress(message, min(0.99, self.cache.used_s / self.schedule.budget_s))


def _forces(session: ModelSession, frames: Sequence[ase.Atoms]) -> NDArray[np.float64]:
    return np.array([session.single_point(frame).forces_ev_per_angstrom for frame in frames])


def _worth(found: Round) -> float:
    """Return what a fit is judged by: its worse error, as a share of the forces; one that flew apart comes last."""
    own = 0.0 if found.own_frames is None else found.own_frames.relative
    return max(found.held_out.relative, own) + (DIVERGED if found.diverged else 0.0)
