"""The answer of ``mlipguide stability`` in the terminal: which models pass, with what step, the checks, what next."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.core.readable import duration, simulated_time
from mlipguide.records.accuracy.stability import CheckVerdict, ModelStability, StabilityData
from mlipguide.report.pages.page_parts import Step, conclusion, next_steps, notes
from mlipguide.report.tables.checks_table import (
    FOR_INFORMATION,
    MATRIX_LEGEND,
    STYLES,
    checks_matrix,
    checks_table,
    failure_sentences,
    figure_words,
)
from mlipguide.report.words.command_words import STRUCTURE

UNBOUNDED = 10_000
MOST_SENTENCES = 4
"""Failures that are told without ``--details``; the table marks all of them."""


def stability_page(
    data: StabilityData, console: Console, *, given: str = STRUCTURE, details: bool = False
) -> RenderableType:
    """Return the page: one table of all models where it fits, else one for each.

    Args:
        data: What was found.
        console: Where it is printed.
        given: The structure as it was given, for the next commands.
        details: A table for each model, every failure with the source of its limit.
    """
    parts: list[RenderableType] = [_conclusion(data), Text(""), Text(task_line(data))]
    several = len(data.results) > 1
    matrix = checks_matrix({one.model: one.tests for one in data.results})
    fits = console.measure(matrix, options=console.options.update(max_width=UNBOUNDED)).maximum <= console.width
    if several and fits and not details:
        parts += [Text(""), matrix, *notes([f"{MATRIX_LEGEND} {FOR_INFORMATION}"])]
        sentences = [line for one in data.results for line in failure_sentences(one.tests, name=one.model)]
        parts += sentences[:MOST_SENTENCES]
        if len(sentences) > MOST_SENTENCES:
            parts += notes([f"{len(sentences) - MOST_SENTENCES} more that did not pass: --details."])
    else:
        for one in data.results:
            parts += [Text(""), _head(one), *checks_table(one.tests, limits=details), step_line(one)]
    hidden = "a table for each model, longest steps, sources of the limits"
    return Group(*parts, *next_steps(what_next(data, given), console, hidden=hidden, details=details))


def task_line(data: StabilityData) -> str:
    """Return what was tested."""
    return (
        f"{data.structure.formula} at {data.temperature_k:g} K, steps of {simulated_time(data.timestep_s)} "
        f"({data.structure.source})"
    )


def _conclusion(data: StabilityData) -> Text:
    return conclusion(*headline(data), style=f"bold {STYLES[worst_verdict(data)]}")


def headline(data: StabilityData) -> tuple[str, ...]:
    """Return which models are stable and which are not, a sentence for each outcome."""
    found: dict[CheckVerdict, list[str]] = {}
    for one in data.results:
        found.setdefault(one.verdict, []).append(_model_words(one))
    sentences = {
        CheckVerdict.PASSED: "Stable: {}.",
        CheckVerdict.FAILED: "Do not run: {}.",
        CheckVerdict.UNCLEAR: "Not shown to be stable: {}.",
        CheckVerdict.NOT_APPLICABLE: "Nothing could be tested of {}.",
    }
    return tuple(words.format("; ".join(found[verdict])) for verdict, words in sentences.items() if verdict in found)


def worst_verdict(data: StabilityData) -> CheckVerdict:
    """Return the worst of the outcomes of the models."""
    found = {one.verdict for one in data.results}
    return next((one for one in (CheckVerdict.FAILED, CheckVerdict.UNCLEAR) if one in found), CheckVerdict.PASSED)


def _model_words(one: ModelStability) -> str:
    """Return a model with its longest step that keeps every limit; where it did not pass, with what stands against."""
    if one.verdict is CheckVerdict.PASSED:
        step = one.recommended_timestep_s
        return f"{one.model}, with steps up to {fs(step)}" if step is not None else one.model
    against = [test for test in one.tests if test.decisive and test.verdict is one.verdict]
    if not against:
        return one.model
    more = f"; {len(against) - 1} more" if len(against) > 1 else ""
    return f"{one.model} ({figure_words(against[0])}{more})"


def what_next(data: StabilityData, given: str) -> list[Step]:
    """Return the commands to type now."""
    passed = [one for one in data.results if one.verdict is CheckVerdict.PASSED]
    if not passed:
        names = ",".join(one.model for one in data.results)
        return [
            Step("mlipguide models list --conservative", "models whose forces are the gradient of their energy"),
            Step(
                f"mlipguide stability {given} --models {names} --timestep {_fs_option(data.timestep_s / 2)}",
                "the same with half the step",
            ),
        ]
    steps = [one.recommended_timestep_s for one in passed if one.recommended_timestep_s is not None]
    names = ",".join(one.model for one in passed)
    longest = f" --timestep {_fs_option(min(steps))}" if steps else ""
    return [
        Step(
            f"mlipguide recommend {given} --models {names} --temperature {data.temperature_k:g}K{longest}",
            "how long a run takes",
        ),
    ]


def _head(one: ModelStability) -> Text:
    return Text.assemble(
        (f"{one.name}: ", "bold"),
        (one.verdict.value, f"bold {STYLES[one.verdict]}"),
        f"  ({one.atoms} atoms, {one.settings.dtype}, {duration(one.wall_time_s)})",
    )


def step_line(one: ModelStability) -> Text:
    """Return the time step to run with, and how far steps go that hold together."""
    if one.stable_timestep_s is None:
        return Text("Time step: none that was tried is stable.", style="red")
    end = "" if one.unstable_timestep_s is None else f", not with {fs(one.unstable_timestep_s)}"
    words = f"Short runs stay together with steps up to {fs(one.stable_timestep_s)}{end}."
    if one.recommended_timestep_s is None:
        return Text(f"Time step: none of those tested keeps every limit. {words}", style="yellow")
    style = "yellow" if one.recommended_timestep_s < one.timestep_s else ""
    return Text.assemble("Recommended time step: ", (fs(one.recommended_timestep_s), f"bold {style}"), f". {words}")


def fs(seconds: float) -> str:
    """Return a time step in fs."""
    return f"{seconds * 1e15:.3g} fs"


def _fs_option(seconds: float) -> str:
    return f"{seconds * 1e15:.3g}fs"
