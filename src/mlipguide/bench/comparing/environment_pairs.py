"""Two environments of the same backends, measured in turn on this machine, burst by burst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from mlipguide.bench.assembly import measurements_of
from mlipguide.bench.candidate_run import CandidateRun
from mlipguide.bench.comparing.comparing import change_between, key_of, side_of, source_of
from mlipguide.bench.loading import load_all
from mlipguide.bench.measuring.measuring import session_request, usable_memory_bytes
from mlipguide.bench.measuring.run_options import RunOptions
from mlipguide.bench.pairs import LOOKS, PairedRun, PairedSize, PairRules
from mlipguide.bench.protocol import load_protocol
from mlipguide.bench.subject import SizeSource, Subject
from mlipguide.candidates.preparation import Prepared
from mlipguide.core.errors import MeasurementFailedError
from mlipguide.core.paths import logs_dir, make_folder, measurements_dir
from mlipguide.environments.adoption import examine
from mlipguide.records.hardware.environment import Environment
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice, Problem
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.comparison import Change, Comparison, Pairing
from mlipguide.records.timing.measurement import Measurement
from mlipguide.sessions.interface import Conditions
from mlipguide.stats.gate import shared_confidence
from mlipguide.store import measurements as store

TARGET_HALF_WIDTH = 0.01


@dataclass(frozen=True)
class PairedSubject:
    """A model with its settings and conditions, and the numbers of atoms to time."""

    item: Prepared
    conditions: Conditions
    sizes: tuple[int, ...]


@dataclass
class PairedOutcome:
    """What came out, and what went wrong on the way."""

    comparison: Comparison
    notices: list[Notice]
    problems: list[Problem]


@dataclass
class _Found:
    """What one subject gave: measurements of both sides by key, and the rounds by number of atoms."""

    measurements: tuple[tuple[Measurement, ...], tuple[Measurement, ...]]
    pairs: dict[int, PairedSize]


def old_environments(subjects: Sequence[PairedSubject], python: Path) -> dict[str, Environment]:
    """Return the other environment of each backend, after importing the backend there.

    Raises:
        InputError: There is no such interpreter.
        EnvironmentFailedError: It cannot serve one of the backends.
    """
    recipes = {subject.item.recipe.backend: subject.item.recipe for subject in subjects}
    return {backend: examine(recipe, python) for backend, recipe in recipes.items()}


def compare_environments(
    subjects: Sequence[PairedSubject],
    old: dict[str, Environment],
    *,
    machine: Machine,
    sizes: SizeSource,
    max_slowdown: float,
    budget_s: float,
    options: RunOptions,
) -> PairedOutcome:
    """Measure every subject in its present environment and in the old one, in turn.

    Args:
        subjects: What is measured.
        old: The other environment of each backend.
        machine: This machine.
        sizes: Makes the structures.
        max_slowdown: The threshold.
        budget_s: Seconds of stepping for all subjects together.
        options: How to go about it.

    Raises:
        MeasurementFailedError: No size gave a whole round.
    """
    make_folder(measurements_dir())
    make_folder(logs_dir())
    comparisons = sum(len(subject.sizes) for subject in subjects)
    confidence = shared_confidence(comparisons, looks=len(LOOKS))
    found: list[_Found] = []
    problems: list[Problem] = []
    for position, subject in enumerate(subjects):
        rules = PairRules(
            confidence=confidence,
            max_slowdown=max_slowdown,
            target_half_width=TARGET_HALF_WIDTH,
            budget_s=budget_s / len(subjects),
        )
        sides = _open(subject, old[subject.item.card.backend], machine, options)

        def tell(message: str, share: float, *, done: int = position) -> None:
            options.on_progress(message, (done + share) / len(subjects))

        runner = PairedRun(
            sides,
            conditions=subject.conditions,
            protocol=load_protocol(),
            rules=rules,
            usable_cores=machine.cpu.usable_cores,
            memory_bytes=usable_memory_bytes(machine, subject.item.settings),
            on_progress=tell,
        )
        pairs: dict[int, PairedSize] = {}
        try:
            if all(side.alive for side in sides):
                pairs = runner.measure([sizes.make(size) for size in subject.sizes])
        finally:
            for side in sides:
                side.close()
            kept = _keep(sides, subject, machine, sizes.summary)
        found.append(_Found(kept, pairs))
        for side, name in zip(sides, ("old", "present"), strict=True):
            problems.extend(
                replace(item, message=f"In the {name} environment: {item.message}") for item in side.problems
            )
    changes = [change for one in found for change in _changes(one, confidence, comparisons, max_slowdown)]
    if not changes:
        raise _nothing(problems)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    olds, news = ([m for one in found for m in one.measurements[index]] for index in (0, 1))
    present = [subject.item.environment.python or "" for subject in subjects]
    return PairedOutcome(
        Comparison(
            baseline=side_of(_names([str(item.python) for item in old.values()]), now, machine.fingerprint, olds),
            current=side_of(_names(present), now, machine.fingerprint, news),
            pairing=Pairing.INTERLEAVED,
            normalised=False,
            max_slowdown=max_slowdown,
            changes=tuple(changes),
            only_in_baseline=(),
        ),
        _notices(found),
        problems,
    )


def _open(
    subject: PairedSubject, old: Environment, machine: Machine, options: RunOptions
) -> tuple[CandidateRun, CandidateRun]:
    item = subject.item
    first, second = (
        CandidateRun(
            Subject(
                card=item.card,
                settings=item.settings,
                open=partial(options.opener, session_request(replace(item, environment=environment), machine)),
            ),
            subject.sizes,
        )
        for environment in (old, item.environment)
    )
    try:
        load_all((first, second), at_once=1, on_progress=options.on_progress)
    except BaseException:
        first.close()
        second.close()
        raise
    return first, second


def _keep(
    sides: tuple[CandidateRun, CandidateRun], subject: PairedSubject, machine: Machine, structure: StructureSummary
) -> tuple[tuple[Measurement, ...], tuple[Measurement, ...]]:
    first, second = (
        measurements_of(side, structure=structure, conditions=subject.conditions, fingerprint=machine.fingerprint)
        for side in sides
    )
    for record in (*first, *second):
        store.append(record)
    return first, second


def _changes(found: _Found, confidence: float, comparisons: int, max_slowdown: float) -> list[Change]:
    new = {key_of(item): item for item in found.measurements[1]}
    changes: list[Change] = []
    for item in found.measurements[0]:
        pair, other = found.pairs.get(item.atoms), new.get(key_of(item))
        if pair is None or other is None:
            continue
        changes.append(
            change_between(
                item,
                other,
                pair.ratio(confidence),
                pair.cpu_ratio(confidence),
                source=source_of(f"{pair.rounds} interleaved rounds", comparisons),
                max_slowdown=max_slowdown,
            )
        )
    return changes


def _notices(found: Sequence[_Found]) -> list[Notice]:
    few = [
        f"{one.measurements[0][0].model} at {atoms} atoms ({pair.rounds})"
        for one in found
        for atoms, pair in one.pairs.items()
        if pair.rounds < LOOKS[0]
    ]
    if not few:
        return []
    return [
        Notice(
            "few_rounds",
            f"The budget ended before {LOOKS[0]} rounds: {', '.join(few)}. Give a longer --budget or smaller sizes.",
        )
    ]


def _names(pythons: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(pythons))


def _nothing(problems: Sequence[Problem]) -> MeasurementFailedError:
    if not problems:
        return MeasurementFailedError("Nothing could be measured within the budget.", hint="Give a longer --budget.")
    first = problems[0]
    return MeasurementFailedError(
        f"Nothing could be measured: {first.message}", hint=first.hint, kind=first.kind, model=first.model
    )
