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
CLAIMS = {
    Agreement.AGREE: "The models agree",
    Agreement.DIFFER: "The models differ",
    Agreement.DISAGREE: "The models disagree",
    Agreement.UNDECIDED: "Undecided whether the models agree",
}
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
    parts: list[RenderableType] = [_verdict(data), Text(""), facts_grid(facts(data)), Text("")]
    parts += [_groups_table(data), *notes(legend(data))]
    if details:
        if len(_over_time(data)) > 1:
            parts += [Text(""), Text("Over time", style="bold"), _time_table(data)]
        if len(data.models) > 2:  # noqa: PLR2004  # of two there is one pair, which the table has
            parts += [Text(""), Text("Between models (mean absolute difference)", style="bold"), _pairs_table(data)]
    said = [words for _, words in meaning(data)]
    parts += section("What this says", said + (calibration_lines(data) if details else []))
    hidden = "course over time, pairs of models, what the expected errors stand on"
    return Group(*parts, *next_steps(what_next(data, given), console, hidden=hidden, details=details))


def facts(data: Disagreement) -> list[tuple[str, str]]:
    """Return what was compared: names, each with words."""
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
    text = Text(" ".join(headline(data)))
    text.stylize(f"bold {STYLES[data.agreement]}", 0, len(CLAIMS[data.agreement]))
    return text


def headline(data: Disagreement) -> tuple[str, str]:
    """Return whether the models agree with the numbers, and the error that lets expect."""
    expected = data.overall.expected_force_mae_ev_per_angstrom
    relative = data.overall.relative_disagreement
    share = "" if relative is None else f", {relative:.0%} of the forces"
    worst = max(data.elements, key=lambda one: one.relative_disagreement or 0.0)
    if len(data.elements) > 1 and worst.relative_disagreement is not None:
        share += f" and {worst.relative_disagreement:.0%} of those on {worst.name}"
    tolerance = data.tolerance_ev_per_angstrom
    accepted = "" if tolerance is None else f"; you accept {mev(tolerance)}"
    return (
        f"{CLAIMS[data.agreement]}: {mev(data.overall.force_disagreement_ev_per_angstrom)} meV/Å{share}.",
        f"One of them is expected to have a force MAE of {expected_words(expected)} meV/Å{accepted}.",
    )


def _groups_table(data: Disagreement) -> Table:
    table = plain_table("", "Frames", "Atoms", "meV/Å", "of forces", "Worst atom", "Expected MAE")
    for name, item in groups(data):
        table.add_row(
            f"  {name}" if item in data.elements else name,
            str(item.frames),
            str(item.atoms),
            mev(item.force_disagreement_ev_per_angstrom),
            share_words(item.relative_disagreement),
            mev(item.largest_atom_disagreement_ev_per_angstrom),
            expected_words(item.expected_force_mae_ev_per_angstrom),
        )
    return table


def groups(data: Disagreement) -> list[tuple[str, GroupDisagreement]]:
    """Return what frames are told apart by: their kinds and, where there are several, the elements."""
    rows = [(KIND_WORDS[FrameKind(item.name)], item) for item in data.kinds]
    if len(data.elements) > 1:
        rows += [(item.name, item) for item in data.elements]
    return rows


def share_words(relative: float | None) -> str:
    """Return a share of the forces; a dash where they vanish."""
    return "–" if relative is None else f"{relative:.0%}"


def legend(data: Disagreement) -> list[str]:
    """Return what the columns of the tables are."""
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
            mev(_mean([one.force_disagreement_ev_per_angstrom for one in part])),
            _percent([one.relative_disagreement for one in part]),
            _scaled([one.energy_disagreement_ev_per_atom for one in part], 1e3, "meV/atom"),
            _scaled([one.stress_disagreement_ev_per_angstrom3 for one in part], GPA_PER_EV_ANGSTROM3, "GPa"),
            f"{worst.largest_atom_element} {mev(worst.largest_atom_disagreement_ev_per_angstrom)}",
        )
    return table


def _pairs_table(data: Disagreement) -> Table:
    table = plain_table("", "", "meV/Å")
    for pair in sorted(data.pairs, key=lambda one: one.force_difference_ev_per_angstrom):
        table.add_row(*pair.models, mev(pair.force_difference_ev_per_angstrom))
    table.columns[1].justify = "left"
    return table


def meaning(data: Disagreement) -> list[tuple[str, str]]:
    """Return what follows from the verdict and what stands against it, each with its topic."""
    follows = {
        Agreement.AGREE: "Agreement is no proof: models can be wrong together, and are where they share their data.",
        Agreement.DIFFER: "They cannot all be right. Which one is nearest to the truth, only labels tell.",
        Agreement.DISAGREE: "At least one of them is wrong here. Which one, only labels tell.",
        Agreement.UNDECIDED: "What was seen leaves open whether they agree: a few labels of your own would tell.",
    }[data.agreement]
    lines = [("agreement", follows)]
    if data.run is not None and data.run.unstable:
        words = f"The run with {data.run.model} exploded: check the step and the structure before all else."
        lines.append(("unstable-run", words))
    if data.shared_data:
        words = f"All of them were trained on {' and '.join(data.shared_data)}: they share its errors, unseen here."
        lines.append(("shared-data", words))
    if data.extrapolated:
        lines.append(("extrapolation", f"The expected error is extrapolated: {'; '.join(data.extrapolated)}."))
    return lines


def calibration_lines(data: Disagreement) -> list[str]:
    """Return what the expected errors stand on."""
    calibration = data.calibration
    held = "; ".join(f"{one.left_out} {one.share:.0%}" for one in calibration.coverage)
    words = (
        f"Expected errors are {calibration.ratio:.2f} ({calibration.low_ratio:.2f} to {calibration.high_ratio:.2f}) "
        f"times the disagreement: so it was on {calibration.frames:,} frames of {calibration.chemistries:,} "
        f"chemistries with labels of {calibration.level_of_theory}. These 90 % intervals, fitted without what they "
        f"were tested on, held this share of the true errors: {held}."
    )
    return [words, *calibration.limits]


def what_next(data: Disagreement, given: str) -> list[Step]:
    """Return the commands to type now."""
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


def mev(value_ev: float) -> str:
    """Return eV as meV."""
    return number(value_ev * 1e3) if value_ev >= 1e-4 else f"{value_ev * 1e3:.1g}"  # noqa: PLR2004  # below 0.1 meV


def expected_words(estimate: Estimate) -> str:
    """Return an expected error with its interval, in meV/Å."""
    if estimate.at_most < VANISHING_EV_PER_ANGSTROM:
        return "–"
    return f"{MARKS[estimate.basis]}{with_interval(estimate, mev)}"


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0


def _percent(values: Sequence[float | None]) -> str:
    return f"{_mean(values):.0%}" if any(value is not None for value in values) else "–"


def _scaled(values: Sequence[float | None], factor: float, unit: str) -> str:
    return f"{number(_mean(values) * factor)} {unit}" if any(value is not None for value in values) else "–"
