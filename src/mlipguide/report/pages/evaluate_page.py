"""The answer of ``mlipguide evaluate`` in the terminal: ranking, parts of the errors, energies, what looks wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.units import GPA_PER_EV_ANGSTROM3
from mlipguide.records.accuracy.accuracy import ErrorPart, Evaluation, LabelsSummary, ModelAccuracy, RankedPair
from mlipguide.records.estimate import Estimate
from mlipguide.report.words.error_words import gap_words

LEGEND = (
    "Force MAE and RMSE over components, eV/Å, with the 90 % interval of the MAE ('few': too few independent frames to "
    "tell). Independent: what the frames are worth, since those of one run resemble each other. "
    "Slope: of predicted against reference forces; below 1 a model is too soft. Energy: MAE in meV/atom after a shift "
    "for each element."
)
SHOWN_FRAMES = 10
NARROW = 100
LOPSIDED = 0.4
"""Half width over value from which an interval is written with both ends: it is not symmetric then."""


def evaluate_page(data: Evaluation, console: Console) -> RenderableType:
    """Return the page, laid out for the width of ``console``."""
    parts: list[RenderableType] = [_labels(data.labels), Text("")]
    spoiling = [one for one in data.findings if one.spoils]
    if spoiling:
        parts += [
            Text("The errors below mean nothing before this is settled:", style="bold red"),
            *(Text(f"· {one.message}") for one in spoiling),
            Text(""),
        ]
    parts += [_ranking_table(data, console), Text(LEGEND, style="dim")]
    parts += _section("Ranking", [_pair_words(one) for one in data.ranking])
    for title, of in (
        ("By element", lambda one: one.by_element),
        ("By group", lambda one: one.by_group),
        ("By magnitude of the reference force", lambda one: one.by_magnitude),
    ):
        parts += _parts_table(title, data.results, of)
    parts += _section("Softening", [_slope_words(one) for one in data.results if one.force_slope is not None])
    parts += _section("Energies", [_energy_words(one) for one in data.results])
    parts += _section("Stress", [_stress_words(one) for one in data.results if one.stress_mae_ev_per_angstrom3])
    parts += _section("Largest errors", [_largest_words(one) for one in data.results])
    others = [one.message for one in data.findings if not one.spoils]
    parts += _section("Look at the labels", others)
    return Group(*parts)


def _labels(labels: LabelsSummary) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    used = "" if labels.chosen_frames == labels.frames else f", {labels.chosen_frames:,} of them chosen"
    grid.add_row(
        "Labels",
        f"{labels.source}: {_count(labels.frames, 'frame')}, {labels.atoms:,} atoms of "
        f"{', '.join(labels.elements)}{used}",
    )
    if labels.groups:
        grid.add_row("Groups", ", ".join(f"{name} {count:,}" for name, count in labels.groups.items()))
    keys = [labels.energy_key, labels.forces_key, labels.stress_key]
    names = [
        f"{what} '{key}'" for what, key in zip(("energy", "forces", "stress"), keys, strict=True) if key is not None
    ]
    grid.add_row("Read", ", ".join(names) + f"; {_count(labels.runs, 'run')} of frames that are not independent")
    return grid


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _ranking_table(data: Evaluation, console: Console) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("", justify="right")
    table.add_column("Model", no_wrap=True)
    table.add_column("MAE", justify="right", no_wrap=True)
    table.add_column("90 %", justify="right", no_wrap=True, style="dim")
    table.add_column("RMSE", justify="right", no_wrap=True)
    table.add_column("cos", justify="right", no_wrap=True)
    table.add_column("Slope", justify="right", no_wrap=True)
    table.add_column("Energy", justify="right", no_wrap=True)
    wide = console.width >= NARROW
    if wide:
        table.add_column("Stress (GPa)", justify="right", no_wrap=True)
        table.add_column("Frames", justify="right", no_wrap=True)
        table.add_column("Independent", justify="right", no_wrap=True)
    for place, one in enumerate(data.results, start=1):
        stress = one.stress_mae_ev_per_angstrom3
        row = [
            f"{place}",
            one.model,
            f"{one.force_mae_ev_per_angstrom.value:.3f}",
            interval(one.force_mae_ev_per_angstrom, "{:.3f}") or "few",
            f"{one.force_rmse_ev_per_angstrom.value:.3f}",
            _value(one.force_cosine, "{:.3f}"),
            _value(one.force_slope, "{:.2f}"),
            _value(one.energy_mae_ev_per_atom, "{:.3g}", factor=1e3),
        ]
        if wide:
            row += [
                _value(stress, "{:.3g}", factor=GPA_PER_EV_ANGSTROM3),
                f"{one.frames:,}",
                f"{one.independent_frames:,.0f}",
            ]
        table.add_row(*row)
    return table


def interval(estimate: Estimate, form: str, *, factor: float = 1.0) -> str:
    """Return the 90 % interval as two numbers, empty where the spread is not known."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{form.format(estimate.low * factor)}–{form.format(estimate.high * factor)}"


def _value(estimate: Estimate | None, form: str, *, factor: float = 1.0) -> str:
    return "–" if estimate is None else form.format(estimate.value * factor)


def _pair_words(pair: RankedPair) -> str:
    difference = pair.difference_ev_per_angstrom
    gap = f"{difference.value * 1e3:.3g} meV/Å"
    spread = interval(difference, "{:.3g}", factor=1e3)
    inside = f" (90 %: {spread})" if spread else ""
    if pair.significant is None:
        words = f"by {gap}; too few independent frames to say whether that is chance"
    elif pair.significant:
        words = f"by {gap}{inside}: significant"
    else:
        words = f"by {gap}{inside}: not significant, the order may be chance"
    return f"{pair.better} before {pair.worse} {words}."


def _parts_table(
    title: str, results: Sequence[ModelAccuracy], of: Callable[[ModelAccuracy], Sequence[ErrorPart]]
) -> list[RenderableType]:
    """Return the force MAE of each part, a model a column where they fit into 80 columns, else a model a row."""
    names = list(dict.fromkeys(part.name for one in results for part in of(one)))
    if len(names) < 1 or (title == "By element" and len(names) == 1):
        return []
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("Force MAE, eV/Å", no_wrap=True)
    table.add_column("Frames", justify="right", no_wrap=True)
    for one in results:
        table.add_column(one.model, justify="right", overflow="fold")
    for name in names:
        cells = [next((part for part in of(one) if part.name == name), None) for one in results]
        frames = max(part.frames for part in cells if part is not None)
        table.add_row(name, f"{frames:,}", *(_part_words(part) for part in cells))
    return [Text(""), Text(title, style="bold"), table]


def _part_words(part: ErrorPart | None) -> str:
    if part is None:
        return "–"
    mae = part.force_mae_ev_per_angstrom
    if mae.low is None or mae.high is None:
        return f"{mae.value:.3f}"
    half = (mae.high - mae.low) / 2
    if half > LOPSIDED * mae.value:
        return f"{mae.value:.3f} ({mae.low:.2f}–{mae.high:.2f})"
    return f"{mae.value:.3f} ±{half:.3f}"


def _slope_words(one: ModelAccuracy) -> str:
    slope = one.force_slope
    assert slope is not None
    spread = interval(slope, "{:.2f}")
    number = f"{slope.value:.2f}" + (f" (90 %: {spread})" if spread else "")
    if slope.high is not None and slope.high < 1:
        return f"{one.model}: slope {number}, too soft by {(1 - slope.value) * 100:.0f} %."
    if slope.low is not None and slope.low > 1:
        return f"{one.model}: slope {number}, too stiff by {(slope.value - 1) * 100:.0f} %."
    return f"{one.model}: slope {number}, not told from 1."


def _energy_words(one: ModelAccuracy) -> str:
    unshifted = one.energy_mae_unshifted_ev_per_atom
    if unshifted is None:
        return f"{one.model}: the labels have no energies."
    raw = f"{unshifted.value * 1e3:.3g} meV/atom as they stand"
    mae = one.energy_mae_ev_per_atom
    if mae is None:
        return f"{one.model}: {raw}; after a shift not known{gap_words(one.energy_gap)}."
    spread = interval(mae, "{:.3g}", factor=1e3)
    inside = f" (90 %: {spread})" if spread else gap_words(one.energy_gap)
    shifts = ", ".join(f"{name} {value:+.3f}" for name, value in one.energy_shifts_ev.items())
    unique = "" if one.energy_shifts_are_unique else ", of which the compositions determine only sums"
    return f"{one.model}: MAE {mae.value * 1e3:.3g} meV/atom{inside} after the shift ({shifts} eV{unique}); {raw}."


def _stress_words(one: ModelAccuracy) -> str:
    mae = one.stress_mae_ev_per_angstrom3
    assert mae is not None
    spread = interval(mae, "{:.3g}", factor=GPA_PER_EV_ANGSTROM3)
    return f"{one.model}: MAE {mae.value * GPA_PER_EV_ANGSTROM3:.3g} GPa{f' (90 %: {spread})' if spread else ''}."


def _largest_words(one: ModelAccuracy) -> str:
    worst = one.force_largest
    failed = ""
    if one.failed_frames:
        shown = ", ".join(map(str, one.failed_frames[:SHOWN_FRAMES]))
        failed = f"; {_count(len(one.failed_frames), 'frame')} could not be evaluated ({shown})"
    return f"{one.model}: {worst.ev_per_angstrom:.3g} eV/Å on atom {worst.atom} of frame {worst.frame}{failed}."


def _section(title: str, lines: Sequence[str]) -> list[RenderableType]:
    if not lines:
        return []
    rows = Table.grid(padding=(0, 1))
    rows.add_column(width=1)
    rows.add_column(overflow="fold")
    for line in lines:
        rows.add_row("·", Text(line))
    return [Text(""), Text(title, style="bold"), rows]
