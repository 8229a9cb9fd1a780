"""Says in a few notices what disturbed the measurements of a run, and what became of disturbed steps."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.bench.causes import Cause, CauseKind, causes_of
from mlipguide.bench.disturbed import REFERENCE_SLOWDOWN, reference_level
from mlipguide.records.notice import Notice
from mlipguide.records.timing.measurement import Measurement

MOST_NAMED = 3
"""Measurements that a notice names; the rest are counted."""

_SENTENCES = {
    CauseKind.STEAL: "The hypervisor gave processor time to other virtual machines",
    CauseKind.OTHER_LOAD: "Other processes used the processors",
    CauseKind.THROTTLED: "The processor slowed itself down because it was too hot",
    CauseKind.LOW_CLOCK: "The processor ran far below its highest clock, as in a power-saving mode",
    CauseKind.GPU_THROTTLED: "The GPU was slowed down by heat or its power supply",
    CauseKind.GPU_LOW_CLOCK: "The GPU ran far below its highest clock",
    CauseKind.GPU_SHARED: "The GPU was shared with processes of others",
    CauseKind.WAITING: "Steps waited instead of computing, as for the disk, swapped memory or a processor quota",
    CauseKind.SLOW_MACHINE: "The machine itself was slower than at other times of this run, for a reason not seen here",
}
_NOTICE_KINDS = {CauseKind.WAITING: "waiting"}
"""All others are ``noisy_machine``."""


def notices_for(measurements: Sequence[Measurement]) -> tuple[Notice, ...]:
    """Return one notice for each cause, and one for steps that were set aside.

    A notice names the measurements worst hit and how hard. A reference kernel that was slow beside a measurement is
    a notice of its own only where nothing else was found there.

    Args:
        measurements: All of one run.
    """
    slowdowns = _reference_slowdowns(measurements)
    hits: dict[CauseKind, list[tuple[Cause, Measurement]]] = {}
    for measurement, slowdown in zip(measurements, slowdowns, strict=True):
        causes = causes_of(measurement)
        if not causes and slowdown is not None and slowdown > REFERENCE_SLOWDOWN:
            fact = f"a fixed calculation took {slowdown:.1f} times as long"
            causes = (Cause(kind=CauseKind.SLOW_MACHINE, strength=slowdown, fact=fact),)
        for cause in causes:
            hits.setdefault(cause.kind, []).append((cause, measurement))
    effects = {
        measurement.record: slowdown
        for measurement, slowdown in zip(measurements, slowdowns, strict=True)
        if slowdown is not None
    }
    notices = [_word(kind, hits[kind], len(measurements), effects) for kind in CauseKind if kind in hits]
    aside = _word_set_aside(measurements)
    return (*notices, aside) if aside is not None else tuple(notices)


def _word(kind: CauseKind, hits: Sequence[tuple[Cause, Measurement]], total: int, effects: dict[str, float]) -> Notice:
    worst = sorted(hits, key=lambda hit: -hit[0].strength)[:MOST_NAMED]
    named = "; ".join(f"{_name(measurement)}: {cause.fact}" for cause, measurement in worst)
    message = f"{_SENTENCES[kind]} ({len(hits)} of {total} timings). Worst: {named}."
    slowdown = max((effects.get(measurement.record, 1.0) for _, measurement in hits), default=1.0)
    if slowdown > REFERENCE_SLOWDOWN and kind is not CauseKind.SLOW_MACHINE:
        message += f" A fixed calculation took up to {slowdown:.1f} times as long as in the quicker half of the run."
    return Notice(_NOTICE_KINDS.get(kind, "noisy_machine"), message)


def _word_set_aside(measurements: Sequence[Measurement]) -> Notice | None:
    counts = [(len(one.set_aside.wall_s), len(one.steady.wall_s), one) for one in measurements]
    hit = sorted((count for count in counts if count[0]), key=lambda count: -count[0] / (count[0] + count[1]))
    if not hit:
        return None
    aside = sum(count[0] for count in counts)
    total = aside + sum(count[1] for count in counts)
    named = "; ".join(f"{_name(one)}: {left_out} of {left_out + kept}" for left_out, kept, one in hit[:MOST_NAMED])
    return Notice(
        "set_aside",
        f"{aside} of {total} steps were not counted because the machine was disturbed while they were taken. "
        f"Most: {named}.",
    )


def _name(measurement: Measurement) -> str:
    return f"{measurement.model} at {measurement.atoms} atoms"


def _reference_slowdowns(measurements: Sequence[Measurement]) -> list[float | None]:
    """Return the time of the reference kernel beside each measurement over its time when the machine was at its own.

    It is compared only among measurements of the same environment and settings on the same machine, whose kernels
    are the same program.
    """
    groups: dict[tuple[object, ...], list[Measurement]] = {}
    for measurement in measurements:
        groups.setdefault(_program_of(measurement), []).append(measurement)
    levels = {key: reference_level([one.reference_s for one in members]) for key, members in groups.items()}
    return [
        min(one.reference_s) / level if one.reference_s and (level := levels[_program_of(one)]) else None
        for one in measurements
    ]


def _program_of(measurement: Measurement) -> tuple[object, ...]:
    versions = tuple(sorted(measurement.versions.items()))
    return (measurement.fingerprint, measurement.backend, versions, measurement.settings)
