"""The answer of ``disagree`` as an HTML page: what models differ by along the run, by element, and in every frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mlipguide.core.readable import number, simulated_time
from mlipguide.core.units import GPA_PER_EV_ANGSTROM3
from mlipguide.records.accuracy.disagreement import Agreement, Disagreement, FrameDisagreement, FrameKind
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Result
from mlipguide.report.figures.disagree_plot import (
    ENERGY,
    EXPECTED,
    FORCES,
    LABEL,
    OF_ATOM,
    OF_COMPONENT,
    STRESS,
    TO_LABEL,
    WORST,
    expected_label,
)
from mlipguide.report.pages.disagree_page import (
    KIND_WORDS,
    VANISHING_EV_PER_ANGSTROM,
    calibration_lines,
    expected_words,
    facts,
    groups,
    headline,
    legend,
    meaning,
    mev,
    share_words,
    what_next,
)
from mlipguide.report.pages.machine_page import machine_line
from mlipguide.report.web.parts import (
    HEIGHT,
    NARROW_HEIGHT,
    coloured,
    ends,
    intervals,
    limit,
    linear,
    noticed,
    plain_cell,
    what_failed,
)
from mlipguide.report.web.web_page import Cell, WebChart, WebPage, WebTable, values

TONES = {
    Agreement.AGREE: "good",
    Agreement.DIFFER: "unsure",
    Agreement.UNDECIDED: "unsure",
    Agreement.DISAGREE: "bad",
}
MEV, MEV_PER_ANGSTROM, FS = 1e-3, "Forces (meV/Å)", 1e-15
MORE = "more"
"""What the narrow charts have in common."""
GPA = 1 / GPA_PER_EV_ANGSTROM3
DISAGREEMENT, OF_FORCES = "Disagreement (meV/Å)", "of forces"
WORST_ATOM, EXPECTED_MAE = "Worst atom (meV/Å)", "Expected MAE (meV/Å)"


def disagree_web(result: Result[Disagreement], given: str, *, machine: Machine) -> WebPage:
    """Return the page.

    Args:
        result: What was found, and what was said beside it.
        given: The structure as it was given, for the next commands.
        machine: That evaluated.
    """
    data = result.data
    lead, expected = headline(data)
    (_, follows), *others = meaning(data)
    steps = what_next(data, given)
    return WebPage(
        title=f"mlipguide disagree: {data.structure.reduced_formula}",
        lead=lead,
        rest=f"{expected} {follows}",
        tone=TONES[data.agreement],
        commands=tuple(step.command for step in steps),
        purposes=tuple(step.purpose for step in steps),
        facts=tuple(facts(data)),
        charts=tuple(_charts(data)),
        tables=(_groups(data), *_pairs(data), _frames(data)),
        cautions=(*((topic, words, ()) for topic, words in others), *what_failed(result)),
        provenance=(
            ("Expected errors", " ".join(calibration_lines(data))),
            ("Calibrated on", f"{', '.join(data.calibration.sources)}; {data.calibration.made_on}"),
            ("Machine", machine_line(machine)),
            *noticed(result),
        ),
    )


def _of_kind(data: Disagreement, kind: FrameKind) -> list[FrameDisagreement]:
    return [one for one in data.frames if one.kind is kind]


def _charts(data: Disagreement) -> Iterator[WebChart]:
    run, distorted = _of_kind(data, FrameKind.DYNAMICS), _of_kind(data, FrameKind.DISTORTED)
    if run:
        times = [_fs(one) for one in run]
        worst = max(run, key=lambda one: one.force_disagreement_ev_per_angstrom)
        words = (
            f"{len(run)} frames; the models differ most at {simulated_time(worst.time_s or 0.0)}: "
            f"{mev(worst.force_disagreement_ev_per_angstrom)} meV/Å."
        )
        spec = _forces(data, run, times, linear("x", "Simulated time (fs)", zero=True), joined=True)
        yield WebChart(title="Forces along the run", words=words, spec=spec, note=_note(data))
    yield _by_group(data)
    if distorted:
        places = [float(place + 1) for place in range(len(distorted))]
        worst = max(distorted, key=lambda one: one.force_disagreement_ev_per_angstrom)
        words = (
            f"{len(distorted)} distorted copies of the structure; the models differ by at most "
            f"{mev(worst.force_disagreement_ev_per_angstrom)} meV/Å."
        )
        axis = {"labelAngle": 0, "labelOverlap": True, "format": ".0f"}
        across = {"field": "x", "type": "ordinal", "title": "Distorted copies, one after another", "axis": axis}
        spec = _forces(data, distorted, places, across, joined=False)
        yield WebChart(title="Forces in distorted copies", words=words, spec=spec, note=_note(data), beside=MORE)
    energies = [(_fs(one), one.energy_disagreement_ev_per_atom) for one in run]
    yield from _course("Energy along the run", "Energy (meV/atom)", energies, MEV, ENERGY)
    stresses = [(_fs(one), one.stress_disagreement_ev_per_angstrom3) for one in run]
    yield from _course("Stress along the run", "Stress (GPa)", stresses, GPA, STRESS)


def _fs(one: FrameDisagreement) -> float:
    return (one.time_s or 0.0) / FS


def _note(data: Disagreement) -> str:
    accepted = data.tolerance_ev_per_angstrom
    return "" if accepted is None else f"Dashed: the {mev(accepted)} meV/Å that you accept."


def _tolerance(data: Disagreement, axis: str) -> list[dict[str, Any]]:
    accepted = data.tolerance_ev_per_angstrom
    return [] if accepted is None else limit(axis, accepted / MEV)


def _forces(
    data: Disagreement,
    frames: Sequence[FrameDisagreement],
    places: Sequence[float],
    across: dict[str, Any],
    *,
    joined: bool,
) -> dict[str, Any]:
    """Return the chart of the forces of frames, with the band of the expected error along a run."""
    chosen = set() if data.to_label is None else set(data.to_label.frames)
    band = expected_label(data)
    rows: list[dict[str, Any]] = []
    for place, one in zip(places, frames, strict=True):
        at = {"x": place, "frame": one.frame}
        component = one.force_disagreement_ev_per_angstrom
        atom = one.largest_atom_disagreement_ev_per_angstrom
        expected = one.expected_force_mae_ev_per_angstrom
        told = f"{expected_words(expected)} meV/Å"
        rows += [
            {**at, "what": OF_COMPONENT, "value": component / MEV, "told": f"{mev(component)} meV/Å"},
            {**at, "what": OF_ATOM, "value": atom / MEV, "told": f"{one.largest_atom_element} {mev(atom)} meV/Å"},
            {**at, "what": band, "told": told, **ends(expected, MEV)},
        ]
        if one.frame in chosen:
            rows.append({**at, "what": TO_LABEL, "value": component / MEV, "told": f"frame {one.frame}"})
    colours = {OF_COMPONENT: FORCES, OF_ATOM: WORST, band: EXPECTED}
    if chosen:
        colours[TO_LABEL] = LABEL
    value = linear("value", MEV_PER_ANGSTROM, zero=True)
    both: dict[str, Any] = {"x": across, "y": value, "color": coloured("what", colours)}
    tooltip = [{"field": name} for name in ("frame", "what", "told")]
    span = {**both, "y": {**value, "field": "low"}, "y2": {"field": "high"}, "tooltip": tooltip}

    def of(what: str) -> list[dict[str, Any]]:
        return [{"filter": {"field": "what", "equal": what}}]

    point = {"type": "point", "opacity": 1}
    layers: list[dict[str, Any]] = [
        {
            "transform": of(band),
            "mark": {"type": "area", "opacity": 0.25} if joined else {"type": "rule", "strokeWidth": 5, "opacity": 0.4},
            "encoding": span,
        },
        {
            "transform": of(OF_ATOM),
            "mark": {**point, "shape": "triangle-up", "filled": True, "size": 45},
            "encoding": {**both, "tooltip": tooltip},
        },
        {
            "transform": of(OF_COMPONENT),
            "mark": {**point, "filled": True, "size": 45},
            "encoding": {**both, "tooltip": tooltip},
        },
        {"transform": of(TO_LABEL), "mark": {**point, "size": 160, "strokeWidth": 2}, "encoding": both},
    ]
    if joined:
        layers.insert(1, {"transform": of(OF_COMPONENT), "mark": {"type": "line"}, "encoding": both})
    return {
        "height": HEIGHT if joined else NARROW_HEIGHT,
        "data": values(rows),
        "layer": [*layers, *_tolerance(data, "y")],
    }


def _by_group(data: Disagreement) -> WebChart:
    band = expected_label(data)
    rows: list[dict[str, Any]] = []
    for name, item in groups(data):
        found, expected = item.force_disagreement_ev_per_angstrom, item.expected_force_mae_ev_per_angstrom
        at = found / MEV
        rows.append(
            {"name": name, "series": OF_COMPONENT, "value": at, "low": at, "high": at, "told": f"{mev(found)} meV/Å"}
        )
        if expected.at_most >= VANISHING_EV_PER_ANGSTROM:
            told = f"{expected_words(expected)} meV/Å"
            rows.append({"name": name, "series": band, "told": told, **ends(expected, MEV)})
    spec = intervals(rows, MEV_PER_ANGSTROM, {OF_COMPONENT: FORCES, band: EXPECTED})
    spec["layer"] += _tolerance(data, "x")
    worst = max(groups(data), key=lambda one: one[1].force_disagreement_ev_per_angstrom)
    words = f"The models differ most on {worst[0]}: {mev(worst[1].force_disagreement_ev_per_angstrom)} meV/Å."
    title = f"Forces by kind of frame{' and element' if len(data.elements) > 1 else ''}"
    return WebChart(title=title, words=words, spec=spec, note=_note(data))


def _course(
    title: str, axis: str, points: Sequence[tuple[float, float | None]], unit: float, colour: str
) -> Iterator[WebChart]:
    rows = [{"x": time, "y": value / unit} for time, value in points if value is not None]
    if len(rows) < 2:  # noqa: PLR2004  # a line has two ends
        return
    spec = {
        "height": NARROW_HEIGHT,
        "data": values(rows),
        "mark": {"type": "line", "point": {"color": colour}, "color": colour},
        "encoding": {
            "x": linear("x", "Simulated time (fs)", zero=True),
            "y": linear("y", axis, zero=True),
            "tooltip": [
                {"field": "x", "title": "fs", "format": ".4~g"},
                {"field": "y", "title": axis, "format": ".3~g"},
            ],
        },
    }
    largest = max(row["y"] for row in rows)
    words = f"{axis} between the models, standard deviation, over {len(rows)} frames: at most {number(largest)}."
    yield WebChart(title=title, words=words, spec=spec, beside=MORE)


def _groups(data: Disagreement) -> WebTable:
    titles = ("Of", "Frames", "Atoms", DISAGREEMENT, OF_FORCES, WORST_ATOM, EXPECTED_MAE)
    rows = tuple(
        (
            Cell(text=name, order=place),
            Cell(text=f"{item.frames:,}", order=item.frames),
            Cell(text=f"{item.atoms:,}", order=item.atoms),
            Cell(text=mev(item.force_disagreement_ev_per_angstrom), order=item.force_disagreement_ev_per_angstrom),
            Cell(text=share_words(item.relative_disagreement), order=item.relative_disagreement),
            Cell(
                text=mev(item.largest_atom_disagreement_ev_per_angstrom),
                order=item.largest_atom_disagreement_ev_per_angstrom,
            ),
            Cell(
                text=expected_words(item.expected_force_mae_ev_per_angstrom),
                order=item.expected_force_mae_ev_per_angstrom.value,
            ),
        )
        for place, (name, item) in enumerate(groups(data))
    )
    return WebTable(caption="By kind of frame and element", titles=titles, rows=rows, legend=" ".join(legend(data)))


def _pairs(data: Disagreement) -> Iterator[WebTable]:
    if len(data.pairs) < 2:  # noqa: PLR2004  # of two models there is one pair, which the other tables have
        return
    rows = tuple(
        (
            Cell(text=pair.models[0], order=pair.models[0]),
            Cell(text=pair.models[1], order=pair.models[1]),
            Cell(text=mev(pair.force_difference_ev_per_angstrom), order=pair.force_difference_ev_per_angstrom),
        )
        for pair in sorted(data.pairs, key=lambda one: one.force_difference_ev_per_angstrom)
    )
    titles = ("Model", "And", "Mean absolute difference (meV/Å)")
    yield WebTable(caption="Between models", titles=titles, rows=rows)


def _frames(data: Disagreement) -> WebTable:
    chosen = () if data.to_label is None else data.to_label.frames
    titles = (
        "Frame",
        "Of",
        "Time",
        "Temperature (K)",
        DISAGREEMENT,
        OF_FORCES,
        WORST_ATOM,
        "Energy (meV/atom)",
        "Stress (GPa)",
        EXPECTED_MAE,
        "To label",
    )
    rows = tuple(
        (
            Cell(text=str(one.frame), order=one.frame),
            Cell(text=KIND_WORDS[one.kind], order=list(FrameKind).index(one.kind)),
            plain_cell(one.time_s, simulated_time),
            plain_cell(one.temperature_k, lambda kelvin: f"{kelvin:.0f}"),
            Cell(text=mev(one.force_disagreement_ev_per_angstrom), order=one.force_disagreement_ev_per_angstrom),
            Cell(text=share_words(one.relative_disagreement), order=one.relative_disagreement),
            Cell(
                text=f"{one.largest_atom_element} {one.largest_atom}: "
                f"{mev(one.largest_atom_disagreement_ev_per_angstrom)}",
                order=one.largest_atom_disagreement_ev_per_angstrom,
            ),
            plain_cell(one.energy_disagreement_ev_per_atom, lambda energy: number(energy / MEV)),
            plain_cell(one.stress_disagreement_ev_per_angstrom3, lambda stress: number(stress / GPA)),
            Cell(
                text=expected_words(one.expected_force_mae_ev_per_angstrom),
                order=one.expected_force_mae_ev_per_angstrom.value,
            ),
            Cell(text=f"{chosen.index(one.frame) + 1}.", order=chosen.index(one.frame))
            if one.frame in chosen
            else Cell(text=""),
        )
        for one in data.frames
    )
    marks = "Atoms and frames are counted from 0. To label: in this order."
    return WebTable(caption="Every frame", titles=titles, rows=rows, legend=marks)
