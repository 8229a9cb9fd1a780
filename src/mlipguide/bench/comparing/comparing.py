"""Two runs matched measurement by measurement, and what is said of each change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from mlipguide.bench.disturbed import shows
from mlipguide.catalog.additions import addition_words
from mlipguide.core.errors import InputError
from mlipguide.costmodel.costs import step_time_of
from mlipguide.hardware.fingerprint import differing_fields
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.timing.axes import choice_words
from mlipguide.records.timing.comparison import Change, Comparison, Pairing, Side
from mlipguide.records.timing.measurement import Disturbance, Measurement, Weights
from mlipguide.stats.gate import has_waited, shared_confidence, verdict_on
from mlipguide.stats.ratios import Ratio, ratio_of_runs

Key = tuple[object, ...]
LISTED = 3
"""How many measurements a message names."""


@dataclass(frozen=True)
class Run:
    """One side of a comparison of separate runs."""

    name: str
    taken_at: str
    machine: Machine
    measurements: Sequence[Measurement]


def compare_runs(baseline: Run, current: Run, *, max_slowdown: float, normalise: bool) -> Comparison:
    """Compare what both runs have: the same model, size, settings, scenario and kind of weights.

    Raises:
        InputError: The machines differ and ``normalise`` is not set, a measurement has no times of the reference
            kernel to be normalised with, or the runs have nothing in common.
    """
    if not normalise:
        require_same_machine(baseline, current)
    old, new = ({key_of(item): item for item in run.measurements} for run in (baseline, current))
    common = [key for key in old if key in new]
    if not common:
        raise InputError(
            f"'{baseline.name}' and '{current.name}' have no measurement in common.",
            hint=f"The first has {_listed(old.values())}; the second {_listed(new.values())}.",
            kind="nothing_in_common",
        )
    if normalise:
        for run, found in ((baseline, old), (current, new)):
            _require_references(run.name, [found[key] for key in common])
    confidence = shared_confidence(len(common))
    return Comparison(
        baseline=side_of(baseline.name, baseline.taken_at, baseline.machine.fingerprint, list(old.values())),
        current=side_of(current.name, current.taken_at, current.machine.fingerprint, list(new.values())),
        pairing=Pairing.SEPARATE,
        normalised=normalise,
        max_slowdown=max_slowdown,
        changes=tuple(
            _separate(old[key], new[key], confidence, len(common), max_slowdown=max_slowdown, normalise=normalise)
            for key in common
        ),
        only_in_baseline=tuple(label_of(item) for key, item in old.items() if key not in new),
    )


def require_same_machine(baseline: Run, current: Run) -> None:
    """Refuse to compare timings of different machines, and name what differs.

    Raises:
        InputError: The fingerprints differ.
    """
    if baseline.machine.fingerprint == current.machine.fingerprint:
        return
    names = differing_fields(baseline.machine, current.machine)
    what = ", ".join(names) if names else "the rule by which fingerprints are made"
    raise InputError(
        f"'{baseline.name}' and '{current.name}' were measured on different machines; what differs: {what}.",
        hint="Measure the baseline here, use --normalise to divide by a reference kernel, or --against-env to measure "
        "both here.",
        kind="another_machine",
    )


def key_of(measurement: Measurement) -> Key:
    """Return what two measurements must share to be compared."""
    return (
        measurement.model,
        measurement.atoms,
        measurement.settings,
        measurement.scenario,
        measurement.weights,
        measurement.propagated,
    )


def label_of(measurement: Measurement) -> str:
    """Return a measurement as text."""
    settings = measurement.settings
    threads = f"{settings.threads} thread{'s' if settings.threads > 1 else ''}"
    if settings.ranks > 1:
        threads = f"{settings.ranks} MPI ranks, {threads}"
    if settings.choices:
        threads = f"{threads}, {choice_words(settings.choices)}"
    if settings.additions:
        threads = f"with {addition_words(settings.additions)}, {threads}"
    synthetic = ", random weights" if measurement.weights is Weights.SYNTHETIC else ""
    return (
        f"{measurement.model}, {measurement.atoms} atoms, {threads}, {settings.dtype}, {settings.device}, "
        f"{measurement.scenario.value}{synthetic}"
    )


def side_of(name: str, taken_at: str, fingerprint: str, measurements: Sequence[Measurement]) -> Side:
    """Describe a side."""
    return Side(
        name=name,
        taken_at=taken_at,
        fingerprint=fingerprint,
        versions={item.backend: item.versions for item in measurements},
    )


def change_between(
    old: Measurement,
    new: Measurement,
    ratio: Ratio,
    cpu_ratio: Ratio | None,
    *,
    source: str,
    max_slowdown: float,
) -> Change:
    """Return a change with its verdict.

    Args:
        old: The baseline's measurement.
        new: The present one.
        ratio: Of wall time, at the confidence shared by all comparisons.
        cpu_ratio: Of processor time.
        source: How the ratios were obtained.
        max_slowdown: The threshold.
    """
    wall, cpu = estimate_of(ratio, source), None if cpu_ratio is None else estimate_of(cpu_ratio, source)
    slower_side = new if ratio.value > 1 else old
    return Change(
        model=old.model,
        atoms=old.atoms,
        settings=old.settings,
        scenario=old.scenario,
        baseline_s=step_time_of(old),
        current_s=step_time_of(new),
        ratio=wall,
        cpu_ratio=cpu,
        verdict=verdict_on(wall, cpu, max_slowdown=max_slowdown, waited=_waited(slower_side)),
    )


def estimate_of(ratio: Ratio, source: str) -> Estimate:
    """Return a ratio as an estimate."""
    return Estimate(value=ratio.value, low=ratio.low, high=ratio.high, basis=Basis.MEASURED, source=source)


def source_of(what: str, comparisons: int) -> str:
    """Word where a ratio comes from, and for how many of them together its interval holds."""
    return what if comparisons == 1 else f"{what}; 90 % for all {comparisons} comparisons together"


def _separate(
    old: Measurement,
    new: Measurement,
    confidence: float,
    comparisons: int,
    *,
    max_slowdown: float,
    normalise: bool,
) -> Change:
    # The reference kernel runs on the processor: of a GPU's speed it says nothing.
    references = (old.reference_s, new.reference_s) if old.settings.device == "cpu" else None
    source = source_of(f"records {old.record} and {new.record}", comparisons)
    ratio = ratio_of_runs(
        old.steady.wall_s, new.steady.wall_s, confidence=confidence, references=references, normalise=normalise
    )
    counted = all(min(item.steady.cpu_s, default=0.0) > 0 for item in (old, new))
    cpu = (
        ratio_of_runs(
            old.steady.cpu_s, new.steady.cpu_s, confidence=confidence, references=references, normalise=normalise
        )
        if counted
        else None
    )
    return change_between(old, new, ratio, cpu, source=source, max_slowdown=max_slowdown)


def _require_references(name: str, measurements: Sequence[Measurement]) -> None:
    elsewhere = next((item for item in measurements if item.settings.device != "cpu"), None)
    if elsewhere is not None:
        raise InputError(
            f"'{name}' cannot be normalised: the reference kernel runs on the processor and says nothing of "
            f"{elsewhere.settings.device}.",
            hint="Measure the baseline on this machine.",
            kind="no_reference",
        )
    lacking = next((item for item in measurements if not item.reference_s), None)
    if lacking is not None:
        raise InputError(
            f"'{name}' cannot be normalised: no reference kernel was timed beside {label_of(lacking)}.",
            hint="Measure it again with this version of mlipguide; older ones did not time the kernel.",
            kind="no_reference",
        )


def _waited(measurement: Measurement) -> bool:
    """Return whether the steps waited for others: not for a GPU, and not for each other on a quiet machine."""
    if measurement.settings.device != "cpu":
        return False
    disturbance = measurement.disturbance
    return (_is_unknown(disturbance) or shows(disturbance)) and has_waited(
        wall_s=median(measurement.steady.wall_s),
        cpu_s=median(measurement.steady.cpu_s),
        threads=measurement.settings.processors,
    )


def _is_unknown(disturbance: Disturbance) -> bool:
    return disturbance.steal_share is None and disturbance.other_load_share is None


def _listed(measurements: Iterable[Measurement]) -> str:
    found = [label_of(item) for item in measurements]
    return "; ".join(found[:LISTED]) + (f" and {len(found) - LISTED} more" if len(found) > LISTED else "")
