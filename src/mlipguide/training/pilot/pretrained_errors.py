"""Pretrained models on the test frames of a pilot: what a fit has to beat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from ase.data import chemical_symbols

from mlipguide.bench.measuring.measuring import Opener, session_request
from mlipguide.candidates.preparation import Consent, Prepared, prepare_candidates
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import MlipguideError
from mlipguide.core.kept_files import REDO, KeptFiles, UnusableFileError, unless_unusable
from mlipguide.core.readable import duration
from mlipguide.records.checks import LONGEST_S, require_within
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice, Problem, set_aside_notices
from mlipguide.records.strict import strict
from mlipguide.records.training.pilot import PretrainedErrors
from mlipguide.records.training.training import FrameDeviation
from mlipguide.stats.energy_shifts import ShiftedEnergies, shifted_energies
from mlipguide.stats.errors import groups_of
from mlipguide.structures.labels import LabelledFrame
from mlipguide.structures.trajectories import composition_of
from mlipguide.training.fit.fit_folders import digest
from mlipguide.training.fit.held_out_errors import errors_on
from mlipguide.training.pilot.answer import errors_together

READY = "ready"
NONE = "none"
SHARE = 0.3
"""Of a pilot's time that may go into pretrained models: the fits are what it is for (a judgement)."""
DIGITS = 10


class _TooSlowError(Exception):
    """Raised from within a test that would take more than its time."""

    def __init__(self, needed_s: float) -> None:
        super().__init__()
        self.needed_s = needed_s


@strict
@dataclass(frozen=True, kw_only=True)
class PretrainedRecord:
    """What a test took and gave; ``needed_s`` is what it would take where it was given up."""

    spent_s: float
    errors: tuple[FrameDeviation, ...]
    call_time_per_atom_s: float | None
    needed_s: float | None
    failure: Problem | None

    def check(self) -> None:
        """Refuse what no test gives.

        Raises:
            ValueError: What does not make sense.
        """
        require_within(
            0,
            LONGEST_S,
            spent_s=self.spent_s,
            needed_s=self.needed_s,
            call_time_per_atom_s=self.call_time_per_atom_s,
        )


TESTS = KeptFiles(kind=PretrainedRecord, name="test of a pretrained model", key="test", format=2, hint=REDO)
"""The first version kept energies after a shift that flattered them: such a test is done again."""


@dataclass(kw_only=True)
class PretrainedTests:
    """Tests models and remembers it in files.

    Attributes:
        folder: Of the files.
        test: Labelled frames.
        machine: This machine.
        opener: Starts a model.
        clock: Seconds from some moment on.
        budget_s: Wall time for all of them, earlier runs included.
        on_progress: Told what is being done.
    """

    folder: Path
    test: Sequence[LabelledFrame]
    machine: Machine
    opener: Opener
    clock: Callable[[], float]
    budget_s: float
    on_progress: Callable[[str], None]
    spent_s: float = field(default=0.0, init=False)
    found: list[PretrainedErrors] = field(default_factory=list, init=False)
    notices: list[Notice] = field(default_factory=list, init=False)
    problems: list[Problem] = field(default_factory=list, init=False)
    _took_s: list[float] = field(default_factory=list, init=False)
    _unasked: list[str] = field(default_factory=list, init=False)

    def run(self, names: Sequence[str], consent: Consent) -> None:
        """Test the models of these names, or all that are ready here and know the elements.

        Raises:
            InputError: There is no model of such a name.
            StorageError: The folder cannot be written.
        """
        catalogue = load_catalogue()
        every = READY in names
        elements = {chemical_symbols[number] for frame in self.test for number in map(int, frame.atoms.numbers)}
        cards = catalogue.cards if every else catalogue.select(tuple(names))
        knowing = [card for card in cards if card.training.elements is None or elements <= set(card.training.elements)]
        prepared = prepare_candidates(
            knowing,
            self.machine,
            given_weights={},
            consent=replace(consent, granted=False, ask=None) if every else consent,
            on_progress=self.on_progress,
        )
        if not every:
            unknowing = [card.id for card in cards if card not in knowing]
            if unknowing:
                self.notices.append(
                    Notice("unsupported_element", f"{', '.join(unknowing)}: not compared, an element is unknown to it.")
                )
            self.notices.extend(prepared.notices)
            self.notices.extend(
                Notice("left_out", f"{item.card.id}: {item.obstacle.message}")
                for item in prepared.candidates
                if item.obstacle is not None
            )
        ready = [item for item in prepared.candidates if item.obstacle is None and not item.synthetic]
        for item in sorted(ready, key=_promise):
            self._one(item)
        if self._unasked:
            self.notices.append(
                Notice(
                    "no_time",
                    f"{', '.join(self._unasked)}: not compared, the part of the budget for pretrained models "
                    f"({duration(self.budget_s)}) was used up. Name fewer with --models.",
                )
            )

    def _one(self, item: Prepared) -> None:
        path = self.folder / f"{item.card.id}-{digest(self.test)[:DIGITS]}.json"
        record = self._read(path)
        left_s = self.budget_s - self.spent_s
        if record is None and left_s < min(self._took_s, default=0.0):
            self._unasked.append(item.card.id)
            return
        if record is None or (record.needed_s is not None and record.needed_s <= left_s):
            self.on_progress(f"testing {item.card.id} on the same frames")
            record = self._tested(item, left_s)
            TESTS.write(path, record)
        self.spent_s += record.spent_s
        self._took_s.append(record.spent_s)
        if record.failure is not None:
            self.problems.append(record.failure)
        elif record.needed_s is not None:
            self.notices.append(
                Notice(
                    "no_time",
                    f"{item.card.id}: not compared, it would take {duration(record.needed_s)} of the budget. "
                    f"Give a longer --budget.",
                )
            )
        else:
            assert record.call_time_per_atom_s is not None
            self.found.append(
                PretrainedErrors(
                    model=item.card.id,
                    name=item.card.name,
                    errors=errors_together(record.errors, item.card.id, shifted=shifted(record.errors, self.test)),
                    call_time_per_atom_s=record.call_time_per_atom_s,
                )
            )

    def _tested(self, item: Prepared, left_s: float) -> PretrainedRecord:
        begin = self.clock()
        atoms = sum(len(frame.atoms) for frame in self.test)
        first: list[float] = []

        def watch(done: int) -> None:
            now = self.clock()
            first.append(now)
            if len(first) == 1:
                return
            done_atoms = sum(len(frame.atoms) for frame in self.test[1:done])
            rest = sum(len(frame.atoms) for frame in self.test[done:])
            needed_s = now - begin + (now - first[0]) * rest / done_atoms
            if needed_s > left_s:
                raise _TooSlowError(needed_s)

        try:
            with closing(self.opener(session_request(item, self.machine))) as session:
                loaded = self.clock()
                errors = errors_on(session, self.test, on_frame=watch)
        except _TooSlowError as error:
            return self._record(begin, needed_s=error.needed_s)
        except MlipguideError as error:
            problem = Problem(error.kind, f"{item.card.id}: {error.message}", error.hint, item.card.id)
            return self._record(begin, failure=problem)
        spent = self.clock()
        return PretrainedRecord(
            spent_s=spent - begin,
            errors=errors,
            call_time_per_atom_s=(spent - loaded) / atoms,
            needed_s=None,
            failure=None,
        )

    def _record(
        self, begin: float, *, needed_s: float | None = None, failure: Problem | None = None
    ) -> PretrainedRecord:
        return PretrainedRecord(
            spent_s=self.clock() - begin, errors=(), call_time_per_atom_s=None, needed_s=needed_s, failure=failure
        )

    def _read(self, path: Path) -> PretrainedRecord | None:
        set_aside: list[UnusableFileError] = []
        record = unless_unusable(path, TESTS.read, set_aside)
        self.notices.extend(set_aside_notices("unreadable_training", set_aside))
        return record


def shifted(errors: Sequence[FrameDeviation], frames: Sequence[LabelledFrame]) -> ShiftedEnergies | None:
    """Return the errors of energies after a shift for each element; None where no frame has an energy.

    Another calculation of reference counts energies from other atoms; the differences of structures are compared.
    """
    known = [
        (one, composition_of(frame.atoms), one.energy_error_ev_per_atom * one.atoms)
        for one, frame in zip(errors, frames, strict=True)
        if one.energy_error_ev_per_atom is not None
    ]
    if not known:
        return None
    differences = -np.array([wrong for _, _, wrong in known])
    return shifted_energies([parts for _, parts, _ in known], differences, groups_of([one for one, _, _ in known]))


def _promise(item: Prepared) -> tuple[float, str]:
    metrics = item.card.metrics
    kappa = None if metrics is None else metrics.kappa_srme
    return (9.0 if kappa is None else kappa, item.card.id)
