"""Several models at once: started, asked about the same frames one after another, ended together."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlipguide.bench.measuring.measuring import Opener, Progress, session_request
from mlipguide.candidates.neighbours_seen import seen
from mlipguide.candidates.preparation import Preparation, Prepared
from mlipguide.core.errors import EnvironmentFailedError, InputError, MeasurementFailedError, MlipguideError
from mlipguide.records.advice.verdict_reasons import Constraint
from mlipguide.records.hardware.environment import EnvironmentState
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice, Problem
from mlipguide.sessions.errors import HINTS, FailureKind, SessionError
from mlipguide.sessions.interface import ModelSession, SinglePoint

if TYPE_CHECKING:
    from ase import Atoms

FEWEST = 2
PATIENCE = 3
"""Frames in a row that a model may fail on before it is asked no more."""


@dataclass(kw_only=True)
class Committee:
    """Models that are loaded.

    Attributes:
        sessions: By model, in the order they were asked for.
        notices: What there is to say.
        problems: Models that failed.
        took_s: Wall time of the last answer of each model.
    """

    sessions: dict[str, ModelSession]
    notices: list[Notice] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    took_s: dict[str, float] = field(default_factory=dict)
    _failures: dict[str, int] = field(default_factory=dict)
    _in_a_row: dict[str, int] = field(default_factory=dict)
    _last: dict[str, str] = field(default_factory=dict)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that are left."""
        return tuple(self.sessions)

    def evaluate(self, atoms: Atoms) -> dict[str, SinglePoint]:
        """Return what every model that is left says of ``atoms``; one that fails on it is missing.

        Raises:
            MeasurementFailedError: Fewer than two models are left.
        """
        found: dict[str, SinglePoint] = {}
        for model, session in list(self.sessions.items()):
            begin = time.monotonic()
            try:
                found[model] = seen(model, session, atoms)
                self.took_s[model] = time.monotonic() - begin
                self._in_a_row[model] = 0
            except SessionError as error:
                self._count(model, error)
        return found

    def drop(self, model: str, error: MlipguideError) -> None:
        """Ask a model no more.

        Raises:
            MeasurementFailedError: Fewer than two are left.
        """
        self.sessions.pop(model).close()
        self._failures.pop(model, None)
        self.problems.append(Problem.from_error(error, model=model))
        if len(self.sessions) < FEWEST:
            raise MeasurementFailedError(
                f"Fewer than two models are left to compare. The last failure: {error.message}",
                hint=error.hint or "Name further models with --models.",
                kind=error.kind,
            )

    def tell_failures(self) -> None:
        """Turn failures on single frames into notices."""
        for model, count in self._failures.items():
            frames = "1 frame" if count == 1 else f"{count} frames"
            self.notices.append(
                Notice("frame_failed", f"{model} failed on {frames}, which count nowhere: {self._last[model]}")
            )
        self._failures.clear()

    def _count(self, model: str, error: SessionError) -> None:
        self._failures[model] = self._failures.get(model, 0) + 1
        self._in_a_row[model] = self._in_a_row.get(model, 0) + 1
        self._last[model] = error.message
        if error.ends_session or self._in_a_row[model] >= PATIENCE:
            self.drop(model, error)


@contextmanager
def open_committee(
    preparation: Preparation, machine: Machine, opener: Opener, on_progress: Progress
) -> Iterator[Committee]:
    """Start what can be started and give it out; every worker is ended with the block.

    Models with random weights, and those that stay out for want of an environment or of weights, are problems.

    Raises:
        EnvironmentFailedError: Fewer than two models have an environment.
        InputError: Fewer than two models have weights.
        MeasurementFailedError: Fewer than two models could be loaded.
    """
    problems = [*preparation.problems, *(_refusal(item) for item in preparation.candidates if _stays_out(item))]
    usable = [item for item in preparation.candidates if not _stays_out(item)]
    if len(usable) < FEWEST:
        _refuse(preparation, usable, problems)
    committee = Committee(sessions={}, problems=problems)
    try:
        for item in usable:
            on_progress(f"loading {item.card.id}", 0.0)
            try:
                committee.sessions[item.card.id] = opener(session_request(item, machine))
            except SessionError as error:
                committee.problems.append(Problem.from_error(error, model=item.card.id))
        if len(committee.sessions) < FEWEST:
            last = committee.problems[-1]
            raise MeasurementFailedError(
                f"Fewer than two models could be loaded: {last.message}",
                hint=last.hint,
                kind=last.kind,
                model=last.model,
            )
        yield committee
    finally:
        for session in committee.sessions.values():
            session.close()


def _stays_out(item: Prepared) -> bool:
    return item.synthetic or item.obstacle is not None


def _refusal(item: Prepared) -> Problem:
    if item.obstacle is not None and item.obstacle.constraint is Constraint.CUTOFF:
        hint = HINTS[FailureKind.NO_NEIGHBOURS]
        return Problem(
            Constraint.CUTOFF.value, f"{item.card.id} was left out: {item.obstacle.message}", hint, item.card.id
        )
    if item.environment.state is not EnvironmentState.READY:
        return Problem(
            "environment_missing",
            f"{item.card.id} was left out: the environment of {item.card.backend} is {item.environment.state.value}.",
            f"Get it with: mlipguide env build {item.card.backend} (or give --yes).",
            model=item.card.id,
        )
    return Problem(
        "weights",
        f"{item.card.id} was left out: its weights are not on this machine, and forces of random weights mean nothing.",
        f"Give the checkpoint file with --weights {item.card.id}=PATH, or --yes to download it where that is possible.",
        model=item.card.id,
    )


def _refuse(preparation: Preparation, usable: Sequence[Prepared], problems: Sequence[Problem]) -> None:
    can = f"only {usable[0].card.id}" if usable else "none of those that were named"
    why = [problem.message for problem in problems] or [notice.message for notice in preparation.notices]
    message = f"Two models at least are needed to disagree, and {can} can be run here. {why[0] if why else ''}".strip()
    if not problems:
        raise InputError(message, hint="For example --models sevennet-l3i5,sevennet-0,chgnet-0.3.0")
    first = problems[0]
    kind = EnvironmentFailedError if first.kind == "environment_missing" else InputError
    raise kind(message, hint=first.hint, kind=first.kind, model=first.model)
