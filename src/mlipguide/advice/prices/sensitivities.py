"""What would change the answer: the same functions on a changed task, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlipguide.advice.candidate_step import run_by
from mlipguide.advice.constraints import time_doubt, time_rejection
from mlipguide.advice.decision import decide
from mlipguide.advice.judgement import about, judge_accuracy
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.table import strategy_table
from mlipguide.advice.ranking import choose
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import StrategyHardware, StrategyTable
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.advice.verdict_reasons import Constraint
from mlipguide.records.estimate import Basis
from mlipguide.records.task.task import Task
from mlipguide.tasks.workloads import run_time_of

BUDGET_FACTORS = (3.0, 10.0)
ACCURACY_FACTOR = 2.0
FEWER_ATOMS = 10
A_GPU = StrategyHardware(cores=1.0, gpu="a GPU", gpus=1)


def with_sensitivities(
    candidates: Sequence[Candidate],
    task: Task,
    inputs: PricingInputs,
    table: StrategyTable,
    *,
    memory_bytes: int | None = None,
) -> StrategyTable:
    """Return the table with what would lead under other conditions, where it differs from what leads now.

    Where nothing leads, the first of them that does the task is the answer: surely if there is such a one.

    Args:
        candidates: Every model considered, judged for the task.
        task: What is wanted.
        inputs: Hardware, families, and what was measured by training.
        table: The answer now.
        memory_bytes: Usable memory, for fewer atoms; None where it is not to be judged anew.
    """
    cases: list[tuple[str, Task, PricingInputs]] = [
        (
            f"With {factor:g}× the budget ({duration(task.budget_s * factor)})",
            replace(task, budget_s=task.budget_s * factor),
            inputs,
        )
        for factor in BUDGET_FACTORS
    ]
    limit = task.force_mae_ev_per_angstrom
    if limit is not None:
        cases.append(
            (
                f"If {limit * ACCURACY_FACTOR * 1e3:g} meV/Å were enough",
                replace(task, force_mae_ev_per_angstrom=limit * ACCURACY_FACTOR),
                inputs,
            )
        )
    fewer = task.atoms // FEWER_ATOMS
    if fewer >= task.structure.atoms and any(task.structure.periodic):
        cases.append((f"With {fewer:,} atoms", replace(task, atoms=fewer), inputs))
    if inputs.hardware.gpu is None:
        cases.append(("With a fast potential on a GPU", task, inputs.on(A_GPU)))
    found: dict[str, Verdict] = {}
    for words, changed, known in cases:
        judged = [rejudged(one, task, changed, memory_bytes=memory_bytes) for one in candidates]
        decided = _decided(judged, changed, known)
        sentence, price = _sentence(words, decided, table), decided.price(decided.leading)
        if sentence is not None and price is not None:
            found.setdefault(sentence, price.verdict)
    would_do = None
    if table.leading is Strategy.NONE:
        would_do = min(found, key=lambda sentence: found[sentence].rank, default=None)
    return replace(table, sensitivities=tuple(found), would_do=would_do)


def _decided(candidates: Sequence[Candidate], task: Task, inputs: PricingInputs) -> StrategyTable:
    table = strategy_table(candidates, task, inputs)
    if inputs.memory_bytes is None:
        return table
    choice = choose(candidates, task, memory_bytes=inputs.memory_bytes)
    return replace(table, leading=decide(choice, candidates, table, task))


def rejudged(candidate: Candidate, task: Task, changed: Task, *, memory_bytes: int | None = None) -> Candidate:
    """Return a candidate judged for a task that differs in budget, force error or atoms.

    The time of a step is taken to be proportional to the atoms; what is known of its memory for more atoms rules
    nothing out for fewer.
    """
    step = candidate.step_time_s
    if step is not None and changed.atoms != task.atoms:
        less_trusted = max((step.basis, Basis.EXTRAPOLATED), key=lambda one: one.rank)
        step = replace(step.scaled(changed.atoms / task.atoms), basis=less_trusted)
    run_time = None if step is None else run_time_of(step, run_by(candidate, changed).workload)
    fewer = changed.atoms < task.atoms
    anew = {Constraint.TIME, Constraint.ACCURACY} | ({Constraint.MEMORY} if fewer else set())
    rejections = [one for one in candidate.rejections if one.constraint not in anew]
    judged_anew = anew if memory_bytes is not None else anew - {Constraint.MEMORY}
    doubts = [one for one in candidate.doubts if one.constraint not in judged_anew]
    if run_time is not None:
        rejections += filter(None, [time_rejection(run_time, changed.budget_s)])
        doubts += filter(None, [time_doubt(run_time, changed.budget_s)])
    broken, open_questions = judge_accuracy(candidate.evidence, changed)
    rejections += broken
    doubts += open_questions
    verdict = Verdict.INFEASIBLE if rejections else Verdict.UNKNOWN if doubts else Verdict.FEASIBLE
    return replace(
        candidate,
        verdict=verdict,
        rejections=about(candidate.model, rejections),
        doubts=about(candidate.model, doubts),
        step_time_s=step,
        run_time_s=run_time,
    )


def _sentence(words: str, changed: StrategyTable, table: StrategyTable) -> str | None:
    """Return what changes; None where the same strategy leads as surely and about as fast."""
    price, before = changed.price(changed.leading), table.price(table.leading)
    if price is None or price.total_wall_time_s is None:
        return None
    total = price.total_wall_time_s.value
    same = changed.leading is table.leading
    if same and before is not None and before.total_wall_time_s is not None and before.verdict is price.verdict:
        ratio = before.total_wall_time_s.value / total
        if ratio < 2:  # noqa: PLR2004  # less is within most intervals
            return None
        return f"{words}, {price.strategy.value} would be done in {duration(total)}, {number(ratio)} times sooner."
    instead = "" if same or table.leading is Strategy.NONE else f" instead of {table.leading.value}"
    return (
        f"{words}, {price.strategy.value}{instead} would lead: {price.verdict.value}, {duration(total)} in all with "
        f"{price.model}."
    )
