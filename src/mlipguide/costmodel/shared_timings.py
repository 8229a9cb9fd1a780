"""What others timed on one kind of hardware, put together so that no single one of them decides it.

Each contributor's records of one time law make a law of their own (:mod:`mlipguide.costmodel.costs`), and the times
that these laws tell at some sizes are put together by :mod:`mlipguide.stats.contributors`. What comes out enters the
transfer as timings of that hardware: below what was timed on this machine, above what was published.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mlipguide.core.formulas import parse_formula
from mlipguide.costmodel.costs import Costs, costs_from
from mlipguide.costmodel.effects import Situation
from mlipguide.costmodel.transfer import Curve, Timing, TransferModel
from mlipguide.costmodel.transfer_data import ase_situation, error_of
from mlipguide.records.hardware.device import DeviceModel
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.measurement import Disturbance, Measurement, Scenario, StepSamples
from mlipguide.records.timing.shared import SharedRecord
from mlipguide.stats.contributors import ENOUGH, Together, Told, together

MOST_ANCHORS = 3
"""Sizes at which contributors are compared: the smallest, the largest, and one between."""
MOST_CONTRIBUTORS = 25
"""Of one law on one kind of hardware; more make the answer no surer, and only slower."""
OTHER_VERSION = 0.15
"""Standard deviation of the logarithm of a time with another version of the backend. A judgement: versions of one
backend differed by up to 40 % where they differed at all."""
PLACEHOLDER = "shared"


@dataclass(frozen=True)
class SharedSet:
    """What was shared of one kind of hardware, with the settings that are asked for.

    Attributes:
        device: As the transfer names it.
        records: Of any models.
        versions: Of the packages that would run each backend, by backend; empty where that is not known.
    """

    device: DeviceModel
    records: tuple[SharedRecord, ...]
    versions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class SharedSeries:
    """What contributors tell together of one time law on one device.

    Attributes:
        timings: As the transfer takes them; none where no contributor can be believed.
        sizes: Numbers of atoms that were timed.
        peaks: Pairs of atoms and bytes; none where fewer than two contributors tell of memory.
        contributors: How many count.
        set_aside: How many do not, because they contradict the others, or all that is expected.
        days: First and last day.
    """

    timings: tuple[Timing, ...]
    sizes: tuple[int, ...]
    peaks: tuple[tuple[float, float], ...]
    contributors: int
    set_aside: int
    days: tuple[str, str]

    @property
    def source(self) -> str:
        """What the times stand on, in words."""
        first, last = self.days
        when = first if first == last else f"{first} to {last}"
        whom = "one contributor" if self.contributors == 1 else f"{self.contributors} contributors"
        aside = f", {self.set_aside} set aside" if self.set_aside else ""
        return f"shared by {whom} with this hardware{aside}, {when}, at {', '.join(map(str, self.sizes))} atoms"


def shared_series(
    found: SharedSet,
    cards: Mapping[str, ModelCard],
    structure: StructureSummary,
    expected: TransferModel,
    *,
    further_error: float = 0.0,
) -> dict[str, SharedSeries]:
    """Return what contributors tell together, by time law.

    Args:
        found: What was shared.
        cards: One of each time law.
        structure: Of the task.
        expected: Of everything else that is known.
        further_error: Standard deviation of the logarithm of what is expected, beyond what the transfer knows.
    """
    by_law: dict[str, list[SharedRecord]] = {}
    for record in found.records:
        by_law.setdefault(record.time_law, []).append(record)
    series = {}
    for law, records in by_law.items():
        if law in cards:
            situation = ase_situation(cards[law], found.device, structure.reduced_formula)
            curve = expected.curve(situation, further_error=further_error)
            contributions = list(_contributions(records, found.versions, structure))
            series[law] = _put_together(contributions, curve, situation)
    return series


@dataclass(frozen=True)
class _Contribution:
    costs: Costs
    added_error: float
    records: tuple[SharedRecord, ...]

    def told(self, atoms: float) -> Told:
        """Return the step time of a size as this contributor tells it."""
        step = self.costs.step_time_s(round(atoms))
        return Told(math.log(step.value), math.hypot(error_of(step), self.added_error))

    def peak_bytes(self, atoms: float) -> float | None:
        """Return the peak of memory of a size as this contributor tells it."""
        peak = self.costs.peak_memory_bytes(round(atoms))
        return None if peak is None else peak.value


def _contributions(
    records: Sequence[SharedRecord], versions: Mapping[str, Mapping[str, str]], structure: StructureSummary
) -> Iterator[_Contribution]:
    """Yield what each contributor tells, of the version that is used where there are records of it."""
    by_contributor: dict[str, list[SharedRecord]] = {}
    for record in records:
        by_contributor.setdefault(record.contributor, []).append(record)
    latest = sorted(by_contributor, key=lambda word: (max(one.taken_on for one in by_contributor[word]), word))
    for word in latest[-MOST_CONTRIBUTORS:]:
        own = by_contributor[word]
        same = [one for one in own if _is_same_version(one, versions.get(one.backend, {}))]
        used = same or own
        costs = costs_from([to_measurement(one) for one in used], structure=structure)
        yield _Contribution(costs, 0.0 if same else OTHER_VERSION, tuple(used))


def _is_same_version(record: SharedRecord, installed: Mapping[str, str]) -> bool:
    """Tell whether a backend's own package is the one that would run here; what is not known counts as the same."""
    here, there = installed.get(record.backend), record.versions.get(record.backend)
    return here is None or there is None or here.partition("+")[0] == there.partition("+")[0]


def _put_together(contributions: Sequence[_Contribution], expected: Curve, situation: Situation) -> SharedSeries:
    records = [record for one in contributions for record in one.records]
    sizes = tuple(sorted({record.atoms for record in records}))
    anchors = _anchors(sizes)
    kept = list(contributions)
    found: list[Together] = []
    while kept:
        told = [together([one.told(atoms) for one in kept], Told(*expected.log_normal(atoms))) for atoms in anchors]
        found = [one for one in told if one is not None]
        places = set(range(len(kept))) if len(found) == len(anchors) else set()
        for one in found:
            places &= set(one.kept)
        if len(places) == len(kept):
            break
        kept, found = [kept[place] for place in sorted(places)], []
    # Sizes of one contributor are high or low together: they are not worth more than one.
    inflated = math.sqrt(len(anchors))
    days = sorted(record.taken_on for one in (kept or contributions) for record in one.records)
    return SharedSeries(
        timings=tuple(
            Timing(situation, atoms, 0.0, math.exp(one.logarithm), inflated * one.error)
            for atoms, one in zip(anchors, found, strict=bool(found))
        ),
        sizes=tuple(sorted({record.atoms for one in kept for record in one.records})),
        peaks=_peaks(kept, anchors),
        contributors=len(kept),
        set_aside=len(contributions) - len(kept),
        days=(days[0], days[-1]),
    )


def _anchors(sizes: Sequence[int]) -> tuple[float, ...]:
    if len(sizes) <= MOST_ANCHORS:
        return tuple(map(float, sizes))
    middle = math.sqrt(sizes[0] * sizes[-1])
    between = min(sizes[1:-1], key=lambda size: abs(math.log(size / middle)))
    return (float(sizes[0]), float(between), float(sizes[-1]))


def _peaks(kept: Sequence[_Contribution], anchors: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Return the peaks of memory that contributors agree on; one alone, whom nobody confirms, tells of none."""
    told = [one for one in kept if one.costs.peak_memory is not None]
    if len(told) < ENOUGH - 1:
        return ()
    peaks: list[tuple[float, float]] = []
    for atoms in anchors:
        values = [value for one in told if (value := one.peak_bytes(atoms)) is not None]
        agreed = together([Told(math.log(value), 0.0) for value in values], None)
        if agreed is None:
            return ()
        peaks.append((atoms, math.exp(agreed.logarithm)))
    return tuple(peaks)


def to_measurement(record: SharedRecord) -> Measurement:
    """Return a shared record as the cost model takes a measurement; what was not shared is empty."""
    nothing = StepSamples(wall_s=(), energy_forces_s=(), cpu_s=())
    directions = record.periodic_directions
    return Measurement(
        record=f"{PLACEHOLDER}-{record.samples_signature[:12]}",
        taken_at=record.taken_on,
        model=record.model,
        time_law=record.time_law,
        backend=record.backend,
        scenario=Scenario.SINGLE_STREAM,
        weights=record.weights,
        settings=record.settings,
        versions=record.versions,
        fingerprint=record.machine.id,
        structure=StructureSummary(
            source=PLACEHOLDER,
            formula=record.formula,
            reduced_formula=record.formula,
            elements=tuple(parse_formula(record.formula)),
            atoms=record.atoms,
            periodic=(directions > 0, directions > 1, directions > 2),  # noqa: PLR2004  # three directions
            cell_lengths_angstrom=None,
            cell_angles_degree=None,
            number_density_per_angstrom3=record.number_density_per_angstrom3,
            shortest_distance_angstrom=None,
        ),
        atoms=record.atoms,
        pairs_per_atom=record.pairs_per_atom,
        temperature_k=0.0,
        timestep_s=0.0,
        propagated=record.propagated,
        load_s=0.0,
        first_call_s=0.0,
        warm_up=nothing,
        steady=StepSamples(wall_s=record.steady_s, energy_forces_s=(), cpu_s=()),
        steady_bursts=record.bursts,
        set_aside=nothing,
        reference_s=(),
        peak_memory_bytes=record.peak_memory_bytes,
        disturbance=Disturbance(other_load_share=record.other_load_share),
    )
