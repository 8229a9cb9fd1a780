"""The answer in words: why this choice, or what would make one possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlipguide.advice.accuracy_words import accuracy_reasons, error_words, published_reasons
from mlipguide.advice.candidate_step import run_by
from mlipguide.advice.ranking import accuracy_order, could_serve, is_runnable, run_seconds
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
    run_time = f"{choice.run_time_s.told(duration)} ({choice.run_time_s.basis.value})"
    work = "run" if task.kind is TaskKind.MD else "work"
    reasons = [f"{choice.name} does the {work} in {run_time}, {within} budget of {duration(task.budget_s)}."]
    if choice.peak_memory_bytes is not None:
        reasons.append(f"It needs {choice.peak_memory_bytes.told(memory)} ({choice.peak_memory_bytes.basis.value}).")
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
    able = [one for one in candidates if one.verdict is not Verdict.INFEASIBLE and is_runnable(one)]
    quickest = min(able, key=lambda one: (run_seconds(one), one.model), default=choice)
    if quickest.run_time_s is not None and quickest.run_time_s.value < choice.run_time_s.value:
        reasons.append(
            f"{quickest.name} would be {choice.run_time_s.value / quickest.run_time_s.value:.2g} times "
            f"faster ({quickest.run_time_s.told(duration)}), with {error_words(quickest, task)}."
        )
    return tuple(reasons)


@dataclass(frozen=True, kw_only=True)
class HardwareReach:
    """What there is of hardware.

    Attributes:
        memory_bytes: Usable memory of the device here.
        most_speed_up: How many times faster than here any machine of the list can be.
    """

    memory_bytes: int
    most_speed_up: float


def reasons_for_none(
    candidates: Sequence[Candidate], task: Task, words: Words, reach: HardwareReach
) -> tuple[str, ...]:
    """Return why nothing can be run, and what would change it: fewer atoms, less time, a faster machine."""
    serving = _timed(candidates)
    if not serving:
        return ("No model that was timed meets the conditions of the task; each one's reasons say why.",)
    fastest = min(serving, key=lambda one: (run_seconds(one), one.model))
    assert fastest.run_time_s is not None
    run_time = f"{fastest.run_time_s.told(duration)} ({fastest.run_time_s.basis.value})"
    if fastest.run_time_s.value > task.budget_s:
        first = (
            f"Even the fastest model, {fastest.name}, takes {run_time} for {work_words(run_by(fastest, task))}; "
            f"the budget is {duration(task.budget_s)}."
        )
    else:
        obstacles = map(words, (*fastest.rejections, *fastest.doubts))
        first = f"{fastest.name} would end in time, after {run_time}, but: {' '.join(obstacles)}"
    return (first, *(_way_out(candidate, task, reach) for candidate in serving[:SHOWN_WAYS]))


def nearest_way(candidates: Sequence[Candidate], task: Task, reach: HardwareReach) -> str | None:
    """Return with what the most accurate model that anything would make feasible would be; None without any."""
    return next((_way_out(one, task, reach) for one in _timed(candidates) if _ways(one, task, reach)), None)


def _timed(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the models with a known time that nothing but time and memory stands against, the most accurate first."""
    serving = [one for one in candidates if could_serve(one) and one.run_time_s is not None]
    return sorted(serving, key=lambda one: (accuracy_order(one), one.model))


def reasons_for_strategy(table: StrategyTable) -> tuple[str, ...]:
    """Return what a strategy with training costs in all, and the arithmetic."""
    price = table.price(table.leading)
    found: list[str] = []
    if price is not None and price.strategy is not Strategy.PRETRAINED and price.total_wall_time_s is not None:
        total, name = price.total_wall_time_s, price.strategy.value.replace("-", " ").capitalize()
        found.append(f"{name} ({price.model}): {total.told(duration)} in all ({total.basis.value}).")
        found += price.reasons
    return tuple(found)


def smaller_tasks(candidate: Candidate, task: Task) -> tuple[int | None, int | None, float | None]:
    """Return fewer atoms, fewer structures and a shorter time, each of which a candidate surely does; None where none.

    There is nothing smaller than a cell of the structure, or a molecule, nor shorter than a step.
    """
    atoms, structures, time_s = feasible_atoms(candidate), feasible_structures(candidate, task), None
    if atoms is not None and not (any(task.structure.periodic) and task.structure.atoms <= atoms < task.atoms):
        atoms = None
    if structures is not None and structures >= task.structures:
        structures = None
    if task.simulated_time_s is not None:
        time_s = feasible_time_s(candidate, task)
        time_s = time_s if time_s is not None and task.timestep_s <= time_s < task.simulated_time_s else None
    return atoms, structures, time_s


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


def _way_out(candidate: Candidate, task: Task, reach: HardwareReach) -> str:
    ways = _ways(candidate, task, reach)
    found = f"feasible with {' and '.join(ways)}" if ways else "nothing that was considered makes it feasible"
    speed_up = _speed_up(candidate, task)
    beyond = "" if speed_up <= reach.most_speed_up else f"; no machine of the list is {number(speed_up)} times faster"
    return f"{candidate.name} ({error_words(candidate, task)}): {found}{beyond}."


def _ways(candidate: Candidate, task: Task, reach: HardwareReach) -> list[str]:
    """Return what would make a model feasible; nothing where only a machine would that is faster than all there are."""
    ways: list[str] = []
    atoms, structures, time_s = smaller_tasks(candidate, task)
    if atoms is not None:
        ways.append(f"{atoms:,} atoms for the whole time" if task.kind is TaskKind.MD else f"{atoms:,} atoms")
    if structures is not None:
        ways.append(f"{structures:,} structures")
    if time_s is not None:
        ways.append(f"{simulated_time(time_s)} with all atoms")
    speed_up, peak = _speed_up(candidate, task), candidate.peak_memory_bytes
    machine = [f"{number(speed_up)} times faster"] if speed_up > 1 else []
    if peak is not None and peak.value > reach.memory_bytes:
        machine.append(f"with {peak.told(memory)} of memory instead of {memory(reach.memory_bytes)}")
    if machine and speed_up <= reach.most_speed_up:
        ways.append(f"a machine {' and '.join(machine)}")
    if not ways and speed_up > reach.most_speed_up:
        return []
    own_weights = ["its own weights"] if candidate.weights is Weights.SYNTHETIC else []
    return [*([", or ".join(ways)] if ways else []), *own_weights] or ["other conditions"]


def _speed_up(candidate: Candidate, task: Task) -> float:
    """Return how many times faster the run would have to be."""
    assert candidate.run_time_s is not None
    return candidate.run_time_s.value / task.budget_s


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
