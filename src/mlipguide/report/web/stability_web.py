"""The answer of ``stability`` as an HTML page: outcome of each model, energies of the runs, every check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mlipguide.core.readable import duration
from mlipguide.records.accuracy.stability import CheckResult, CheckVerdict, ModelStability, StabilityData
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Result
from mlipguide.report.figures.stability_curves import (
    BOND_AXES,
    DRIFT_AXES,
    DRIFT_LEGEND,
    VOLUME_AXES,
    DriftPanel,
    along_bond,
    drift_panels,
    drift_words,
    over_volume,
    times_ps,
)
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.pages.stability_page import fs, headline, step_line, task_line, what_next, worst_verdict
from mlipguide.report.tables.checks_table import (
    FOR_INFORMATION,
    did_not_pass,
    found_words,
    is_information,
    limit_words,
    source_words,
    value_words,
    verdict_words,
)
from mlipguide.report.tables.series import settings_words
from mlipguide.report.web.parts import (
    NARROW_HEIGHT,
    coloured,
    linear,
    noticed,
    palette,
    plain_cell,
    what_failed,
)
from mlipguide.report.web.web_page import Cell, WebChart, WebPage, WebTable, values

TONES = {CheckVerdict.PASSED: "good", CheckVerdict.UNCLEAR: "unsure", CheckVerdict.FAILED: "bad"}
DIGITS = 6
"""Significant ones of a point of a curve."""


def stability_web(result: Result[StabilityData], given: str, *, machine: Machine) -> WebPage:
    """Return the page.

    Args:
        result: What was found, and what was said beside it.
        given: The structure as it was given, for the next commands.
        machine: That ran the models.
    """
    data = result.data
    lead, *rest = headline(data)
    steps = what_next(data, given)
    return WebPage(
        title=f"mlipguide stability: {data.structure.reduced_formula}",
        lead=lead,
        rest=" ".join(rest),
        tone=TONES[worst_verdict(data)],
        commands=tuple(step.command for step in steps),
        purposes=tuple(step.purpose for step in steps),
        facts=(
            ("Task", task_line(data)),
            *((one.name, f"{one.verdict.value}. {step_line(one).plain}") for one in data.results),
        ),
        charts=tuple(_charts(data)),
        tables=(_models(data.results), _checks(data.results)),
        cautions=(
            *(
                (f"{one.model}, {test.title}", found_words(test) + source_words(test), ())
                for one in data.results
                for test in one.tests
                if did_not_pass(test)
            ),
            *what_failed(result),
        ),
        provenance=tuple(_provenance(result, machine)),
    )


def _charts(data: StabilityData) -> Iterator[WebChart]:
    colours = palette([one.name for one in data.results])
    for panel in drift_panels(data):
        if panel.curves:
            yield _drift(panel, {model.name: colours[model.name] for model, _ in panel.curves})
    for title, axes, of in (
        ("Energy over volume", VOLUME_AXES, over_volume),
        ("Energy along a bond", BOND_AXES, along_bond),
    ):
        yield from _scan(data, title, axes, of, colours)


def _drift(panel: DriftPanel, colours: dict[str, str]) -> WebChart:
    total, corrected = [], []
    for model, curve in panel.curves:
        at = zip(times_ps(curve), curve.energy_mev_per_atom, curve.corrected_mev_per_atom, strict=True)
        for time, energy, smooth in at:
            total.append({"model": model.name, "x": _short(time), "y": _short(energy)})
            if smooth is not None:
                corrected.append({"model": model.name, "x": _short(time), "y": _short(smooth)})
    both = _channels(DRIFT_AXES, colours)
    spec = {
        "height": NARROW_HEIGHT,
        "layer": [
            {
                "data": values(total),
                "mark": {"type": "line", "strokeWidth": 0.6, "opacity": 0.55},
                "encoding": both,
            },
            {"data": values(corrected), "mark": {"type": "line", "strokeWidth": 2}, "encoding": both},
        ],
    }
    found = "; ".join(drift_words(model, curve) for model, curve in panel.curves)
    title = f"{panel.title[0].upper()}{panel.title[1:]}"
    return WebChart(
        title=title, words=f"Drift of {found}.", spec=spec, note=f"{DRIFT_LEGEND}. {found}.", beside="drift"
    )


def _scan(
    data: StabilityData,
    title: str,
    axes: tuple[str, str],
    of: Callable[[ModelStability], Sequence[tuple[float, float]]],
    colours: dict[str, str],
) -> Iterator[WebChart]:
    scanned = {one.name: of(one) for one in data.results}
    rows = [{"model": name, "x": _short(x), "y": _short(y)} for name, points in scanned.items() for x, y in points]
    if not rows:
        return
    drawn = {name: colour for name, colour in colours.items() if scanned[name]}
    both = _channels(axes, drawn)
    spec = {
        "height": NARROW_HEIGHT,
        "data": values(rows),
        "mark": {"type": "line", "point": True, "strokeWidth": 1.2},
        "encoding": both,
    }
    told = "; ".join(f"{name}: {len(scanned[name])} points" for name in drawn)
    words = f"{axes[1]} above the lowest, against {axes[0][0].lower()}{axes[0][1:]}. {told}."
    yield WebChart(title=title, words=words, spec=spec, beside="scan")


def _channels(axes: tuple[str, str], colours: dict[str, str]) -> dict[str, Any]:
    across, up = axes
    return {
        "x": linear("x", across, zero=False),
        "y": linear("y", up, zero=False),
        "color": coloured("model", colours),
    }


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _models(results: Sequence[ModelStability]) -> WebTable:
    titles = (
        "Model",
        "Outcome",
        "Recommended step",
        "Stays together up to",
        "Flies apart with",
        "Forces are a gradient",
        "Drift comes from",
        "Atoms",
        "Tested for",
        "Settings",
    )
    rows = tuple(
        (
            Cell(text=one.name, order=place),
            Cell(text=one.verdict.value, order=list(CheckVerdict).index(one.verdict)),
            plain_cell(one.recommended_timestep_s, fs),
            plain_cell(one.stable_timestep_s, fs),
            plain_cell(one.unstable_timestep_s, fs),
            Cell(text={True: "yes", False: "no", None: "not clear"}[one.conservative], order=str(one.conservative)),
            Cell(text=one.drift_cause or "–", order=one.drift_cause),
            Cell(text=f"{one.atoms:,}", order=one.atoms),
            plain_cell(one.wall_time_s, duration),
            Cell(text=settings_words(one.settings), order=settings_words(one.settings)),
        )
        for place, one in enumerate(results)
    )
    return WebTable(caption="Models", titles=titles, rows=rows)


def _checks(results: Sequence[ModelStability]) -> WebTable:
    titles = ("Model", "Check", "Value", "Limit", "Unit", "Verdict", "What was done and found")
    tests = list(dict.fromkeys(test.test for one in results for test in one.tests))
    rows = tuple(
        (
            Cell(text=one.name, order=place),
            Cell(text=test.title, order=tests.index(test.test)),
            Cell(text=value_words(test), order=test.value),
            Cell(text=limit_words(test), order=None if test.threshold is None else test.threshold.value),
            Cell(text=test.unit, order=test.unit or None),
            Cell(text=_verdict(test), order=list(CheckVerdict).index(test.verdict)),
            Cell(text=found_words(test) + source_words(test)),
        )
        for place, one in enumerate(results)
        for test in one.tests
    )
    legend = f"±: half of the 90 % interval. {FOR_INFORMATION}"
    return WebTable(caption="What was tested", titles=titles, rows=rows, legend=legend)


def _verdict(test: CheckResult) -> str:
    return verdict_words(test.verdict) + (" *" if is_information(test) else "")


def _provenance(result: Result[StabilityData], machine: Machine) -> Iterator[tuple[str, str]]:
    yield "Machine", machine_line(machine)
    yield "Budget", duration(result.data.budget_s)
    for one in result.data.results:
        versions = ", ".join(f"{name} {version}" for name, version in one.versions.items())
        yield one.model, "; ".join(filter(None, (f"record {one.record}", versions, one.taken_at)))
    yield from noticed(result)
