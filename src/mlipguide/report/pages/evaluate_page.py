"""The answer of ``mlipguide evaluate`` in the terminal: the most accurate model, the ranking, what looks wrong."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import number
from mlipguide.core.units import GPA_PER_EV_ANGSTROM3
from mlipguide.records.accuracy.accuracy import ErrorPart, Evaluation, LabelsSummary, ModelAccuracy, RankedPair
from mlipguide.records.estimate import Estimate
from mlipguide.report.pages.page_parts import (
    Step,
    conclusion,
    facts_grid,
    next_steps,
    notes,
    plain_table,
    section,
)
from mlipguide.report.words.command_words import LABELLED
from mlipguide.report.words.error_words import gap_words
from mlipguide.report.words.formatting import told_error, with_interval
from mlipguide.report.words.glossary_words import explained
from mlipguide.report.words.pilot_words import between, mev

LEGEND = (
    "Force MAE (90 % interval) and RMSE over components, and energy MAE after a shift for each element (E0). Slope of "
    "predicted against reference forces: below 1 a model is too soft. Independent: what the frames are worth, since "
    "those of one run resemble each other; few: too few of them for an interval."
)
SHOWN_FRAMES = 10
NARROW = 100
PARTS: dict[str, Callable[[ModelAccuracy], Sequence[ErrorPart]]] = {
    "By element": lambda one: one.by_element,
    "By group": lambda one: one.by_group,
    "By magnitude of the reference force": lambda one: one.by_magnitude,
}
"""Parts of the force error, by title."""
MOST_MODELS, MOST_REMARKS = 8, 3
"""Rows of the ranking, and lines below it, without ``--details``."""


def evaluate_page(
    data: Evaluation, console: Console, *, given: str = LABELLED, details: bool = False
) -> RenderableType:
    """Return the page, laid out for the width of ``console``.

    Args:
        data: What was found.
        console: Where it is printed.
        given: The labels as they were given, for the next commands.
        details: Errors by element, group and magnitude, shifts, stresses and the largest errors.
    """
    spoiling = [one for one in data.findings if one.spoils]
    style = "bold red" if spoiling else "bold"
    results = data.results if details else data.results[:MOST_MODELS]
    parts: list[RenderableType] = [conclusion(*headline(data), style=style)]
    parts += [Text(f"· {one.message}") for one in spoiling]
    parts += [Text(""), facts_grid(labels_rows(data.labels, details=details)), Text("")]
    parts += [_ranking_table(results, console)]
    if len(results) < len(data.results):
        parts += notes([f"{len(data.results) - len(results)} more models: --details."])
    parts += notes([LEGEND, explained("frames", "labels", "E0")])
    pairs = [_pair_words(one) for one in data.ranking]
    if details or len(data.results) > 2:  # noqa: PLR2004  # the conclusion tells of two
        parts += section("Ranking", pairs if details else pairs[:MOST_REMARKS])
    if details:
        parts += _in_detail(data)
    others = [one.message for one in data.findings if not one.spoils]
    parts += section("Look at the labels", others if details else others[:MOST_REMARKS])
    hidden = "errors by element, group and force; shifts, stresses, largest errors"
    return Group(*parts, *next_steps(what_next(data, given), console, hidden=hidden, details=details))


def headline(data: Evaluation) -> tuple[str, ...]:
    """Return what was found: the most accurate model, how soft it is, what the frames are worth, a sentence each."""
    if any(one.spoils for one in data.findings):
        return ("The errors below mean nothing before this is settled: units or signs of the labels look wrong.",)
    best, *others = data.results
    error = f"force MAE {between(best.force_mae_ev_per_angstrom)} meV/Å on your labels"
    follows = runner_up(data)
    if not others:
        first = f"{best.model} has a {error}."
    elif follows is None or not follows.significant:
        first = f"No model is shown to be the best. {best.model} leads with {error}; {_unproved(follows, others[0])}."
    else:
        gap = with_interval(follows.difference_ev_per_angstrom, mev)
        first = f"{best.model} is the most accurate of {len(data.results)}: {error}; {follows.worse} is {gap} behind."
    return tuple(filter(None, (first, _softness(best), _worth(best))))


def runner_up(data: Evaluation) -> RankedPair | None:
    """Return the comparison of the best model with the next; None where there is none."""
    return next((one for one in data.ranking if one.better == data.results[0].model), None)


def _unproved(pair: RankedPair | None, second: ModelAccuracy) -> str:
    words = f"{second.model} has {between(second.force_mae_ev_per_angstrom)}"
    if pair is None or pair.significant is None:
        return f"{words}, and there are too few independent frames to tell them apart"
    return f"{words}, and the difference may be chance"


def _worth(one: ModelAccuracy) -> str:
    """Return how many independent frames there are where the interval is wide, or not known, for want of them."""
    if one.force_gap is None and one.force_mae_ev_per_angstrom.digits == 3:  # noqa: PLR2004  # none is cut
        return ""
    return (
        f"The {one.frames:,} frames are worth {one.independent_frames:,.0f} independent ones: frames of more runs help."
    )


def _softness(one: ModelAccuracy) -> str:
    slope = one.force_slope
    if slope is None or slope.high is None or slope.high >= 1:
        return ""
    return f"Its forces are too small by {(1 - slope.value) * 100:.0f} % (softening)."


def what_next(data: Evaluation, given: str) -> list[Step]:
    """Return the commands to type now."""
    if any(one.spoils for one in data.findings):
        file = shlex.quote(shlex.split(given)[0])  # without the keys that were given
        return [Step(f"mlipguide evaluate {file} --energy-key NAME --forces-key NAME", "with the right labels")]
    models = ",".join(one.model for one in data.results)
    kinds = {item.kind.value: None for one in data.results for item in one.settings.additions}
    added = f" --add {','.join(kinds)}" if kinds else ""
    return [
        Step(
            f"mlipguide recommend STRUCTURE --labels {given} --models {models}{added}",
            "which to run, with these errors",
        ),
        Step(f"mlipguide train pilot {given}", "what training on these frames would give"),
    ]


def _in_detail(data: Evaluation) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for title in PARTS:
        parts += _parts_table(title, data.results)
    parts += section("Softening", [_slope_words(one) for one in data.results if one.force_slope is not None])
    parts += section("Energies", [_energy_words(one) for one in data.results])
    parts += section("Stress", [_stress_words(one) for one in data.results if one.stress_mae_ev_per_angstrom3])
    return parts + section("Largest errors", [f"{one.model}: {largest_words(one)}." for one in data.results])


def labels_rows(labels: LabelsSummary, *, details: bool) -> list[tuple[str, str]]:
    """Return what is known of the labels: names, each with words."""
    used = "" if labels.chosen_frames == labels.frames else f", {labels.chosen_frames:,} of them chosen"
    rows = [
        (
            "Labels",
            (
                f"{labels.source}: {_count(labels.frames, 'frame')}, {labels.atoms:,} atoms of "
                f"{', '.join(labels.elements)}{used}"
            ),
        )
    ]
    if labels.groups and details:
        rows.append(("Groups", ", ".join(f"{name} {count:,}" for name, count in labels.groups.items())))
    keys = [labels.energy_key, labels.forces_key, labels.stress_key]
    names = [
        f"{what} '{key}'" for what, key in zip(("energy", "forces", "stress"), keys, strict=True) if key is not None
    ]
    rows.append(("Read", ", ".join(names) + f"; {_count(labels.runs, 'run')} of frames that are not independent"))
    return rows


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _ranking_table(results: Sequence[ModelAccuracy], console: Console) -> Table:
    wide = console.width >= NARROW
    titles = ["Force MAE (meV/Å)", "RMSE", "Slope", "Energy (meV/atom)"]
    titles += ["Stress (GPa)", "Frames", "Independent"] if wide else []
    table = plain_table("Model", *titles, gap=1)
    for one in results:
        row = [
            one.model,
            between(one.force_mae_ev_per_angstrom) + (" (few)" if one.force_gap else ""),
            _value(one.force_rmse_ev_per_angstrom, mev),
            _value(one.force_slope, lambda slope: f"{slope:.2f}"),
            _value(one.energy_mae_ev_per_atom, mev),
        ]
        if wide:
            row += [
                _value(one.stress_mae_ev_per_angstrom3, gpa),
                f"{one.frames:,}",
                f"{one.independent_frames:,.0f}",
            ]
        table.add_row(*row)
    return table


def gpa(value_ev_per_angstrom3: float) -> str:
    """Return a stress in GPa."""
    return number(value_ev_per_angstrom3 * GPA_PER_EV_ANGSTROM3)


def _value(estimate: Estimate | None, words: Callable[[float], str]) -> str:
    return "–" if estimate is None else told_error(estimate, words)


def _pair_words(pair: RankedPair) -> str:
    gap = f"by {with_interval(pair.difference_ev_per_angstrom, mev)} meV/Å"
    mark = ";" if pair.significant is None else ":"
    return f"{pair.better} before {pair.worse} {gap}{mark} {significance(pair)}."


def significance(pair: RankedPair) -> str:
    """Return whether a difference is more than chance."""
    if pair.significant is None:
        return "too few independent frames to say whether that is chance"
    return "significant" if pair.significant else "not significant, the order may be chance"


@dataclass(frozen=True, kw_only=True)
class PartRow:
    """A part of the atoms, and the force error of each model on it.

    Attributes:
        name: An element, a group, a range of forces.
        frames: That have it.
        parts: Of each model; None where it evaluated no such frame.
    """

    name: str
    frames: int
    parts: tuple[ErrorPart | None, ...]


def part_rows(title: str, results: Sequence[ModelAccuracy]) -> list[PartRow]:
    """Return the rows of one of :data:`PARTS`; none where a single element would say what the whole says."""
    of = PARTS[title]
    names = list(dict.fromkeys(part.name for one in results for part in of(one)))
    if title == "By element" and len(names) == 1:
        return []
    rows = []
    for name in names:
        parts = tuple(next((part for part in of(one) if part.name == name), None) for one in results)
        rows.append(PartRow(name=name, frames=max(one.frames for one in parts if one is not None), parts=parts))
    return rows


def _parts_table(title: str, results: Sequence[ModelAccuracy]) -> list[RenderableType]:
    """Return the force MAE of each part, a model a column."""
    rows = part_rows(title, results)
    if not rows:
        return []
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("Force MAE, meV/Å", no_wrap=True)
    table.add_column("Frames", justify="right", no_wrap=True)
    for one in results:
        table.add_column(one.model, justify="right", overflow="fold")
    for row in rows:
        table.add_row(row.name, f"{row.frames:,}", *(_part_words(part) for part in row.parts))
    return [Text(""), Text(title, style="bold"), table]


def _part_words(part: ErrorPart | None) -> str:
    return "–" if part is None else between(part.force_mae_ev_per_angstrom)


def _slope_words(one: ModelAccuracy) -> str:
    slope = one.force_slope
    assert slope is not None
    words = with_interval(slope, lambda value: f"{value:.2f}")
    return f"{one.model}: slope {words}, {softness(slope)}."


def softness(slope: Estimate) -> str:
    """Return whether a slope tells a model that is too soft or too stiff."""
    if slope.high is not None and slope.high < 1:
        return f"too soft by {(1 - slope.value) * 100:.0f} %"
    if slope.low is not None and slope.low > 1:
        return f"too stiff by {(slope.value - 1) * 100:.0f} %"
    return "not told from 1"


def _energy_words(one: ModelAccuracy) -> str:
    unshifted = one.energy_mae_unshifted_ev_per_atom
    if unshifted is None:
        return f"{one.model}: the labels have no energies."
    raw = f"{told_error(unshifted, mev)} meV/atom as they stand"
    mae = one.energy_mae_ev_per_atom
    if mae is None:
        return f"{one.model}: {raw}; after a shift not known{gap_words(one.energy_gap)}."
    return (
        f"{one.model}: MAE {between(mae)} meV/atom{gap_words(one.energy_gap)} after the shift "
        f"({shift_words(one)}); {raw}."
    )


def shift_words(one: ModelAccuracy) -> str:
    """Return the shift of the energies of each element."""
    shifts = ", ".join(f"{name} {value:+.3f}" for name, value in one.energy_shifts_ev.items())
    unique = "" if one.energy_shifts_are_unique else "; the compositions determine only sums of them"
    return f"{shifts} eV{unique}"


def _stress_words(one: ModelAccuracy) -> str:
    mae = one.stress_mae_ev_per_angstrom3
    assert mae is not None
    return f"{one.model}: MAE {with_interval(mae, gpa)} GPa."


def largest_words(one: ModelAccuracy) -> str:
    """Return the largest error of a force component, where it is, and the frames that could not be evaluated."""
    worst = one.force_largest
    failed = ""
    if one.failed_frames:
        shown = ", ".join(map(str, one.failed_frames[:SHOWN_FRAMES]))
        failed = f"; {_count(len(one.failed_frames), 'frame')} could not be evaluated ({shown})"
    return f"{worst.ev_per_angstrom:.3g} eV/Å on atom {worst.atom} of frame {worst.frame}{failed}"
