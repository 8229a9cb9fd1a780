"""The answer of ``mlipguide check`` and ``bench compare`` in the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration
from mlipguide.records.estimate import Estimate
from mlipguide.records.timing.comparison import Change, ChangeVerdict, Comparison, Pairing, Side
from mlipguide.records.timing.measurement import Scenario
from mlipguide.report.pages.page_parts import DETAILS, Step, facts_grid, next_steps, notes, section
from mlipguide.report.tables.series import agreeing, differing, settings_words
from mlipguide.report.words.comparison_words import headline, how, version_changes

UNBOUNDED = 10_000
MOST_CHANGES, MOST_MISSING = 12, 3
"""Rows, and lines, without ``--details``."""
STYLES = {
    ChangeVerdict.SLOWER: "bold red",
    ChangeVerdict.FASTER: "green",
    ChangeVerdict.UNCHANGED: "",
    ChangeVerdict.UNCLEAR: "yellow",
}
LEGEND = (
    "Ratio: time now over time before. Slower or faster: the interval excludes no change, and the change is beyond the "
    "threshold. Unclear: the interval holds both no change and one beyond the threshold, or steps waited for other "
    "processes."
)
NOT_COMPARED = "Not compared, for want of a measurement now"
CPU_LEGEND = "CPU: the same of the processor time; where it stays at 1, a longer step waited rather than computed."


def comparison_page(
    data: Comparison, console: Console, *, given: str | None = None, details: bool = False
) -> RenderableType:
    """Return the page: the result in a sentence, the two sides, the changes, what is missing, and what to do.

    Args:
        data: What was compared.
        console: Where it is printed.
        given: The baseline as it was typed; None for its name.
        details: Every change, not only those that count first; every measurement that is missing.
    """
    parts: list[RenderableType] = [
        Text(headline(data), style="bold red" if data.regressions else "bold green" if data.changes else "bold yellow"),
        Text(""),
        facts_grid(sides(data)),
    ]
    if data.changes:
        shown = data.changes if details else _first(data.changes)
        whole = _table(data, shown, wide=True)
        unbounded = console.options.update(max_width=UNBOUNDED)
        fits = console.measure(whole, options=unbounded).maximum <= console.width
        parts += [Text(""), whole if fits else _table(data, shown, wide=False)]
        left_out = len(data.changes) - len(shown)
        with_cpu = any(change.cpu_ratio is not None for change in data.changes)
        parts += notes([f"{left_out} more: {DETAILS}." if left_out else "", LEGEND, CPU_LEGEND if with_cpu else ""])
    missing = data.only_in_baseline
    lines = list(missing if details else missing[:MOST_MISSING])
    if len(lines) < len(missing):
        lines.append(f"{len(missing) - len(lines)} more: {DETAILS}")
    parts += section(NOT_COMPARED, lines)
    return Group(*parts, *next_steps(what_next(data, given), console))


def _first(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return so many changes that the page stays short, those that count first."""
    if len(changes) <= MOST_CHANGES:
        return changes
    order = list(STYLES)
    return tuple(sorted(changes, key=lambda change: order.index(change.verdict))[:MOST_CHANGES])


def what_next(data: Comparison, given: str | None = None) -> list[Step]:
    """Return how to measure again what became slower or is unclear; nothing where all is well.

    Args:
        data: What was compared.
        given: The baseline as it was typed; None for its name.
    """
    doubtful = [one for one in data.changes if one.verdict in (ChangeVerdict.SLOWER, ChangeVerdict.UNCLEAR)]
    if not doubtful or data.pairing is Pairing.INTERLEAVED:
        return []
    models = ",".join(dict.fromkeys(one.model for one in doubtful))
    sizes = ",".join(str(atoms) for atoms in sorted({one.atoms for one in doubtful}))
    baseline = shlex.quote(given or data.baseline.name)
    again = f"mlipguide check {baseline} --models {models} --sizes {sizes} --budget 20m"
    return [Step(again, "measures these again, and longer")]


def sides(data: Comparison) -> list[tuple[str, str]]:
    """Return the two runs, what they have in common, the packages that differ, and how they were compared."""
    rows = [("Before", _side_words(data.baseline)), ("Now", _side_words(data.current))]
    if data.changes:
        common = agreeing(change.settings for change in data.changes)
        rows.append(("Settings", settings_words(data.changes[0].settings, common)))
    rows += [("Versions", line) for line in version_changes(data)]
    return [*rows, ("How", how(data))]


def _side_words(side: Side) -> str:
    return f"{side.name} ({side.taken_at[:16].replace('T', ' ')} UTC, machine {side.fingerprint})"


def _table(data: Comparison, changes: Sequence[Change], *, wide: bool) -> Table:
    fields = differing(change.settings for change in data.changes)
    offline = any(change.scenario is Scenario.OFFLINE for change in data.changes)
    table = Table(box=None, pad_edge=False, padding=(0, 1) if wide else (0, 1, 0, 0), header_style="bold")
    table.add_column("Model", no_wrap=wide, overflow="fold")
    if fields:
        table.add_column("Setting", no_wrap=wide, overflow="fold")
    if offline:
        table.add_column("Scenario", no_wrap=wide, overflow="fold")
    for title in ("Atoms", *(("Before", "Now") if wide else ()), "Ratio", "Interval", "CPU"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    for change in changes:
        words = [change.model]
        if fields:
            words.append(settings_words(change.settings, fields))
        if offline:
            words.append(change.scenario.value)
        times = [duration(change.baseline_s.value), duration(change.current_s.value)] if wide else []
        table.add_row(*words, f"{change.atoms:,}", *times, *ratio_words(change), _verdict(change))
    return table


def ratio_words(change: Change) -> tuple[str, str, str]:
    """Return the ratio, its interval, and the ratio of processor times."""
    cpu = "–" if change.cpu_ratio is None else f"{change.cpu_ratio.value:.3f}"
    return f"{change.ratio.value:.3f}", _interval(change.ratio), cpu


def _interval(ratio: Estimate) -> str:
    return "–" if ratio.low is None or ratio.high is None else f"{ratio.low:.3f}–{ratio.high:.3f}"


def _verdict(change: Change) -> Text:
    return Text(change.verdict.value, style=STYLES[change.verdict])
