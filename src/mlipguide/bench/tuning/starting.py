"""Contenders made ready for the race: their workers started, their results compared, their structures prepared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.bench.loading import load_all
from mlipguide.bench.measuring.measuring import Opener, session_request
from mlipguide.bench.settings_sweep import plain_settings
from mlipguide.bench.size_run import SizeRun
from mlipguide.bench.subject import Size, Subject
from mlipguide.bench.tuning.checking import beyond, differences_of, results
from mlipguide.bench.tuning.contenders import Contender
from mlipguide.bench.tuning.race import Clock
from mlipguide.candidates.preparation import Prepared
from mlipguide.core.errors import MeasurementFailedError
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.timing.measurement import Settings
from mlipguide.records.timing.tuning import SettingOutcome
from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import Conditions, SinglePoint

if TYPE_CHECKING:
    from ase import Atoms

SHORTEST_PATIENCE_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Ground:
    """On what contenders are tried.

    Attributes:
        item: The model, with the settings that are its default.
        machine: This machine.
        sizes: The structures that are timed.
        compared: The structures whose results are compared.
        conditions: Temperature and step.
        opener: Starts a model.
        say: Told what is being done.
    """

    item: Prepared
    machine: Machine
    sizes: tuple[Size, ...]
    compared: tuple[Atoms, ...]
    conditions: Conditions
    opener: Opener
    say: Callable[[str], None]


class Starter:
    """Starts contenders of one model.

    Args:
        ground: On what they are tried.
        clock: What is spent.
    """

    def __init__(self, ground: Ground, clock: Clock) -> None:
        self._ground = ground
        self._clock = clock
        self._reference: tuple[SinglePoint, ...] | None = None
        self.reference: Settings | None = None
        self.runs: list[CandidateRun] = []

    def start_default(self, default: Contender) -> None:
        """Start the default beside the plain setting, whose results are what all others are compared with.

        Where a backend has no double precision, the plain setting is in its own.

        Raises:
            MeasurementFailedError: The default does not run.
        """
        plain = plain_settings(default.settings)
        reference = self._run(plain, "plain")
        default.run = self._run(default.settings, "default")
        load_all((default.run, reference), at_once=self._at_once, on_progress=self._loading)
        if reference.session is None and plain.dtype != default.settings.dtype:
            plain = replace(plain, dtype=default.settings.dtype)
            reference = self._run(plain, "plain")
            load_all((reference,), at_once=1, on_progress=self._loading)
        if default.run.session is None:
            first = default.run.problems[0]
            raise MeasurementFailedError(first.message, hint=first.hint, kind=first.kind, model=first.model)
        try:
            if reference.session is not None:
                self._ground.say("results of the plain setting")
                self._reference = results(reference.session, self._ground.compared)
                self.reference = plain
        except SessionError:
            self._reference = None  # nothing can be compared, and nothing is recommended
        finally:
            reference.close()
        self._compare(default)
        self._prepare(default)
        default.outcome = SettingOutcome.DEFAULT

    def start(self, contenders: Sequence[Contender], *, until: float) -> None:
        """Start contenders, some at a time, until a share of the budget is spent; the others are not tried.

        Args:
            contenders: In the order in which they are started.
            until: Share of the budget.
        """
        for begin in range(0, len(contenders), self._at_once):
            group = contenders[begin : begin + self._at_once]
            if self._clock.left_s(until) <= 0:
                for one in group:
                    one.leave(SettingOutcome.NOT_TRIED, "the budget ended before")
                continue
            patience_s = max(SHORTEST_PATIENCE_S, self._clock.left_s(until))
            for one in group:
                one.run = self._run(one.settings, one.words, patience_s=patience_s)
            load_all(
                [one.run for one in group if one.run is not None], at_once=self._at_once, on_progress=self._loading
            )
            for one in group:
                self._make_ready(one, patience_s)

    @property
    def _at_once(self) -> int:
        return max(1, min(4, int(self._ground.machine.cpu.usable_cores)))

    def _make_ready(self, one: Contender, patience_s: float) -> None:
        assert one.run is not None
        if one.run.session is None:
            problem = one.run.problems[0]
            late = problem.kind == FailureKind.TIMEOUT.value
            one.leave(SettingOutcome.FAILED, _late(patience_s) if late else problem.message.removesuffix("."))
            return
        self._ground.say(one.words)
        try:
            self._compare(one)
            if one.outcome is None:
                self._prepare(one)
        except SessionError as error:
            words = error.message.removesuffix(".")
            if error.failure is FailureKind.TIMEOUT:
                words = _late(patience_s)
            one.leave(SettingOutcome.FAILED, words)

    def _compare(self, one: Contender) -> None:
        """Compare results with those of the plain setting; the default stays whatever comes out."""
        assert one.run is not None
        assert one.run.session is not None
        if self._reference is None:
            if one.changed:
                one.leave(SettingOutcome.NOT_TRIED, "there is no plain setting here that it could be compared with")
            return
        one.differences = differences_of(self._reference, results(one.run.session, self._ground.compared))
        if one.changed and not one.differences.within_limits:
            one.leave(SettingOutcome.WRONG, beyond(one.differences))

    def _prepare(self, one: Contender) -> None:
        """Make the first calls on the structures that are timed."""
        run = one.run
        assert run is not None
        assert run.session is not None
        synthetic = run.session.facts.synthetic
        for size in self._ground.sizes:
            conditions = replace(
                self._ground.conditions,
                propagate=self._ground.conditions.propagate and size.propagate and not synthetic,
            )
            begin = time.monotonic()
            prepared = run.session.prepare(size.atoms, conditions)
            self._clock.count(begin, prepared.first_call_s)
            run.sizes[len(size.atoms)] = SizeRun(prepared, propagated=conditions.propagate)

    def _run(self, settings: Settings, remark: str, *, patience_s: float | None = None) -> CandidateRun:
        ground = self._ground
        request = session_request(replace(ground.item, settings=settings), ground.machine)
        subject = Subject(
            card=ground.item.card,
            settings=settings,
            open=partial(ground.opener, replace(request, patience_s=patience_s)),
            remark=remark,
        )
        run = CandidateRun(subject, ())
        self.runs.append(run)
        return run

    def _loading(self, _message: str, _share: float) -> None:
        self._ground.say("loading")


def _late(patience_s: float) -> str:
    return f"not ready within {patience_s:.0f} s"
