"""Whether a record that came from elsewhere can be true, by all that is known without it.

The cost model of hardware that is not here states a time for every model and device, with its uncertainty; what is
farther from it than chance explains is not taken. Neighbours and memory are compared with what the structure and the
device can have. A record that passes may still be wrong: :mod:`mlipguide.stats.contributors` sees to that.
"""

from __future__ import annotations

import math
import statistics
from functools import cached_property

from mlipguide.catalog.cards import Catalogue
from mlipguide.catalog.reference_timings import load_reference_timings
from mlipguide.core.readable import duration, number
from mlipguide.costmodel.expected import REFERENCE_ERROR, reference_situation
from mlipguide.costmodel.transfer import Curve, Timing, TransferModel
from mlipguide.costmodel.transfer_data import (
    ase_situation,
    class_device,
    leaderboard_timings,
    published_figures,
    published_timings,
    untried_error,
)
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.timing.shared import SharedRecord

UNLIKELY = 4.0
"""Standard deviations: of 16,000 true records one is farther from what is expected, if the intervals are right."""
PAIRS_FACTOR = 4.0
"""How many times more or fewer neighbours than in a uniform medium of the same density there can be: an open framework
has as many as its density says on average, and shells of a crystal just inside a cutoff are a small part."""
MOST_SPREAD = 1000.0
"""How many times the median the longest step can be."""
MOST_OF_MEMORY = 1.02
"""Of a device's nominal memory can be in use: drivers round."""
MOST_LOAD = 0.25
"""Share of the cores that other processes may have used: with more, times tell of them."""
REFERENCE_SYSTEM = "reference structure"


class Plausibility:
    """What is expected of any record, without any that was shared.

    Args:
        catalogue: All models.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._curves: dict[tuple[str, str, str], Curve] = {}

    @cached_property
    def _transfer(self) -> TransferModel:
        timings = [
            *published_timings(published_figures(self._catalogue)),
            *leaderboard_timings(self._catalogue.cards),
            *_reference_timings(self._catalogue),
        ]
        return TransferModel(timings)

    def doubt(self, record: SharedRecord, card: ModelCard) -> str | None:
        """Return why a record cannot be believed; None where it can.

        Args:
            record: Of known words.
            card: Of its model.
        """
        return is_disturbed(record) or self._odd_time(record, card) or _odd_pairs(record, card) or _odd_memory(record)

    def _odd_time(self, record: SharedRecord, card: ModelCard) -> str | None:
        step_s = statistics.median(record.steady_s)
        if max(record.steady_s) > MOST_SPREAD * step_s:
            return f"its longest step is more than {MOST_SPREAD:,.0f} times its median"
        device = class_device(record.machine)
        key = (record.time_law, record.machine.id, record.formula)
        if key not in self._curves:
            situation = ase_situation(card, device, record.formula)
            self._curves[key] = self._transfer.curve(situation, further_error=untried_error(device))
        mean, deviation = self._curves[key].log_normal(float(record.atoms))
        if abs(math.log(step_s) - mean) <= UNLIKELY * deviation:
            return None
        low, high = (math.exp(mean + sign * UNLIKELY * deviation) for sign in (-1, 1))
        return f"a step of {duration(step_s)} is not plausible: {duration(low)} to {duration(high)} can be"


def is_disturbed(record: SharedRecord) -> str | None:
    """Return why a record tells of other processes more than of its model; None where it does not."""
    load = record.other_load_share
    if load is None or load <= MOST_LOAD:
        return None
    return f"other processes used {load:.0%} of the cores while it was timed"


def _odd_pairs(record: SharedRecord, card: ModelCard) -> str | None:
    cutoff, density = card.architecture.cutoff_angstrom, record.number_density_per_angstrom3
    if cutoff is None or density is None:
        return None
    expected = density * 4 / 3 * math.pi * cutoff**3
    if expected / PAIRS_FACTOR <= record.pairs_per_atom <= PAIRS_FACTOR * max(1.0, expected):
        return None
    return (
        f"{number(record.pairs_per_atom)} pairs per atom are not plausible: at its density a cutoff of {cutoff:g} Å "
        f"holds some {number(expected)}"
    )


def _odd_memory(record: SharedRecord) -> str | None:
    device = class_device(record.machine)
    peak, there_is = record.peak_memory_bytes, device.memory_bytes
    if peak is None or there_is is None or peak <= MOST_OF_MEMORY * there_is:
        return None
    return "its peak of memory is more than the device has"


def _reference_timings(catalogue: Catalogue) -> list[Timing]:
    """Return the timings of the reference core, of a structure of their own."""
    found: list[Timing] = []
    for one in load_reference_timings():
        card = catalogue.named(one.model)
        if card is not None:
            situation = reference_situation(card, REFERENCE_SYSTEM)
            found.append(Timing(situation, float(one.atoms), 0.0, one.step_ms * 1e-3, REFERENCE_ERROR))
    return found
