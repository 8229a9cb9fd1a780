"""What errors on labels say for a choice, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from mlipguide.advice.ranking import is_runnable, meets_limits
from mlipguide.core.readable import number
from mlipguide.records.advice import Candidate
from mlipguide.records.estimate import Estimate
from mlipguide.records.task import Task
from mlipguide.records.verdict import Verdict

SHOWN = 5


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
    limit = task.force_mae_ev_per_angstrom
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
    if limit is None:
        reasons.append(f"Of the models with a known error here it was the best choice; others: {shown} meV/Å.")
        return reasons
    certain = choice.verdict is Verdict.FEASIBLE
    meeting = [one for one in rivals if meets_limits(one, task) and (one.verdict is Verdict.FEASIBLE or not certain)]
    if meets_limits(choice, task) and not meeting:
        surely = " for certain" if certain and any(meets_limits(one, task) for one in rivals) else ""
        reasons.append(f"It alone meets the {limit * 1e3:g} meV/Å asked{surely}; the others: {shown} meV/Å.")
    elif meets_limits(choice, task):
        reasons.append(
            f"Of those that meet the {limit * 1e3:g} meV/Å asked it is the fastest that ends in time; others: {shown} "
            "meV/Å."
        )
    else:
        reasons.append(f"It misses the {limit * 1e3:g} meV/Å asked by least; the others: {shown} meV/Å.")
    return reasons


def in_mev(error: Estimate) -> str:
    """Return an error in thousandths with its 90 % interval."""
    spread = ""
    if error.low is not None and error.high is not None and error.high > error.low:
        spread = f" (90 %: {error.low * 1e3:.3g} to {error.high * 1e3:.3g})"
    return f"{error.scaled(1e3).told(number)}{spread}"


def _error(candidate: Candidate) -> float:
    known = candidate.evidence.force_mae_ev_per_angstrom
    return float("inf") if known is None else known.value
