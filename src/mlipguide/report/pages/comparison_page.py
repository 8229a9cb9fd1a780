"""The answer of ``mlipguide check`` and ``bench compare`` in the terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration
from mlipguide.records.estimate import Estimate
from mlipguide.records.timing.comparison import Change, ChangeVerdict, Comparison, Side
from mlipguide.records.timing.measurement import Scenario
from mlipguide.report.tables.series import agreeing, differing, settings_words
from mlipguide.report.words.comparison_words import headline, how, version_changes

UNBOUNDED = 10_000
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
CPU_LEGEND = "CPU: the same of the processor time; where it stays at 1, a longer step waited rather than computed."


def comparison_page(data: Comparison, console: Console) -> RenderableType:
    """Return the page: the result in a sentence, the two sides, every change, and what is missing."""
    parts: list[RenderableType] = [
        Text(headline(data), style="bold red" if data.regressions else "bold green" if data.changes else "bold yellow"),
        Text(""),
        _sides(data),
    ]
    if data.changes:
        whole = _table(data, wide=True)
        unbounded = console.options.update(max_width=UNBOUNDED)
        fits = console.measure(whole, options=unbounded).maximum <= console.width
        parts += [Text(""), whole if fits else _table(data, wide=False), Text(LEGEND, style="dim")]
        if any(change.cpu_ratio is not None for change in data.changes):
            parts.append(Text(CPU_LEGEND, style="dim"))
    if data.only_in_baseline:
        parts += [Text(""), Text("Not compared, for want of a measurement now", style="bold")]
        parts += [Text(f"· {missing}") for missing in data.only_in_baseline]
    return Group(*parts)


def _sides(data: Comparison) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("Before", _side_words(data.baseline))
    grid.add_row("Now", _side_words(data.current))
    if data.changes:
        common = agreeing(change.settings for change in data.changes)
        grid.add_row("Settings", settings_words(data.changes[0].settings, common))
    for line in version_changes(data):
        grid.add_row("Versions", line)
    grid.add_row("How", how(data))
    return grid


def _side_words(side: Side) -> str:
    return f"{side.name} ({side.taken_at[:16].replace('T', ' ')} UTC, machine {side.fingerprint})"


def _table(data: Comparison, *, wide: bool) -> Table:
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
    for change in data.changes:
        words = [change.model]
        if fields:
            words.append(settings_words(change.settings, fields))
        if offline:
            words.append(change.scenario.value)
        times = [duration(change.baseline_s.value), duration(change.current_s.value)] if wide else []
        table.add_row(*words, f"{change.atoms:,}", *times, *_ratios(change), _verdict(change))
    return table


def _ratios(change: Change) -> tuple[str, str, str]:
    cpu = "–" if change.cpu_ratio is None else f"{change.cpu_ratio.value:.3f}"
    return f"{change.ratio.value:.3f}", _interval(change.ratio), cpu


def _interval(ratio: Estimate) -> str:
    return "–" if ratio.low is None or ratio.high is None else f"{ratio.low:.3f}–{ratio.high:.3f}"


def _verdict(change: Change) -> Text:
    return Text(change.verdict.value, style=STYLES[change.verdict])
