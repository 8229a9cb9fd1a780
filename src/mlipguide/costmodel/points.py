"""Measurements as points of a law: the cost of a size, and how certain it is.

Bursts of one size differ by more than the steps within each tell: a machine changes its speed within seconds, and is in
another state on another day. Of k bursts of one size, of whatever record, with logarithms y_i and standard errors s_i,
the variance between bursts is the moment estimate

    t^2 = max(0, sum (Q - (k - 1)) / sum (S1 - S2 / S1)),    Q = sum (y_i - y)^2 / s_i^2,    Sn = sum s_i^(-2n),

with y the mean weighted by 1 / s_i^2 (R. DerSimonian and N. Laird, Control. Clin. Trials 7, 177 (1986),
doi:10.1016/0197-2456(86)90046-2), here summed over sizes, because few sizes have many bursts. Few bursts in all leave t
badly known, so it is averaged with what is expected of a machine, weighted by the number of comparisons. It is added to
the variance of every burst, also of one that stands alone, and bursts are averaged with the inverse of the sum. A burst
that is much less certain than the best of its size was disturbed, and always towards longer times: it tells nothing of
t and weighs little.
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
DISTURBED = 3.0
"""How many times less certain than the best burst of its size a disturbed one is."""
EXPECTED_SPREAD = 0.04
"""Standard deviation of the logarithm of a burst's centre over bursts of one size, before any were compared: on two
cores of a virtual machine, bursts of SevenNet-0 differed by 2 to 10 % with next to no steal and no other load."""
EXPECTATION_WEIGHT = 4.0
"""As many comparisons of bursts this expectation is worth."""
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
    groups = {
        key: [timing for record in records for timing in _timings(record)]
        for key, records in _by_size(labelled).items()
    }
    between = _between_bursts(list(groups.values()))
    points = []
    for (kind, atoms), records in _by_size(labelled).items():
        logarithms, errors = np.array(groups[kind, atoms]).T
        weights = 1 / (errors**2 + between)
        value = math.exp(float(logarithms @ weights / weights.sum()))
        error = max(SMALLEST_ERROR, 1 / math.sqrt(float(weights.sum())))
        points.append(Point(atoms, _pairs(records), value, error, kind))
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


def _timings(record: Measurement) -> list[tuple[float, float]]:
    """Return the logarithm of the step time of each burst of a record, and its standard error."""
    parts = record.burst_wall_s
    load = record.disturbance.other_load_share or 0.0
    # The load was there all the time, so it does not average out over the bursts.
    disturbed = ERROR_OF_LOAD * max(0.0, load - HARMLESS_LOAD) * math.sqrt(len(parts))
    timings = []
    for wall_s in parts:
        centre = centre_of(wall_s)
        width = centre.relative_half_width
        sampling = LONE_SAMPLE_ERROR if width is None else width / NORMAL_90
        timings.append((math.log(centre.value), max(SMALLEST_ERROR, math.hypot(sampling, disturbed))))
    return timings


def _between_bursts(groups: Sequence[Sequence[tuple[float, float]]]) -> float:
    """Return the variance of logarithms between bursts; each group holds the bursts of one size."""
    excess = reach = 0.0
    comparisons = 0
    for bursts in groups:
        values, errors = np.array(bursts).T
        comparable = errors <= DISTURBED * errors.min()
        if comparable.sum() > 1:
            values, weights = values[comparable], errors[comparable] ** -2.0
            mean = values @ weights / weights.sum()
            excess += float(weights @ (values - mean) ** 2) - (len(values) - 1)
            reach += float(weights.sum() - (weights**2).sum() / weights.sum())
            comparisons += len(values) - 1
    found = max(0.0, excess / reach) if reach else 0.0
    return (comparisons * found + EXPECTATION_WEIGHT * EXPECTED_SPREAD**2) / (comparisons + EXPECTATION_WEIGHT)
