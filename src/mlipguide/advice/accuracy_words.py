"""What errors on labels, or published figures, say for a choice, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.advice.accuracy_axis import domain_of
from mlipguide.advice.ranking import is_runnable, meets_limits
from mlipguide.core.readable import number
from mlipguide.records.accuracy.accuracy_axis import AxisFigure, DomainFit
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.verdict import Verdict
from mlipguide.records.estimate import Estimate
from mlipguide.records.models.terms import Domain
from mlipguide.records.task.task import Task

SHOWN = 5
DOMAIN_REASONS = {
    (Domain.MOLECULES, DomainFit.COVERED): (
        "Its training data hold molecules, at a level of theory with dispersion, which counts first."
    ),
    (Domain.MOLECULES, DomainFit.WITHOUT_DISPERSION): (
        "Its training data hold molecules, but it answers at a level of theory without dispersion, which holds "
        "molecules together."
    ),
    (Domain.SURFACES, DomainFit.COVERED): "Its training data hold surfaces, which counts first.",
}
NOT_COVERED = "Nothing says that its training data hold {domain}: its figures are of crystals and say little here."


def accuracy_reasons(choice: Candidate, candidates: Sequence[Candidate], task: Task) -> list[str]:
    """Return the errors of the choice on labels, and who meets what was asked.

    Args:
        choice: The chosen model, whose force error is known.
        candidates: All candidates.
        task: What is wanted.
    """
    evidence = choice.evidence
    assert evidence.force_mae_ev_per_angstrom is not None
    reasons = [f"Its force MAE is {in_mev(evidence.force_mae_ev_per_angstrom)} meV/Å ({evidence.source})."]
    if evidence.energy_mae_ev_per_atom is not None:
        energy = in_mev(evidence.energy_mae_ev_per_atom)
        reasons.append(f"Its energy MAE is {energy} meV/atom, after a shift for each element.")
    slope = evidence.force_slope
    if slope is not None and slope.at_most < 1:
        reasons.append(
            f"Its forces are {slope.value:.2f} times the reference ({slope.at_least:.2f} to {slope.at_most:.2f}): "
            "too soft."
        )
    limits = _limits_words(task)
    rivals = [
        one
        for one in candidates
        if one is not choice and is_runnable(one) and one.evidence.force_mae_ev_per_angstrom is not None
    ]
    if not rivals:
        return reasons
    shown = ", ".join(
        f"{one.name} {one.evidence.force_mae_ev_per_angstrom.scaled(1e3).told(number)}"
        for one in sorted(rivals, key=_error)[:SHOWN]
        if one.evidence.force_mae_ev_per_angstrom is not None
    )
    if not limits:
        reasons.append(f"Of the models with a known error here it was the best choice; others: {shown} meV/Å.")
        return reasons
    certain = choice.verdict is Verdict.FEASIBLE
    meeting = [one for one in rivals if meets_limits(one, task) and (one.verdict is Verdict.FEASIBLE or not certain)]
    if meets_limits(choice, task) and not meeting:
        surely = " for certain" if certain and any(meets_limits(one, task) for one in rivals) else ""
        reasons.append(f"It alone meets the {limits} asked{surely}; the others: {shown} meV/Å.")
    elif meets_limits(choice, task):
        reasons.append(
            f"Of those that meet the {limits} asked it is the fastest that ends in time; others: {shown} meV/Å."
        )
    else:
        reasons.append(f"It is not known to meet the {limits} asked; the others: {shown} meV/Å.")
    return reasons


def published_reasons(choice: Candidate, task: Task) -> list[str]:
    """Return what published figures and training data say for a choice without an error on labels."""
    place, evidence = choice.accuracy, choice.evidence
    others = "feasible models" if choice.verdict is Verdict.FEASIBLE else "models that may do"
    domain = domain_of(task)
    if place.domain is not None and domain is not None:
        return [DOMAIN_REASONS.get((domain, place.domain), NOT_COVERED.format(domain=domain.value))]
    if place.value is None:
        return []
    if place.figure is AxisFigure.F1:
        rmsd = "" if place.relaxation_rmsd is None else f", RMSD {place.relaxation_rmsd:.3g}"
        words = f"highest published F1 of stability (F1 {place.value:.2f}{rmsd}; {evidence.source})"
    else:
        words = f"lowest published thermal-conductivity error (κ_SRME {place.value:.3g}; {evidence.source})"
    return [f"Of the {others} it has the {words}."]


def error_words(candidate: Candidate, task: Task) -> str:
    """Return what is known of a model's accuracy by the figure that tells for the task, or that nothing is."""
    place = candidate.accuracy
    if place.figure is AxisFigure.FORCE_MAE and place.value is not None:
        return f"a force MAE of {place.value * 1e3:.3g} meV/Å"
    if place.figure is AxisFigure.ENERGY_MAE and place.value is not None:
        return f"an energy MAE of {place.value * 1e3:.3g} meV/atom"
    domain = domain_of(task)
    if place.domain is not None and domain is not None:
        holds = "no " if place.domain is DomainFit.NOT_COVERED else ""
        lacking = ", without dispersion" if place.domain is DomainFit.WITHOUT_DISPERSION else ""
        return f"{holds}{domain.value} in its training data{lacking}"
    if place.value is None:
        return "no published error"
    return f"F1 {place.value:.2f}" if place.figure is AxisFigure.F1 else f"κ_SRME {place.value:.3g}"


def in_mev(error: Estimate) -> str:
    """Return an error in thousandths with its 90 % interval."""
    spread = ""
    if error.low is not None and error.high is not None and error.high > error.low:
        spread = f" (90 %: {error.low * 1e3:.3g} to {error.high * 1e3:.3g})"
    return f"{error.scaled(1e3).told(number)}{spread}"


def _limits_words(task: Task) -> str:
    """Return the errors that were asked; empty without any."""
    force, energy = task.force_mae_ev_per_angstrom, task.energy_mae_ev_per_atom
    words = [] if force is None else [f"{force * 1e3:g} meV/Å"]
    words += [] if energy is None else [f"{energy * 1e3:g} meV/atom"]
    return " and ".join(words)


def _error(candidate: Candidate) -> float:
    known = candidate.evidence.force_mae_ev_per_angstrom
    return float("inf") if known is None else known.value
