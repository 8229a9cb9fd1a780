"""One table for hardware that is not here: a row for each model on each device, every number with its interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.core.readable import duration, memory, number
from mlipguide.records.accuracy.accuracy_axis import AccuracyAxis
from mlipguide.records.advice.advice import Candidate, HardwareAnswer, Verdict
from mlipguide.records.estimate import Basis, Estimate
from mlipguide.report.tables.fitted_table import Column, fitted_table
from mlipguide.report.words.axis_words import axis_cell, axis_title
from mlipguide.report.words.formatting import estimated, spread

SHOWN = 6
"""Models shown for each device, beside those on the front and the choice."""
ELSEWHERE_LEGEND = (
    "† published for this model on this device; ≈≈ transferred: from published timings of other models and devices and "
    "from this machine's own; after each number its 90 % interval."
)


SHARED_LEGEND = "§ shared by others who have this hardware; "


def elsewhere_legend(candidates: Iterable[Candidate]) -> str:
    """Return what the marks of times elsewhere mean, as far as candidates have them."""
    times = (one.step_time_s for one in candidates)
    shared = any(one is not None and one.basis is Basis.SHARED for one in times)
    return f"{SHARED_LEGEND if shared else ''}{ELSEWHERE_LEGEND}"


def answers_table(answers: Sequence[HardwareAnswer], axis: AccuracyAxis, console: Console) -> RenderableType:
    """Return the table of all profiles, with what it leaves out in a line below each."""
    rows = [(answer, candidate) for answer in answers for candidate in shown_models(answer)]
    candidates = [candidate for _, candidate in rows]
    names = [f"{'▸' if one.model == answer.choice else ' '} {one.model}" for answer, one in rows]
    columns = [
        Column(title="Hardware", cells=tuple(answer.profile.name for answer, _ in rows), rank=0),
        Column(title="Model", cells=tuple(names), rank=0),
        *cost_columns(candidates),
        Column(title=axis_title(axis), cells=tuple(axis_cell(one, axis) for one in candidates), rank=3, right=True),
        Column(title="Verdict", cells=tuple(verdict_words(one) for one in candidates), rank=0),
    ]
    table, dropped = fitted_table(columns, console.width)
    lines = [elsewhere_legend(candidates), *_via_words(candidates)]
    lines += [f"{answer.profile.name}: {_left_out(answer)}" for answer in answers]
    if dropped:
        lines.append(f"Left out for want of width: {', '.join(dropped)}.")
    return Group(table, Text("\n".join(lines), style="dim"))


def cost_columns(candidates: Sequence[Candidate]) -> list[Column]:
    """Return the columns of what a run takes, those that decide least leave first."""

    def numbers(title: str, rank: int, field: Callable[[Candidate], Estimate | None], words: Words) -> Column:
        found = [field(one) for one in candidates]
        cells, orders = tuple(with_spread(one, words) for one in found), tuple(map(order_of, found))
        return Column(title=title, cells=cells, rank=rank, right=True, orders=orders)

    return [
        numbers("Step", 5, lambda one: one.step_time_s, duration),
        numbers("Run", 0, lambda one: one.run_time_s, duration),
        numbers("ns/day", 9, lambda one: one.ns_per_day, number),
        numbers("Memory", 4, lambda one: one.peak_memory_bytes, memory),
        numbers("Fits up to", 8, lambda one: one.max_atoms, number),
        numbers("Device-hours", 6, _device_hours, number),
        Column(title="Price, energy", cells=tuple(map(_price_words, candidates)), rank=10, right=True),
        Column(title="Through", cells=tuple(_code(one) for one in candidates), rank=7),
    ]


Words = Callable[[float], str]


def order_of(estimate: Estimate | None) -> float | None:
    """Return what a cell with an estimate is sorted by."""
    return None if estimate is None else estimate.value


def with_spread(estimate: Estimate | None, words: Words) -> str:
    """Return an estimate with the mark of its basis and its interval, or a dash."""
    return " ".join(filter(None, (estimated(estimate, words), spread(estimate))))


def verdict_words(candidate: Candidate) -> str:
    """Return the verdict, and what stands against the model."""
    if not candidate.rejections:
        return candidate.verdict.value
    return "no: " + ", ".join(dict.fromkeys(rejection.constraint.value for rejection in candidate.rejections))


def shown_models(answer: HardwareAnswer) -> list[Candidate]:
    """Return the models that the table names: the first of those with a time, if any has one; the front, the choice."""
    timed = [one for one in answer.candidates if one.step_time_s is not None] or list(answer.candidates)
    first = [one.model for one in timed[:SHOWN]]
    return [one for one in timed if one.model in first or one.on_pareto_front or one.model == answer.choice]


def _code(candidate: Candidate) -> str:
    return "" if candidate.settings is None else candidate.settings.driver


def _via_words(candidates: Sequence[Candidate]) -> list[str]:
    codes = sorted({code for one in candidates if (code := _code(one)) not in ("", "ase")})
    return [f"Not through ASE but {', '.join(codes)}: faster there, and to be built by hand."] if codes else []


def _device_hours(candidate: Candidate) -> Estimate | None:
    return None if candidate.run_cost is None else candidate.run_cost.device_hours


def _price_words(candidate: Candidate) -> str:
    cost = candidate.run_cost
    if cost is None:
        return ""
    price = [] if cost.price is None else [f"{estimated(cost.price, number)} {cost.currency}"]
    energy = [] if cost.energy_kwh is None else [f"{estimated(cost.energy_kwh, number)} kWh"]
    return ", ".join([*price, *energy])


def _left_out(answer: HardwareAnswer) -> str:
    shown = shown_models(answer)
    others = [one for one in answer.candidates if one not in shown]
    counts = {verdict: sum(one.verdict is verdict for one in others) for verdict in Verdict}
    words = [f"{count} {verdict.value}" for verdict, count in counts.items() if count]
    return f"{len(shown)} of {len(answer.candidates)} models shown" + (
        f" (of the others {', '.join(words)}; --json has all)." if words else "."
    )
