"""The answer of ``mlipguide stability`` in the terminal: for each model a table of tests, and what to do."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, simulated_time
from mlipguide.records.accuracy.stability import CheckResult, CheckVerdict, ModelStability, Relation, StabilityData

STYLES = {
    CheckVerdict.PASSED: "green",
    CheckVerdict.FAILED: "red",
    CheckVerdict.UNCLEAR: "yellow",
    CheckVerdict.NOT_APPLICABLE: "dim",
}
SIGNS = {Relation.AT_MOST: "≤", Relation.AT_LEAST: "≥"}


def stability_page(data: StabilityData, console: Console) -> RenderableType:
    """Return the page."""
    del console  # the same at every width
    parts: list[RenderableType] = [
        Text(
            f"{data.structure.formula} at {data.temperature_k:g} K, steps of {simulated_time(data.timestep_s)} "
            f"({data.structure.source})"
        )
    ]
    for one in data.results:
        parts += [Text(""), _head(one), _table(one), *_remarks(one), *_step(one)]
    return Group(*parts)


def _head(one: ModelStability) -> Text:
    return Text.assemble(
        (f"{one.name}: ", "bold"),
        (one.verdict.value, f"bold {STYLES[one.verdict]}"),
        f"  ({one.atoms} atoms, {one.settings.dtype}, {duration(one.wall_time_s)})",
    )


def _table(one: ModelStability) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Test", no_wrap=True)
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("Limit", justify="right", no_wrap=True)
    table.add_column("Unit", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    for test in one.tests:
        verdict = Text("–" if test.verdict is CheckVerdict.NOT_APPLICABLE else test.verdict.value)
        verdict.stylize(STYLES[test.verdict])
        if not test.decisive and test.verdict is not CheckVerdict.NOT_APPLICABLE:
            verdict.append(" *", style="dim")
        table.add_row(test.title, _value(test), _limit(test), test.unit, verdict)
    return table


def _value(test: CheckResult) -> str:
    if test.value is None:
        return "–"
    if test.uncertainty is None:
        return _digits(test.value)
    return f"{_digits(test.value)} ± {_digits(test.uncertainty)}"


def _limit(test: CheckResult) -> str:
    if test.threshold is None or test.value is None:
        return ""
    return f"{SIGNS[test.threshold.relation]} {test.threshold.value:g}"


def _digits(value: float) -> str:
    return "0" if value == 0 else f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"  # noqa: PLR2004  # three digits


def _remarks(one: ModelStability) -> list[RenderableType]:
    """Return the sentences of tests that did not pass, and of those that tell more than their number."""
    lines: list[RenderableType] = []
    if any(not test.decisive and test.verdict is not CheckVerdict.NOT_APPLICABLE for test in one.tests):
        lines.append(Text("* for information: the verdict does not depend on it.", style="dim"))
    for test in one.tests:
        if test.verdict in (CheckVerdict.FAILED, CheckVerdict.UNCLEAR):
            sentence = Text.assemble((f"{test.title}: ", STYLES[test.verdict]), test.why)
            if test.advice is not None:
                sentence.append(f" {test.advice}")
            if test.threshold is not None:
                sentence.append(f" (Limit: {test.threshold.source}.)", style="dim")
            lines.append(sentence)
    return lines


def _step(one: ModelStability) -> list[RenderableType]:
    if one.stable_timestep_s is None:
        return [Text("Time step: none that was tried is stable.", style="red")]
    end = "" if one.unstable_timestep_s is None else f", not with {_fs(one.unstable_timestep_s)}"
    words = f"Short runs stay together with steps up to {_fs(one.stable_timestep_s)}{end}."
    if one.recommended_timestep_s is None:
        return [Text(f"Time step: none that was looked at keeps every limit. {words}", style="yellow")]
    style = "yellow" if one.recommended_timestep_s < one.timestep_s else ""
    return [
        Text.assemble("Recommended time step: ", (f"{_fs(one.recommended_timestep_s)}", f"bold {style}"), f". {words}")
    ]


def _fs(seconds: float) -> str:
    return f"{seconds * 1e15:.3g} fs"
