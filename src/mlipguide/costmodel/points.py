"""Measurements as points of a law: the cost of a size, and how certain it is.

A size's time is that of its bursts, of whatever record (:mod:`mlipguide.stats.bursts`); the variance between bursts is
pooled over all sizes. A disturbed burst weighs little: it is always towards longer times.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mlipguide.records.timing.measurement import Measurement
from mlipguide.stats.bursts import BurstTiming, average, timing_of, variance_between

HARMLESS_LOAD = 0.05
ERROR_OF_LOAD = 1.5
"""Relative standard error per share of the cores that other processes used, beyond the harmless. Threads wait for each
other many times a step: with one of two cores taken, steps of SevenNet-0 took 2 to 20 times as long."""
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
    between = variance_between(list(groups.values()))
    points = []
    for (kind, atoms), records in _by_size(labelled).items():
        together = average(groups[kind, atoms], between)
        points.append(Point(atoms, _pairs(records), math.exp(together.logarithm), together.error, kind))
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


def _timings(record: Measurement) -> list[BurstTiming]:
    """Return the step time of each burst of a record."""
    load = record.disturbance.other_load_share or 0.0
    bursts = record.burst_wall_s
    # The load was there all the time, so it does not average out over the bursts.
    disturbed = ERROR_OF_LOAD * max(0.0, load - HARMLESS_LOAD) * math.sqrt(len(bursts))
    return [timing_of(wall_s, added_error=disturbed) for wall_s in bursts]
