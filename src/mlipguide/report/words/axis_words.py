"""The axis of accuracy on a page: the title of its column, a model's cell in it, and what it means."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.core.readable import number
from mlipguide.records.accuracy.accuracy_axis import AccuracyAxis, AxisFigure, AxisPlace, DomainFit
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.models.terms import Domain
from mlipguide.report.words.formatting import brief

TITLES = {
    AxisFigure.FORCE_MAE: "Error",
    AxisFigure.ENERGY_MAE: "Error",
    AxisFigure.F1: "F1",
    AxisFigure.KAPPA_SRME: "κ",
}
MEANINGS = {
    AxisFigure.FORCE_MAE: "Error: force MAE on labels, meV/Å; ◆ on the front of error and time",
    AxisFigure.ENERGY_MAE: "Error: energy MAE on labels, meV/atom; ◆ on the front of error and time",
    AxisFigure.F1: "F1: published F1 of stability, higher is better; ◆ on the front of F1 and time",
    AxisFigure.KAPPA_SRME: "κ: published κ_SRME, lower is better; ◆ on the front of κ and time",
}
COLUMNS = {
    AxisFigure.FORCE_MAE: ("Force MAE", "Force MAE: on labels of this system"),
    AxisFigure.ENERGY_MAE: ("Energy MAE", "Energy MAE: on labels of this system"),
    AxisFigure.F1: ("F1", "F1: published, of telling stable crystals, higher is better"),
    AxisFigure.KAPPA_SRME: ("κ_SRME", "κ_SRME: published error of thermal conductivities, lower is better"),
}
"""Title of a column with its unit in the cells, and which kind of figure it is."""
UNITS = {AxisFigure.FORCE_MAE: " meV/Å", AxisFigure.ENERGY_MAE: " meV/atom"}
LACKING = {Domain.MOLECULES: "part: without dispersion"}
"""What a part of a domain is; of others there is none."""
DOMAIN_CELLS = {DomainFit.COVERED: "yes", DomainFit.WITHOUT_DISPERSION: "part", DomainFit.NOT_COVERED: "–"}


def axis_title(axis: AccuracyAxis) -> str:
    """Return the title of the column."""
    return TITLES[axis.figure] if axis.domain is None else axis.domain.value.capitalize()


def axis_legend(axis: AccuracyAxis) -> str:
    """Return what the column means, and why it is this one."""
    meaning = MEANINGS[axis.figure]
    if axis.domain is not None:
        notes = "; ".join(filter(None, (LACKING.get(axis.domain), "–: nothing says so")))
        meaning = (
            f"{axis.domain.value.capitalize()}: whether the training data hold any ({notes}); ◆ on the front of that "
            "and time"
        )
    return f"{meaning}. Why: {axis.reason}."


def axis_cell(candidate: Candidate, axis: AccuracyAxis) -> str:
    """Return where a model stands, with the mark of the front; a dash where that is not known."""
    return f"{'◆' if candidate.on_pareto_front else ' '} {_value(candidate.accuracy, axis)}"


def accuracy_column(axis: AccuracyAxis) -> tuple[str, str]:
    """Return the title of the column of accuracy, and which kind of figure stands in it."""
    if axis.domain is None:
        return COLUMNS[axis.figure]
    title, lacking = axis.domain.value.capitalize(), LACKING.get(axis.domain)
    return title, f"{title}: in the training data{f' ({lacking})' if lacking else ''}"


def accuracy_cell(candidate: Candidate, axis: AccuracyAxis) -> str:
    """Return where a model stands, an error with its unit and the digits that its interval supports; else a dash."""
    value, evidence = _value(candidate.accuracy, axis), candidate.evidence
    if value == "–" or axis.domain is not None or axis.figure not in UNITS:
        return value
    force, energy = evidence.force_mae_ev_per_angstrom, evidence.energy_mae_ev_per_atom
    known = force if axis.figure is AxisFigure.FORCE_MAE else energy
    return f"{value if known is None else brief(known.scaled(1e3), number)}{UNITS[axis.figure]}"


def named(models: Sequence[str], most: int) -> str:
    """Return the first names, and how many there are beside."""
    more = len(models) - most
    return ", ".join(models[:most]) + (f" and {more} more" if more > 0 else "")


def _value(place: AxisPlace, axis: AccuracyAxis) -> str:
    if axis.domain is not None:
        return "–" if place.domain is None else DOMAIN_CELLS[place.domain]
    if place.value is None or place.figure is not axis.figure:
        return "–"
    if place.figure in (AxisFigure.FORCE_MAE, AxisFigure.ENERGY_MAE):
        return f"{place.value * 1e3:.3g}"
    return f"{place.value:.2f}"
