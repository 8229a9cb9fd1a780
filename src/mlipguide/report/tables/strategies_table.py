"""The prices of all strategies in the terminal: one row each, every number with its mark and its interval."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.core.readable import duration, number
from mlipguide.records.advice.strategy import HoursOf, StrategyPrice, StrategyTable
from mlipguide.records.estimate import Estimate
from mlipguide.report.tables.fitted_table import Column, fitted_table
from mlipguide.report.words.formatting import estimated, spread
from mlipguide.report.words.reason_words import reason_words

STRATEGIES_LEGEND = (
    "~ fitted, ≈ extrapolated, † published, ≈≈ transferred, ‡ our own trial, unpublished, ? assumed: the least trusted "
    "part of each number; ± or ×÷ is its 90 % interval."
)


def strategies_table(table: StrategyTable, console: Console) -> RenderableType:
    """Return the table, what stands against each strategy, and from when each pays."""
    prices = table.prices
    hours = "Core-hours" if prices[0].hours_of is HoursOf.CORES else "Device-hours"
    columns = [
        Column(title="Strategy", cells=tuple(_name(one, table) for one in prices), rank=0),
        Column(title="Runs", cells=tuple(one.model or "–" for one in prices), rank=2),
        Column(title="Frames", cells=tuple(_frames(one) for one in prices), rank=6, right=True),
        Column(title="DFT core-hours", cells=tuple(_reference(one) for one in prices), rank=5, right=True),
        Column(title="Labels", cells=tuple(map(_labels, prices)), rank=3),
        Column(title="Training", cells=tuple(_time(one.training_time_s) for one in prices), rank=3),
        Column(title="Run", cells=tuple(_time(one.production_time_s) for one in prices), rank=1),
        Column(title="Total", cells=tuple(_time(one.total_wall_time_s) for one in prices), rank=0),
        Column(title=hours, cells=tuple(_number(one.hours) for one in prices), rank=7, right=True),
        Column(title="Force MAE", cells=tuple(_error(one) for one in prices), rank=4, right=True),
        Column(title="Verdict", cells=tuple(_verdict(one) for one in prices), rank=0),
    ]
    drawn, dropped = fitted_table(columns, console.width)
    lines = [STRATEGIES_LEGEND]
    if dropped:
        lines.append(f"Left out for want of width: {', '.join(dropped)}.")
    parts: list[RenderableType] = [drawn, Text("\n".join(lines), style="dim")]
    against = [
        f"· {one.strategy.value}: {' '.join(map(reason_words, (*one.rejections, *one.doubts)))}"
        for one in prices
        if one.rejections or one.doubts
    ]
    pays = [f"· {one.reason}" for one in table.break_evens]
    rules = [f"· {one.message} ({', '.join(one.sources)})" for one in table.rules]
    changes = [f"· {one}" for one in table.sensitivities]
    here = [f"· {one.strategy.value}: {one.before.words}" for one in prices if one.before is not None]
    for title, found in (
        ("What was trained here says", here),
        ("What stands against a strategy", against),
        ("When training pays", pays),
        ("Rules of the field", rules),
        ("What would change it", changes),
    ):
        if found:
            parts += [Text(""), Text(title, style="bold"), *map(Text, found)]
    return Group(*parts)


def _name(price: StrategyPrice, table: StrategyTable) -> str:
    return f"{'▸' if price.strategy is table.leading else ' '} {price.strategy.value}"


def _labels(price: StrategyPrice) -> str:
    return _time(None if price.labels is None else price.labels.wall_time_s)


def _frames(price: StrategyPrice) -> str:
    return "–" if price.labels is None else _number(price.labels.frames)


def _reference(price: StrategyPrice) -> str:
    return "–" if price.labels is None else _number(price.labels.reference_core_hours)


def _time(estimate: Estimate | None) -> str:
    if estimate is not None and estimate.is_nothing:
        return "none"
    return " ".join(filter(None, (estimated(estimate, duration), spread(estimate))))


def _number(estimate: Estimate | None) -> str:
    if estimate is not None and estimate.is_nothing:
        return "none"
    return " ".join(filter(None, (estimated(estimate, number), spread(estimate))))


def _error(price: StrategyPrice) -> str:
    error = price.force_mae_ev_per_angstrom
    words = estimated(error, lambda value: f"{value * 1e3:.3g} meV/Å")
    return " ".join(filter(None, (words, spread(error))))


def _verdict(price: StrategyPrice) -> str:
    return "no" if price.rejections else price.verdict.value
