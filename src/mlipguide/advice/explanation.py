"""The answer in words: why this choice, or what would make one possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mlipguide.advice.accuracy_words import accuracy_reasons, error_words, published_reasons
from mlipguide.advice.candidate_step import run_by
from mlipguide.advice.constraints import basis
from mlipguide.advice.ranking import accuracy_order, could_serve, is_runnable
from mlipguide.advice.work_words import saving_words, work_words
from mlipguide.core.readable import duration, memory, number, simulated_time
from mlipguide.records.advice.advice import Candidate, Strategy, Verdict
from mlipguide.records.advice.strategy import StrategyTable
from mlipguide.records.advice.verdict_reasons import Constraint, Reason
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.measurement import Weights

Words = Callable[[Reason], str]
"""Says in words what stands against a model."""
SHOWN_WAYS = 3


def reasons_for_choice(choice: Candidate, candidates: Sequence[Candidate], task: Task, words: Words) -> tuple[str, ...]:
    """Return why ``choice`` is the one, with the numbers that decided."""
    assert choice.run_time_s is not None
    within = "within the" if choice.run_time_s.value <= task.budget_s else "against a"
    run_time = f"{choice.run_time_s.told(duration)} ({basis(choice.run_time_s)})"
    work = "run" if task.kind is TaskKind.MD else "work"
    reasons = [f"{choice.name} does the {work} in {run_time}, {within} budget of {duration(task.budget_s)}."]
    if choice.peak_memory_bytes is not None:
        reasons.append(f"It needs {choice.peak_memory_bytes.told(memory)} ({basis(choice.peak_memory_bytes)}).")
    reasons += choice.remarks
    evidence = choice.evidence
    if evidence.force_mae_ev_per_angstrom is not None:
        reasons += accuracy_reasons(choice, candidates, task)
    else:
        reasons += published_reasons(choice, task)
    if task.dft_saving is not None:
        reasons.append(saving_words(task.dft_saving))
    if choice.verdict is Verdict.UNKNOWN:
        reasons.append("Whether it will do is not known: " + " ".join(map(words, choice.doubts)))
    faster = [
        other
        for other in candidates
        if other.verdict is not Verdict.INFEASIBLE
        and is_runnable(other)
        and other.run_time_s is not None
        and other.run_time_s.value < choice.run_time_s.value
    ]
    if faster:
        quickest = min(faster, key=lambda c: (c.run_time_s.value if c.run_time_s else float("inf"), c.model))
        assert quickest.run_time_s is not None
        reasons.append(
            f"{quickest.name} would be {choice.run_time_s.value / quickest.run_time_s.value:.2g} times "
            f"faster ({quickest.run_time_s.told(duration)}), with {error_words(quickest, task)}."
        )
    return tuple(reasons)


def reasons_for_none(
    candidates: Sequence[Candidate], task: Task, words: Words, *, memory_bytes: int
) -> tuple[str, ...]:
    """Return why nothing can be run, and what would change it: fewer atoms, less time, a faster machine."""
    serving = [candidate for candidate in candidates if could_serve(candidate) and candidate.run_time_s is not None]
    if not serving:
        return ("No model that was timed meets the conditions of the task; each one's reasons say why.",)
    fastest = min(serving, key=lambda c: (c.run_time_s.value if c.run_time_s else float("inf"), c.model))
    assert fastest.run_time_s is not None
    run_time = f"{fastest.run_time_s.told(duration)} ({basis(fastest.run_time_s)})"
    if fastest.run_time_s.value > task.budget_s:
        first = (
            f"Even the fastest model, {fastest.name}, takes {run_time} for {work_words(run_by(fastest, task))}; "
            f"the budget is {duration(task.budget_s)}."
        )
    else:
        obstacles = map(words, (*fastest.rejections, *fastest.doubts))
        first = f"{fastest.name} would end in time, after {run_time}, but: {' '.join(obstacles)}"
    return (first, *ways_out(candidates, task, memory_bytes=memory_bytes))


def ways_out(candidates: Sequence[Candidate], task: Task, *, memory_bytes: int) -> tuple[str, ...]:
    """Return with what the most accurate models that were timed would be feasible, a sentence each."""
    serving = [candidate for candidate in candidates if could_serve(candidate) and candidate.run_time_s is not None]
    shown = sorted(serving, key=lambda c: (accuracy_order(c), c.model))[:SHOWN_WAYS]
    return tuple(_way_out(candidate, task, memory_bytes) for candidate in shown)


def reasons_for_strategy(table: StrategyTable) -> tuple[str, ...]:
    """Return what a strategy with training costs in all, and the arithmetic."""
    price = table.price(table.leading)
    found: list[str] = []
    if price is not None and price.strategy is not Strategy.PRETRAINED and price.total_wall_time_s is not None:
        total, name = price.total_wall_time_s, price.strategy.value.replace("-", " ").capitalize()
        found.append(f"{name} ({price.model}): {total.told(duration)} in all ({basis(total)}).")
        found += price.reasons
    return tuple(found)


def feasible_time_s(candidate: Candidate, task: Task) -> float | None:
    """Return the time that a candidate surely simulates within the budget, rounded down to two digits.

    None for kinds of task that simulate no time.
    """
    if task.simulated_time_s is None or candidate.step_time_s is None or not _surely_fits(candidate, task):
        return None
    slowest = candidate.step_time_s.at_most
    return _floor_two_digits(task.budget_s / slowest * run_by(candidate, task).timestep_s)


def feasible_structures(candidate: Candidate, task: Task) -> int | None:
    """Return how many structures a candidate surely screens within the budget, rounded down to two digits."""
    if task.kind is not TaskKind.SCREEN or candidate.run_time_s is None or not _surely_fits(candidate, task):
        return None
    slowest = candidate.run_time_s.at_most
    return int(_floor_two_digits(task.budget_s / slowest * task.structures)) or None


def feasible_atoms(candidate: Candidate) -> int | None:
    """Return how many atoms a candidate surely does in time and memory, rounded down to two digits."""
    bounds = [
        estimate.at_least for estimate in (candidate.affordable_atoms, candidate.max_atoms) if estimate is not None
    ]
    if candidate.affordable_atoms is None or min(bounds) < 1:
        return None
    if candidate.max_atoms is None and _exceeds_memory(candidate):
        return None
    return max(1, int(_floor_two_digits(min(bounds))))


def _way_out(candidate: Candidate, task: Task, memory_bytes: int) -> str:
    ways: list[str] = []
    atoms, time_s = feasible_atoms(candidate), feasible_time_s(candidate, task)
    if atoms is not None and atoms < task.atoms:
        ways.append(f"{atoms:,} atoms for the whole time" if task.kind is TaskKind.MD else f"{atoms:,} atoms")
    structures = feasible_structures(candidate, task)
    if structures is not None and structures < task.structures:
        ways.append(f"{structures:,} structures")
    if time_s is not None and task.simulated_time_s is not None and time_s < task.simulated_time_s:
        ways.append(f"{simulated_time(time_s)} with all atoms")
    assert candidate.run_time_s is not None
    machine: list[str] = []
    speedup = candidate.run_time_s.value / task.budget_s
    if speedup > 1:
        machine.append(f"{number(speedup)} times faster")
    peak = candidate.peak_memory_bytes
    if peak is not None and peak.value > memory_bytes:
        machine.append(f"with {peak.told(memory)} of memory instead of {memory(memory_bytes)}")
    if machine:
        ways.append(f"a machine {' and '.join(machine)}")
    own_weights = ["its own weights"] if candidate.weights is Weights.SYNTHETIC else []
    words = " and ".join([*([", or ".join(ways)] if ways else []), *own_weights]) or "other conditions"
    return f"{candidate.name} ({error_words(candidate, task)}): feasible with {words}."


def _surely_fits(candidate: Candidate, task: Task) -> bool:
    if _exceeds_memory(candidate):
        return False
    fits = candidate.max_atoms
    return fits is None or fits.at_least >= task.atoms


def _exceeds_memory(candidate: Candidate) -> bool:
    return any(rejection.constraint is Constraint.MEMORY for rejection in candidate.rejections)


def _floor_two_digits(value: float) -> float:
    import math

    if value <= 0:
        return 0.0
    scale = 10.0 ** (math.floor(math.log10(value)) - 1)
    return math.floor(value / scale) * scale
