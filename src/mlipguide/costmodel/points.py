"""Measurements as points of a law: the cost of a size, and how certain it is.

Runs of one size differ by more than each says of itself: the machine was in another state. Of k runs with logarithms
y_i and standard errors s_i the between-run variance is the moment estimate

    t^2 = max(0, sum (Q - (k - 1)) / sum (S1 - S2 / S1)),    Q = sum (y_i - y)^2 / s_i^2,    Sn = sum s_i^(-2n),

with y the mean weighted by 1 / s_i^2 (R. DerSimonian and N. Laird, Control. Clin. Trials 7, 177 (1986),
doi:10.1016/0197-2456(86)90046-2), here summed over sizes, because few sizes have many runs. It is added to the
variance of every run, also of those that stand alone, and runs are averaged with the inverse of the sum. A run that is
much less certain than the best of its size was disturbed, and always towards longer times: it tells nothing of t and
weighs little.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlipguide.records.measurement import Measurement
from mlipguide.stats.centres import centre_of

NORMAL_90 = 1.6448536269514722
"""Half the 90 % interval of a normal distribution, in standard errors."""
SMALLEST_ERROR = 0.01
"""No point is trusted to better than 1 %: clocks and neighbours on the machine drift by that much between bursts."""
LONE_SAMPLE_ERROR = 0.2
"""Relative standard error of a step that was timed once: its spread is unknown, seen to be of this order."""
HARMLESS_LOAD = 0.05
ERROR_OF_LOAD = 1.5
"""Relative standard error per share of the cores that other processes used, beyond the harmless. Threads wait for each
other many times a step: with one of two cores taken, steps of SevenNet-0 took 2 to 20 times as long."""
LARGEST_DRIFT = 0.1
"""The reference kernel does not suffer from everything as a model does: no more than this is taken from it."""
DISTURBED = 3.0
"""How many times less certain than the best run of its size a disturbed run is."""
MEMORY_ERROR = 0.03
"""Relative standard error of a peak of resident memory: repeated runs of one size differ by that much."""
OWN = ""
"""The label of the kind of structure that a law is for."""


@dataclass(frozen=True)
class Point:
    """A measured cost.

    Attributes:
        atoms: Number of atoms of the structure.
        pairs: Its neighbour pairs: atoms times pairs per atom.
        value: The cost: seconds or bytes.
        error: Its relative standard error.
        kind: A label of the kind of structure; ``OWN`` for the one that the law is for.
    """

    atoms: float
    pairs: float
    value: float
    error: float
    kind: str = OWN

    @property
    def pairs_per_atom(self) -> float:
        """Neighbours of an atom."""
        return self.pairs / self.atoms


Labelled = tuple[str, Measurement]
"""A measurement with the label of its kind of structure."""


def time_points(labelled: Sequence[Labelled]) -> list[Point]:
    """Return the step time at each size of each kind of structure."""
    drifts = _drifts([record for _, record in labelled])
    timings = {id(record): _timing(record, drift) for (_, record), drift in zip(labelled, drifts, strict=True)}
    groups = {key: [timings[id(record)] for record in records] for key, records in _by_size(labelled).items()}
    between = _between_runs(list(groups.values()))
    points = []
    for (kind, atoms), records in _by_size(labelled).items():
        logarithms, errors = np.array(groups[kind, atoms]).T
        weights = 1 / (errors**2 + between)
        value = math.exp(float(logarithms @ weights / weights.sum()))
        points.append(Point(atoms, _pairs(records), value, 1 / math.sqrt(float(weights.sum())), kind))
    return points


def memory_points(labelled: Sequence[Labelled]) -> list[Point]:
    """Return the highest peak of memory at each size of each kind of structure, where it was measured."""
    points = []
    for (kind, atoms), records in _by_size(labelled).items():
        peaks = [record.peak_memory_bytes for record in records if record.peak_memory_bytes]
        if peaks:
            points.append(Point(atoms, _pairs(records), max(peaks), MEMORY_ERROR, kind))
    return points


def _by_size(labelled: Sequence[Labelled]) -> dict[tuple[str, int], list[Measurement]]:
    groups: dict[tuple[str, int], list[Measurement]] = defaultdict(list)
    for kind, record in labelled:
        groups[kind, record.atoms].append(record)
    return groups


def _pairs(records: Sequence[Measurement]) -> float:
    return records[0].atoms * sum(record.pairs_per_atom for record in records) / len(records)


def _timing(record: Measurement, drift: float) -> tuple[float, float]:
    """Return the logarithm of a record's step time and its standard error."""
    centre = centre_of(record.steady.wall_s)
    width = centre.relative_half_width
    sampling = LONE_SAMPLE_ERROR if width is None else width / NORMAL_90
    load = record.disturbance.other_load_share or 0.0
    disturbed = ERROR_OF_LOAD * max(0.0, load - HARMLESS_LOAD)
    return math.log(centre.value), max(SMALLEST_ERROR, math.hypot(sampling, disturbed, drift))


def _drifts(records: Sequence[Measurement]) -> list[float]:
    """Return how far the machine's own speed was from its usual one at each record, beyond the kernel's own spread.

    The times are not corrected by it: a kernel slows down by another factor than a model does.
    """
    logarithms = [np.log(record.reference_s) for record in records]
    medians = [float(np.median(times)) if times.size else None for times in logarithms]
    known = [median for median in medians if median is not None]
    usual = float(np.median(known)) if known else 0.0
    drifts = []
    for times, median in zip(logarithms, medians, strict=True):
        if median is None:
            drifts.append(0.0)
            continue
        spread = float(times.std(ddof=1)) if times.size > 1 else 0.0
        drifts.append(min(LARGEST_DRIFT, math.sqrt(max(0.0, (median - usual) ** 2 - spread**2))))
    return drifts


def _between_runs(groups: Sequence[Sequence[tuple[float, float]]]) -> float:
    """Return the between-run variance of logarithms; each group holds the runs of one size."""
    excess = reach = 0.0
    for runs in groups:
        values, errors = np.array(runs).T
        comparable = errors <= DISTURBED * errors.min()
        if comparable.sum() > 1:
            values, weights = values[comparable], errors[comparable] ** -2.0
            mean = values @ weights / weights.sum()
            excess += float(weights @ (values - mean) ** 2) - (len(values) - 1)
            reach += float(weights.sum() - (weights**2).sum() / weights.sum())
    return max(0.0, excess / reach) if reach else 0.0
