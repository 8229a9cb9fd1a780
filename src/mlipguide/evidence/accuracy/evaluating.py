"""What ``evaluate`` and ``recommend --labels`` share: models on labelled frames, one after another, each one kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mlipguide.bench.measuring.measuring import Opener, session_request
from mlipguide.candidates.identity import weights_digest
from mlipguide.candidates.neighbours_seen import require_seen
from mlipguide.candidates.preparation import Prepared
from mlipguide.core.errors import MlipguideError, StorageError
from mlipguide.core.paths import evidence_dir, make_folder
from mlipguide.core.readable import duration
from mlipguide.evidence.accuracy.evaluated_before import known_evaluation
from mlipguide.evidence.accuracy.frame_batches import Batched, FrameBatches, WrongBatchError, batched_notice
from mlipguide.evidence.accuracy.frame_errors import frame_errors
from mlipguide.evidence.accuracy.label_checks import frames_in_words
from mlipguide.evidence.accuracy.label_input import LabelInput
from mlipguide.evidence.accuracy.label_outliers import check_outliers
from mlipguide.evidence.accuracy.label_units import check_units
from mlipguide.evidence.accuracy.model_accuracy import model_accuracy
from mlipguide.records.accuracy.accuracy import FrameErrors, LabelFinding
from mlipguide.records.accuracy.stored_evaluation import EvaluatedOn, StoredEvaluation
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice, Problem
from mlipguide.records.timing.axes import TORCH_SIM
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import ModelSession, SinglePoint
from mlipguide.store import evidence as store
from mlipguide.structures.labels import LabelledFrame, read_labels

RESTARTS = 3
"""How often a worker that ended is started again; a frame that ends it is not asked again."""
FEWEST_FRAMES = 10
"""Evaluated whatever the budget: fewer say nothing."""
FEWEST_AT_ONCE = 2
TRIED_FRAMES = 2
"""Frames by which the speed is told; the first holds the warm-up."""

Watcher = Callable[[str, LabelledFrame, SinglePoint, FrameErrors], None]
"""Told the model, the frame, what the model said and its errors."""


@dataclass(frozen=True, kw_only=True)
class EvaluatingContext:
    """Where and how models are evaluated.

    Attributes:
        machine: This machine.
        opener: Starts a model.
        on_progress: Told what is being done.
        reevaluate: Whether stored evaluations are left aside.
        budget_s: Seconds for each model; None for no limit.
        watch: Told every answer.
    """

    machine: Machine
    opener: Opener
    on_progress: Callable[[str, float], None]
    reevaluate: bool = False
    budget_s: float | None = None
    watch: Watcher | None = None


@dataclass
class EvaluatedModels:
    """Evaluations by model, and what happened on the way."""

    by_model: dict[str, StoredEvaluation] = field(default_factory=dict)
    reused: set[str] = field(default_factory=set)
    notices: list[Notice] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> dict[str, tuple[FrameErrors, ...]]:
        """The frames' errors of each model."""
        return {name: one.frame_errors for name, one in self.by_model.items()}


def evaluate_models(candidates: Sequence[Prepared], labels: LabelInput, context: EvaluatingContext) -> EvaluatedModels:
    """Evaluate models on the chosen frames; each evaluation is stored as soon as it is whole.

    Args:
        candidates: Models that can be started with their own weights.
        labels: The labels.
        context: Where and how.
    """
    make_folder(evidence_dir())  # refused now rather than after minutes of work
    found = EvaluatedModels()
    batched: dict[str, Batched] = {}
    if not context.reevaluate:
        found.notices.extend(store.find(labels.summary.sha256).notices)
    for place, item in enumerate(candidates):
        known = None if context.reevaluate else known_evaluation(item, labels, any_sample=context.budget_s is not None)
        if known is not None:
            found.by_model[item.card.id] = replace(known, accuracy=replace(known.accuracy, reused=True))
            found.reused.add(item.card.id)
            continue
        try:
            run = _Run(item, labels, context, place / len(candidates), 1 / len(candidates))
            evaluation = run.evaluated()
            store.save(evaluation)
        except StorageError:
            raise
        except MlipguideError as error:
            found.problems.append(Problem.from_error(error, model=item.card.id))
            continue
        found.by_model[item.card.id] = evaluation
        batched[item.card.id] = run.batched
        found.notices.extend(run.notices)
    found.notices.extend(batched_notice(batched))
    if found.reused:
        found.notices.append(_reused_notice(found, context.machine))
    return found


def _reused_notice(found: EvaluatedModels, machine: Machine) -> Notice:
    latest = max(found.by_model[name].accuracy.evaluated_at for name in found.reused)
    elsewhere = {
        name
        for name in found.reused
        if {one.fingerprint for one in found.by_model[name].places} - {None, machine.fingerprint}
    }
    named = [f"{name} (on another machine)" if name in elsewhere else name for name in sorted(found.reused)]
    return Notice(
        "reused_evaluation",
        f"Evaluated earlier on the same labels, the last on {latest[:16].replace('T', ' ')} UTC, and used "
        f"again: {', '.join(named)}. --reevaluate evaluates afresh.",
    )


@dataclass(frozen=True)
class Answer:
    """How far a model is off in a frame, and what it says of it where somebody watches."""

    errors: FrameErrors
    watched: tuple[LabelledFrame, SinglePoint] | None


class _Run:
    """One model on the chosen frames."""

    def __init__(
        self, item: Prepared, labels: LabelInput, context: EvaluatingContext, share: float, width: float
    ) -> None:
        self._item, self._labels, self._context = item, labels, context
        self._share, self._width = share, width
        self._runs = {note.index: note.run for note in labels.scan.frames}
        self._atoms = {note.index: note.atoms for note in labels.scan.frames}
        self._choose(frozenset(labels.chosen))
        self._session: ModelSession | None = None
        self._starts = 0
        self._errors: list[FrameErrors] = []
        self._failures: dict[int, str] = {}
        self._tried: list[float] = []
        self._batches = FrameBatches(item)
        self._waiting: list[LabelledFrame] = []
        self._together: dict[int, Answer] = {}  # in batches, which may still turn out to be wrong
        self._asked: set[int] = set()
        self._asked_atoms = 0
        self.notices: list[Notice] = []

    def evaluated(self) -> StoredEvaluation:
        """Evaluate and return what is to be kept.

        Raises:
            MlipguideError: The model could not be started, or no frame could be evaluated.
        """
        name = self._item.card.id
        self._tell(f"loading {name}", 0.0)
        try:
            session = self._open()
            versions = session.facts.versions
            try:
                self._go_through()
            except WrongBatchError:
                self._forget_batches()
                self._go_through()
        finally:
            self._close()
        for answer in self._together.values():
            self._keep(answer)
        self._errors.sort(key=lambda one: one.frame)
        if not self._errors:
            reason = next(iter(self._failures.values()), "nothing was asked")
            raise SessionError(FailureKind.BACKEND, f"{name} could evaluate no frame: {reason}")
        self._say_failures()
        spoiled = any(one.spoils for one in check_units({name: self._errors}))
        settings = replace(self._item.settings, driver=TORCH_SIM) if self._together else self._item.settings
        accuracy = model_accuracy(
            self._item.card,
            self._errors,
            versions=versions,
            settings=settings,
            evaluated_at=datetime.now(UTC).isoformat(timespec="seconds"),
            failed_frames=sorted(self._failures),
            source=self._labels.summary.source,
        )
        evaluation = StoredEvaluation(
            record="",
            labels=replace(self._labels.summary, chosen_frames=len(self._chosen)),
            seed=self._labels.request.seed,
            weights=weights_digest(self._item),
            accuracy=accuracy,
            frame_errors=tuple(self._errors),
            spoiled=spoiled,
            places=(
                EvaluatedOn(
                    fingerprint=self._context.machine.fingerprint,
                    settings=settings,
                    frames=len(self._errors) + len(self._failures),
                ),
            ),
            slice=self._labels.request.slice,
        )
        return replace(evaluation, record=store.record_name(evaluation))

    def _go_through(self) -> None:
        begin, before = time.monotonic(), self._asked_atoms
        request = self._labels.request
        for frame in read_labels(request.path, request.keys):
            wanted = frame.index in self._chosen and frame.index not in self._asked
            if wanted and frame.forces_ev_per_angstrom is not None:
                self._go_on(frame)
                done = self._asked_atoms
                left = (time.monotonic() - begin) / max(1, done - before) * max(0, self._wanted_atoms - done)
                tenth = 10 * int(10 * done / self._wanted_atoms)
                self._tell(
                    f"evaluating {self._item.card.id} ({tenth} %), frame {len(self._asked):,} of "
                    f"{len(self._chosen):,}, about {duration(left)} left",
                    done / self._wanted_atoms,
                )
            if frame.index >= self._last:
                break
        self._evaluate_waiting()

    @property
    def batched(self) -> Batched:
        """How the frames were evaluated."""
        return self._batches.told(len(self._together), of=len(self._errors))

    def _forget_batches(self) -> None:
        """Let what was evaluated in batches be evaluated again; what was evaluated alone stays."""
        self._asked -= set(self._together)
        self._asked_atoms = sum(self._atoms[index] for index in self._asked)
        self._together.clear()
        self._waiting.clear()

    def _go_on(self, frame: LabelledFrame) -> None:
        """Evaluate a frame, or let it wait for a batch."""
        if not (self._batches.are_used and self._batches.takes(frame)):
            self._evaluate(frame)
            return
        if not self._batches.has_room(self._waiting, frame):
            self._evaluate_waiting()
        self._waiting.append(frame)

    def _evaluate_waiting(self) -> None:
        frames, self._waiting = self._waiting, []
        failed: list[LabelledFrame] = []  # each alone tells why
        if self._session is None or not self._batches.are_used or len(frames) < FEWEST_AT_ONCE:
            for frame in frames:
                self._evaluate(frame)
            return
        try:
            points = self._batches.evaluate(self._session, frames)
        except SessionError as error:
            if error.ends_session:
                self._close()
                self._batches.end(f"a batch failed: {error.message.rstrip('.')}")
            for frame in frames:
                self._evaluate(frame)
            return
        for frame, point in zip(frames, points, strict=True):
            try:
                self._together[frame.index] = self._answer(frame, self._session, point)
                self._mark(frame)
            except (SessionError, ValueError):
                failed.append(frame)
        for frame in failed:
            self._evaluate(frame)

    def _evaluate(self, frame: LabelledFrame) -> None:
        if self._session is None:
            if self._starts > RESTARTS:
                self._fail(frame, "the worker ended too often")
                return
            self._open()
        assert self._session is not None
        begin = time.monotonic()
        try:
            point = self._session.single_point(frame.atoms)
            self._keep(self._answer(frame, self._session, point))
            self._mark(frame)
            self._heed_budget(frame, time.monotonic() - begin)
            self._batches.learn(self._session, frame, point, left=len(self._chosen) - len(self._asked))
        except ValueError as error:
            self._fail(frame, str(error))
        except SessionError as error:
            if frame.index not in self._asked:
                self._fail(frame, error.message)
            if error.ends_session:
                self._close()

    def _answer(self, frame: LabelledFrame, session: ModelSession, point: SinglePoint) -> Answer:
        """Return what a model says of a frame, with its errors.

        Raises:
            SessionError: It sees no pair of atoms.
            ValueError: Its numbers are not finite.
        """
        require_seen(self._item.card.id, session, point)
        errors = frame_errors(frame, point, run=self._runs[frame.index])
        return Answer(errors, None if self._context.watch is None else (frame, point))

    def _keep(self, answer: Answer) -> None:
        self._errors.append(answer.errors)
        if self._context.watch is not None and answer.watched is not None:
            self._context.watch(self._item.card.id, *answer.watched, answer.errors)

    def _fail(self, frame: LabelledFrame, reason: str) -> None:
        self._failures[frame.index] = reason
        self._mark(frame)

    def _mark(self, frame: LabelledFrame) -> None:
        self._asked.add(frame.index)
        self._asked_atoms += self._atoms[frame.index]

    def _heed_budget(self, frame: LabelledFrame, seconds: float) -> None:
        """Take as many frames as the budget allows, by the speed of the first; those already evaluated stay."""
        budget_s = self._context.budget_s
        if budget_s is None or len(self._tried) >= TRIED_FRAMES:
            return
        self._tried.append(seconds / len(frame.atoms))
        if len(self._tried) < TRIED_FRAMES:
            return
        atoms_in_time = budget_s / min(self._tried)
        kept: list[int] = []
        for index in self._labels.chosen:
            atoms_in_time -= self._atoms[index]
            if atoms_in_time < 0 and len(kept) >= FEWEST_FRAMES:
                break
            kept.append(index)
        if len(kept) < len(self._chosen):
            self._choose(frozenset(kept) | self._asked)
            self.notices.append(
                Notice(
                    "labels_budget",
                    f"{self._item.card.id}: {len(self._chosen):,} of {len(self._labels.chosen):,} frames, as many as "
                    f"{duration(budget_s)} allow (--labels-budget).",
                )
            )

    def _choose(self, frames: frozenset[int]) -> None:
        self._chosen = frames
        self._wanted_atoms = sum(self._atoms[index] for index in frames)
        self._last = max(frames)

    def _open(self) -> ModelSession:
        self._starts += 1
        self._session = self._context.opener(session_request(self._item, self._context.machine))
        return self._session

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _say_failures(self) -> None:
        reasons: dict[str, list[int]] = {}
        for index, reason in self._failures.items():
            reasons.setdefault(reason.rstrip("."), []).append(index)
        for reason, frames in reasons.items():
            self.notices.append(
                Notice(
                    "frame_failed",
                    f"{self._item.card.id} could not evaluate {frames_in_words(sorted(frames))}: {reason}. "
                    "The others went on.",
                )
            )

    def _tell(self, message: str, share: float) -> None:
        self._context.on_progress(message, self._share + self._width * share)


def findings_of(labels: LabelInput, evaluated: EvaluatedModels) -> tuple[LabelFinding, ...]:
    """Return what looks wrong in the labels, by themselves and by the models; where units do, outliers say nothing."""
    errors = evaluated.errors
    units = check_units(errors)
    spoiled = any(one.spoils for one in units)
    return (*units, *labels.findings, *(() if spoiled else check_outliers(errors)))


def can_evaluate(item: Prepared) -> bool:
    """Tell whether a model can be started with its own weights."""
    return item.obstacle is None and not item.synthetic
