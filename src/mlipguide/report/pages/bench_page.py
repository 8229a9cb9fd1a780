"""The answer of ``mlipguide bench`` in the terminal: which is fastest, the table, what was asked for, what next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, memory, number
from mlipguide.records.timing.bench import BenchData, SizeResult
from mlipguide.records.timing.measurement import Scenario, Weights
from mlipguide.report.figures.character_plot import TERMINAL_MARKERS
from mlipguide.report.figures.scaling_plot import terminal_plot
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.pages.page_parts import Step, conclusion, next_steps, notes
from mlipguide.report.tables.breakdown import shares, simulated_ns_per_day, structures_per_second
from mlipguide.report.tables.series import SYNTHETIC_MARK, Series, agreeing, series_of, settings_words
from mlipguide.report.words.batch_words import BATCHES, batch_sentence, batch_table
from mlipguide.report.words.bench_findings import CAPACITY, FASTEST, RANKS, findings
from mlipguide.report.words.bench_words import fastest_words, finding_words
from mlipguide.report.words.command_words import STRUCTURE
from mlipguide.report.words.formatting import estimated, spread
from mlipguide.report.words.glossary_words import explained

UNBOUNDED = 10_000
WIDEST_PLOT = 100
PLOT_HEIGHT = 20
MOST_ROWS = 12
"""Rows of the table without ``--details``."""
ASKED_FOR = (CAPACITY, FASTEST, RANKS)
"""Findings that somebody asked for: they stand on the short page as well."""
MARKER_COLOURS = ("blue", "red", "green", "magenta", "yellow", "cyan")


@dataclass(frozen=True)
class _Column:
    title: str
    cell: Callable[[SizeResult], str]
    wide_only: bool = False


def bench_page(data: BenchData, console: Console, *, given: str = STRUCTURE, details: bool = False) -> RenderableType:
    """Return the page, laid out for the width of ``console``: one table where it fits, else one for each series.

    Args:
        data: What was measured.
        console: Where it is printed.
        given: The structure as it was given, for the next commands.
        details: Every size, the scaling curve, the laws, and how far settings agree.
    """
    series = series_of(data)
    common = agreeing(item.settings for item in data.measurements)
    shown = series if details else _shortened(series)
    parts: list[RenderableType] = [
        conclusion(headline(data)),
        Text(""),
        Text(f"Machine  {machine_line(data.machine)}"),
        Text(f"Settings {settings_words(data.measurements[0].settings, common)}"),
        Text(""),
        *_tables(data, shown, console),
        *notes(_explanations(data, series)),
    ]
    left_out = sum(len(one.measurements) for one in series) - sum(len(one.measurements) for one in shown)
    if left_out:
        parts += notes([f"{left_out} more sizes: --details."])
    if details:
        parts += [Text(""), _plot(data, min(console.width, WIDEST_PLOT), len(series))]
        parts += _sections([("Laws", _laws(series)), *findings(data)])
    else:
        parts += _sections([one for one in findings(data) if one[0] in ASKED_FOR])
    if data.batches:
        parts += _sections([(BATCHES, batch_table(data.batches))])
    hidden = "scaling curve, laws" + (", agreement of settings" if data.agreements else "")
    return Group(*parts, *next_steps(what_next(data, given), console, hidden=hidden, details=details))


def headline(data: BenchData) -> str:
    """Return what a reader acts on."""
    first = map(batch_sentence, data.batches) if data.batches else [fastest_words(data)]
    return " ".join(filter(None, (*first, *finding_words(data))))


def _sections(found: Iterable[tuple[str, list[RenderableType]]]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for title, items in found:
        parts += [Text(""), Text(title, style="bold"), *items]
    return parts


def _shortened(series: tuple[Series, ...]) -> tuple[Series, ...]:
    """Return the series with so many of their largest sizes that the table stays short, and each smallest one."""
    if sum(len(one.measurements) for one in series) <= MOST_ROWS:
        return series
    most = max(2, MOST_ROWS // len(series))
    return tuple(
        replace(one, measurements=(*one.measurements[:1], *one.measurements[1:][1 - most :])) for one in series
    )


def _ends(sizes: tuple[SizeResult, ...], most: int) -> tuple[SizeResult, ...]:
    return sizes if len(sizes) <= most else (*sizes[:1], *sizes[1 - most :])


def what_next(data: BenchData, given: str) -> list[Step]:
    """Return the commands that a benchmark is followed by."""
    models = list(dict.fromkeys(item.model for item in data.measurements if item.weights is Weights.PRETRAINED))
    if not models:
        return []
    largest = max(item.atoms for item in data.measurements)
    names = ",".join(models)
    if data.batches:
        screen = f"mlipguide recommend {given} --models {names} --kind screen --structures 1000 --budget 24h"
        return [Step(screen, "how long many structures take, in batches where these are faster")]
    return [
        Step(
            f"mlipguide recommend {given} --models {names} --atoms {largest} --time 1ns --budget 24h",
            "whether a run ends in time",
        ),
        Step(f"mlipguide stability {given} --models {names}", "whether the run would be stable"),
    ]


def _tables(data: BenchData, series: Sequence[Series], console: Console) -> list[RenderableType]:
    whole = _table(data, series, wide=True)
    unbounded = console.options.update(max_width=UNBOUNDED)
    if console.measure(whole, options=unbounded).maximum <= console.width:
        return [whole]
    tables: list[RenderableType] = []
    for one in series:
        pairs = sorted({f"{item.pairs_per_atom:.1f}" for item in one.measurements}, key=float)
        between = pairs[0] if len(pairs) == 1 else f"{pairs[0]}–{pairs[-1]}"
        heading = Text.assemble((one.label, "bold"), f"  {between} pairs per atom")
        tables += [*([Text("")] if tables else []), heading, _table(data, [one], wide=False)]
    return tables


def _table(data: BenchData, series: Sequence[Series], *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1) if wide else (0, 1, 0, 0), header_style="bold")
    with_setting = wide and any(one.setting for one in series)
    if wide:
        table.add_column("Model", no_wrap=True)
    if with_setting:
        table.add_column("Setting", no_wrap=True)
    columns = [column for column in _columns(data) if wide or not column.wide_only]
    for column in columns:
        table.add_column(column.title, justify="right", no_wrap=True)
    for one in series:
        for item in one.measurements:
            names = [*([one.model] if wide else []), *([one.setting] if with_setting else [])]
            table.add_row(*names, *(column.cell(item) for column in columns))
    return table


def _columns(data: BenchData) -> list[_Column]:
    """Return the columns of figures: those of which any measurement has one."""
    columns = [
        _Column("Atoms", lambda item: f"{item.atoms:,}"),
        _Column("Pairs/atom", lambda item: f"{item.pairs_per_atom:.1f}", wide_only=True),
        _Column("Step", lambda item: item.step_time_s.told(duration)),
        _Column("", lambda item: spread(item.step_time_s)),
        _Column("µs/atom", _micro_per_atom),
    ]
    scenarios = {item.scenario for item in data.measurements}
    if Scenario.SINGLE_STREAM in scenarios:
        speed = partial(simulated_ns_per_day, timestep_s=data.timestep_s)
        columns.append(_Column("ns/day", lambda item: estimated(speed(item), number)))
    if Scenario.OFFLINE in scenarios:
        columns.append(_Column("struct./s", lambda item: estimated(structures_per_second(item), number)))
    if any(item.model_time_s is not None for item in data.measurements):
        columns.append(_Column("Graph", lambda item: _share(shares(item).graph)))
        columns.append(_Column("Network", lambda item: _share(shares(item).network)))
    else:
        columns.append(_Column("Forces", lambda item: _share(shares(item).forces)))
    return [
        *columns,
        _Column("Rest", lambda item: _share(shares(item).rest)),
        _Column("Peak", lambda item: estimated(item.peak_memory_bytes, memory)),
        _Column("Steps", lambda item: f"{item.samples}" + (f" +{item.set_aside}" if item.set_aside else "")),
    ]


def _micro_per_atom(item: SizeResult) -> str:
    return item.step_time_s.scaled(1e6 / item.atoms).told(lambda value: f"{value:,.0f}")


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _explanations(data: BenchData, series: Iterable[Series]) -> list[str]:
    divided = any(item.model_time_s is not None for item in data.measurements)
    lines = [
        "± 90 % interval. Of a step: graph (with the neighbour list), network (with its gradients), rest (the driver)."
        if divided
        else "± 90 % interval. Of a step: forces (neighbour list and network), rest (the driver)."
    ]
    if any(item.set_aside for item in data.measurements):
        lines.append("+ steps set aside, during which the machine was disturbed.")
    if any(one.model.endswith(SYNTHETIC_MARK) for one in series):
        lines.append("* random weights in the published architecture.")
    if any(item.scenario is Scenario.SINGLE_STREAM for item in data.measurements):
        lines.append(explained("ns/day", "pairs per atom"))
    return lines


def _plot(data: BenchData, width: int, series: int) -> Text:
    text = Text(terminal_plot(data, width=width, height=PLOT_HEIGHT), no_wrap=True)
    for marker, colour in zip(TERMINAL_MARKERS[:series], MARKER_COLOURS, strict=False):
        text.highlight_words([marker], colour)
    return text


def _laws(series: Iterable[Series]) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for one in series:
        fit = one.fit
        if fit is None:
            continue
        words = (
            f"{one.label}: {duration(fit.fixed_time_s)} + {fit.time_per_atom_s * 1e6:,.0f} µs/atom "
            f"(±{max(fit.relative_half_width, 0.01):.0%} within {fit.smallest_atoms}–{fit.largest_atoms} atoms)"
        )
        if fit.memory_per_atom_bytes is not None and fit.fixed_memory_bytes is not None:
            words += f"; {memory(fit.fixed_memory_bytes)} + {memory(fit.memory_per_atom_bytes)}/atom"
        lines.append(Text(words))
    return lines
