"""What a benchmark found, in sentences: the fastest model, the times of the others, what fits, what to avoid."""

from __future__ import annotations

from mlipguide.catalog.additions import addition_words
from mlipguide.core.readable import duration, number, simulated_time
from mlipguide.records.timing.bench import AdditionPrice, BenchData, SizeResult
from mlipguide.records.timing.measurement import Scenario
from mlipguide.report.tables.breakdown import simulated_ns_per_day, structures_per_second
from mlipguide.report.tables.series import SYNTHETIC_MARK, Series, differing, series_of, settings_words
from mlipguide.report.words.formatting import spread, with_interval

UNCERTAIN = "So wide an interval needs a longer --budget, or a quieter machine."
MOST_COMPARED = 3
"""Series that the sentence names; the table has the others."""


def fastest_words(data: BenchData) -> str:
    """Return the fastest series at the largest size that all have, and how many times as long the others take.

    Settings whose results are too far off are left out. Where no size was measured of all, the largest size of each is
    told.
    """
    timestep_s = data.timestep_s
    far = [(item.model, item.settings) for item in data.agreements if not item.within_tolerance]
    found = series_of(data)
    series = [one for one in found if (one.measurements[0].model, one.measurements[0].settings) not in far] or found
    common = set.intersection(*({item.atoms for item in one.measurements} for one in series))
    if not common:
        largest = [(one, one.measurements[-1]) for one in series[:MOST_COMPARED]]
        return " ".join(f"{_name(one)}: {_time(item, timestep_s)}." for one, item in largest)
    atoms = max(common)
    at = [(one, next(item for item in one.measurements if item.atoms == atoms)) for one in series]
    (first, fastest), *others = sorted(at, key=lambda pair: pair[1].step_time_s.value)
    words = _time(fastest, timestep_s)
    if others:
        lines = [f"{_name(first)} is the fastest of {len(at)}: {words}."]
        lines += [_longer(one, item, fastest) for one, item in others[: MOST_COMPARED - 1]]
    else:
        lines = [f"{_name(first)} takes {words}."]
    if fastest.step_time_s.digits < 3:  # noqa: PLR2004  # its interval is a factor of two or more to either side
        lines.append(UNCERTAIN)
    return " ".join(lines)


def _price_words(price: AdditionPrice) -> str:
    """Return how much longer a step is; too few rounds tell nothing, and may even say that it is shorter."""
    added, step = addition_words(price.settings.additions), f"a step of {price.model} with {price.atoms:,} atoms"
    ratio = price.times_as_long
    if ratio.low is None or ratio.high is None:
        return f"What {added} adds to {step} is not known: only {ratio.source} found room in the budget (--budget)."
    return f"{added} makes {step} {with_interval(ratio, number)} times as long."


def finding_words(data: BenchData) -> list[str]:
    """Return what else decides: the largest system that ran, what an addition costs, settings that are too far off."""
    sentences = [
        f"The largest system of {item.model} that ran has {item.largest_fitting_atoms:,} atoms."
        for item in data.capacity[:1]
        if item.largest_fitting_atoms is not None
    ]
    sentences += map(_price_words, data.additions)
    far = [item for item in data.agreements if not item.within_tolerance]
    if far:
        words = settings_words(far[0].settings, differing([far[0].settings, far[0].reference]))
        more = f", and {len(far) - 1} more" if len(far) > 1 else ""
        sentences.append(f"Do not use {far[0].model} with {words}{more}: its results are too far off.")
    return sentences


def _name(one: Series) -> str:
    return one.label.replace(SYNTHETIC_MARK, " (random weights)")


def _time(item: SizeResult, timestep_s: float) -> str:
    what = "step" if item.scenario is Scenario.SINGLE_STREAM else "structure"
    words = f"{item.step_time_s.told(duration)} {spread(item.step_time_s)}".rstrip()
    words += f" for a {what} of {item.atoms:,} atoms"
    speed = simulated_ns_per_day(item, timestep_s=timestep_s)
    if speed is not None:
        return f"{words}, {speed.told(number)} ns/day with steps of {simulated_time(timestep_s)}"
    rate = structures_per_second(item)
    return words if rate is None else f"{words}, {rate.told(number)} structures a second"


def _longer(one: Series, item: SizeResult, fastest: SizeResult) -> str:
    ratio = item.step_time_s.times(fastest.step_time_s.inverted(1.0))
    words = with_interval(ratio, number)
    if ratio.low is not None and ratio.low <= 1:
        return f"{_name(one)} is not told from it: {words} times as long."
    return f"{_name(one)} takes {words} times as long."
