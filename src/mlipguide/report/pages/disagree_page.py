"""The answer of ``mlipguide disagree`` in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import number, simulated_time
from mlipguide.core.units import GPA_PER_EV_ANGSTROM3
from mlipguide.records.accuracy.disagreement import (
    Agreement,
    Disagreement,
    FrameDisagreement,
    FrameKind,
    GroupDisagreement,
)
from mlipguide.records.estimate import Estimate
from mlipguide.report.pages.page_parts import Step, facts_grid, next_steps, notes, plain_table, section
from mlipguide.report.words.command_words import STRUCTURE
from mlipguide.report.words.formatting import MARKS, with_interval
from mlipguide.report.words.glossary_words import explained

VANISHING_EV_PER_ANGSTROM = 1e-3
"""An expected error below is not shown: the structure is at rest, and it says nothing."""
PARTS_OF_TIME = 8
"""Lines of the table over time."""
STYLES = {
    Agreement.AGREE: "green",
    Agreement.DIFFER: "yellow",
    Agreement.DISAGREE: "red",
    Agreement.UNDECIDED: "yellow",
}
KIND_WORDS = {FrameKind.START: "the start", FrameKind.DYNAMICS: "the run", FrameKind.DISTORTED: "distorted copies"}


def disagree_page(
    data: Disagreement, console: Console, *, given: str = STRUCTURE, details: bool = False
) -> RenderableType:
    """Return the page; its tables fit 80 columns.

    Args:
        data: What was found.
        console: Where it is printed.
        given: The structure as it was given, for the next commands.
        details: The course over time, each pair of models, and what the expected errors stand on.
    """
    parts: list[RenderableType] = [_verdict(data), Text(""), facts_grid(_head(data)), Text("")]
    parts += [_groups_table(data), *notes(_legend(data))]
    if details:
        if len(_over_time(data)) > 1:
            parts += [Text(""), Text("Over time", style="bold"), _time_table(data)]
        if len(data.models) > 2:  # noqa: PLR2004  # of two there is one pair, which the table has
            parts += [Text(""), Text("Between models (mean absolute difference)", style="bold"), _pairs_table(data)]
    parts += section("What this says", _meaning(data) + (_calibration(data) if details else []))
    hidden = "course over time, pairs of models, what the expected errors stand on"
    return Group(*parts, *next_steps(_next(data, given), console, hidden=hidden, details=details))


def _head(data: Disagreement) -> list[tuple[str, str]]:
    rows = [("Structure", f"{data.structure.reduced_formula} ({data.structure.source}), {data.atoms} atoms")]
    if data.run is None:
        rows.append(("Run", "none: only the structure and distorted copies of it were compared"))
    else:
        run = data.run
        words = (
            f"{simulated_time(run.simulated_s)} at {run.temperature_k:g} K in steps of "
            f"{simulated_time(run.timestep_s)} with {run.model}"
        )
        rows.append(("Run", words + (", which exploded" if run.unstable else "")))
    counts = ", ".join(f"{item.frames} of {KIND_WORDS[FrameKind(item.name)]}" for item in data.kinds)
    return [*rows, ("Frames", counts), ("Models", ", ".join(data.models))]


def _verdict(data: Disagreement) -> Text:
    expected = data.overall.expected_force_mae_ev_per_angstrom
    words = {
        Agreement.AGREE: "The models agree",
        Agreement.DIFFER: "The models differ",
        Agreement.DISAGREE: "The models disagree",
        Agreement.UNDECIDED: "Undecided whether the models agree",
    }[data.agreement]
    relative = data.overall.relative_disagreement
    share = "" if relative is None else f", {relative:.0%} of the forces"
    worst = max(data.elements, key=lambda one: one.relative_disagreement or 0.0)
    if len(data.elements) > 1 and worst.relative_disagreement is not None:
        share += f" and {worst.relative_disagreement:.0%} of those on {worst.name}"
    text = Text.assemble(
        (words, f"bold {STYLES[data.agreement]}"),
        f": {_mev(data.overall.force_disagreement_ev_per_angstrom)} meV/Å{share}. One of them is expected to have a "
        f"force MAE of {_expected(expected)} meV/Å",
    )
    if data.tolerance_ev_per_angstrom is not None:
        text.append(f"; you accept {_mev(data.tolerance_ev_per_angstrom)}")
    return text.append(".")


def _groups_table(data: Disagreement) -> Table:
    table = plain_table("", "Frames", "Atoms", "meV/Å", "of forces", "Worst atom", "Expected MAE")
    rows: list[tuple[str, GroupDisagreement]] = [(KIND_WORDS[FrameKind(item.name)], item) for item in data.kinds]
    if len(data.elements) > 1:
        rows += [(f"  {item.name}", item) for item in data.elements]
    for name, item in rows:
        relative = item.relative_disagreement
        table.add_row(
            name,
            str(item.frames),
            str(item.atoms),
            _mev(item.force_disagreement_ev_per_angstrom),
            "–" if relative is None else f"{relative:.0%}",
            _mev(item.largest_atom_disagreement_ev_per_angstrom),
            _expected(item.expected_force_mae_ev_per_angstrom),
        )
    return table


def _legend(data: Disagreement) -> list[str]:
    basis = data.overall.expected_force_mae_ev_per_angstrom.basis
    elements = f" Elements: {data.overall.name}." if len(data.elements) > 1 else ""
    words = (
        "Standard deviation over the models of a force component, root mean square; worst atom: of its force as a "
        f"vector. Expected: force MAE in meV/Å with its 90 % interval; {MARKS[basis]} {basis.value}.{elements}"
    )
    return [words, explained("frames", "labels")]


def _over_time(data: Disagreement) -> list[list[FrameDisagreement]]:
    """Return the frames of the run in parts of equal numbers, in order of time."""
    frames = [one for one in data.frames if one.kind is FrameKind.DYNAMICS]
    size = max(1, -(-len(frames) // PARTS_OF_TIME))
    return [frames[begin : begin + size] for begin in range(0, len(frames), size)]


def _time_table(data: Disagreement) -> Table:
    table = plain_table("Until", "K", "meV/Å", "of forces", "Energy", "Stress", "Worst atom")
    for part in _over_time(data):
        worst = max(part, key=lambda one: one.largest_atom_disagreement_ev_per_angstrom)
        table.add_row(
            simulated_time(part[-1].time_s or 0.0),
            f"{_mean([one.temperature_k for one in part]):.0f}",
            _mev(_mean([one.force_disagreement_ev_per_angstrom for one in part])),
            _percent([one.relative_disagreement for one in part]),
            _scaled([one.energy_disagreement_ev_per_atom for one in part], 1e3, "meV/atom"),
            _scaled([one.stress_disagreement_ev_per_angstrom3 for one in part], GPA_PER_EV_ANGSTROM3, "GPa"),
            f"{worst.largest_atom_element} {_mev(worst.largest_atom_disagreement_ev_per_angstrom)}",
        )
    return table


def _pairs_table(data: Disagreement) -> Table:
    table = plain_table("", "", "meV/Å")
    for pair in sorted(data.pairs, key=lambda one: one.force_difference_ev_per_angstrom):
        table.add_row(*pair.models, _mev(pair.force_difference_ev_per_angstrom))
    table.columns[1].justify = "left"
    return table


def _meaning(data: Disagreement) -> list[str]:
    lines = {
        Agreement.AGREE: ["Agreement is no proof: models can be wrong together, and are where they share their data."],
        Agreement.DIFFER: ["They cannot all be right. Which one is nearest to the truth, only labels tell."],
        Agreement.DISAGREE: ["At least one of them is wrong here. Which one, only labels tell."],
        Agreement.UNDECIDED: ["What was seen leaves open whether they agree: a few labels of your own would tell."],
    }[data.agreement]
    if data.run is not None and data.run.unstable:
        lines.append(f"The run with {data.run.model} exploded: check the step and the structure before all else.")
    if data.shared_data:
        lines.append(
            f"All of them were trained on {' and '.join(data.shared_data)}: they share its errors, unseen here."
        )
    if data.extrapolated:
        lines.append(f"The expected error is extrapolated: {'; '.join(data.extrapolated)}.")
    return lines


def _calibration(data: Disagreement) -> list[str]:
    calibration = data.calibration
    held = "; ".join(f"{one.left_out} {one.share:.0%}" for one in calibration.coverage)
    words = (
        f"Expected errors are {calibration.ratio:.2f} ({calibration.low_ratio:.2f} to {calibration.high_ratio:.2f}) "
        f"times the disagreement: so it was on {calibration.frames:,} frames of {calibration.chemistries:,} "
        f"chemistries with labels of {calibration.level_of_theory}. These 90 % intervals, fitted without what they "
        f"were tested on, held this share of the true errors: {held}."
    )
    return [words, *calibration.limits]


def _next(data: Disagreement, given: str) -> list[Step]:
    chosen, models = data.to_label, ",".join(data.models)
    if chosen is None or chosen.file is None:
        return [
            Step(f"mlipguide disagree {given} --models {models} --output FILE", "writes frames to label, to be sure"),
            Step(f"mlipguide recommend {given} --models {models}", "which to run, and how long it takes"),
        ]
    count = len(chosen.frames)
    these = "the frame" if count == 1 else f"the {count} frames"
    return [
        Step(
            f"mlipguide evaluate LABELLED --models {models}",
            f"first label {these} in {chosen.file} (energies in eV, forces in eV/Å)",
        ),
        Step(f"mlipguide recommend {given} --labels LABELLED", "with the errors that the labels show"),
    ]


def _mev(value_ev: float) -> str:
    return number(value_ev * 1e3) if value_ev >= 1e-4 else f"{value_ev * 1e3:.1g}"  # noqa: PLR2004  # below 0.1 meV


def _expected(estimate: Estimate) -> str:
    """Return an expected error with its interval, in meV/Å."""
    if estimate.at_most < VANISHING_EV_PER_ANGSTROM:
        return "–"
    return f"{MARKS[estimate.basis]}{with_interval(estimate, _mev)}"


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0


def _percent(values: Sequence[float | None]) -> str:
    return f"{_mean(values):.0%}" if any(value is not None for value in values) else "–"


def _scaled(values: Sequence[float | None], factor: float, unit: str) -> str:
    return f"{number(_mean(values) * factor)} {unit}" if any(value is not None for value in values) else "–"
