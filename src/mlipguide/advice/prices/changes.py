"""What would change the answer: the same functions on a changed task, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mlipguide.advice.candidate_step import run_by
from mlipguide.advice.constraints import against_limit, verdict_on
from mlipguide.advice.judgement import about, against_errors
from mlipguide.advice.prices.inputs import PricingInputs
from mlipguide.advice.prices.strategies import priced_strategies
from mlipguide.core.readable import duration, number
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.strategy import StrategyHardware, StrategyTable
from mlipguide.records.advice.verdict import Strategy, Verdict
from mlipguide.records.advice.verdict_reasons import Constraint, Reason, ReasonKind
from mlipguide.records.estimate import Basis, less_trusted
from mlipguide.records.task.task import Task
from mlipguide.tasks.workloads import run_time_of

BUDGET_FACTORS = (3.0, 10.0)
ACCURACY_FACTOR = 2.0
FEWER_ATOMS = 10
A_GPU = StrategyHardware(cores=1.0, gpu="a GPU", gpus=1)
WORTH_A_WORD = 2.0
"""Times sooner; less is within most intervals."""


def with_sensitivities(
    candidates: Sequence[Candidate], task: Task, inputs: PricingInputs, table: StrategyTable
) -> StrategyTable:
    """Return the table with what would lead under other conditions, where it differs from what leads now.

    Where nothing leads, the first of them that does the task is the answer: surely if there is such a one.

    Args:
        candidates: Every model considered, judged for the task.
        task: What is wanted.
        inputs: Hardware, families, and what was measured by training.
        table: The answer now.
    """
    found: dict[str, Verdict] = {}
    for words, changed, known in _cases(task, inputs):
        anew = priced_strategies([rejudged(one, task, changed) for one in candidates], changed, known)
        sentence, price = _sentence(words, anew, table), anew.price(anew.leading)
        if sentence is not None and price is not None:
            found.setdefault(sentence, price.verdict)
    would_do = None
    if table.leading is Strategy.NONE:
        would_do = min(found, key=lambda sentence: found[sentence].rank, default=None)
    return replace(table, sensitivities=tuple(found), would_do=would_do)


def _cases(task: Task, inputs: PricingInputs) -> Iterator[tuple[str, Task, PricingInputs]]:
    for factor in BUDGET_FACTORS:
        budget_s = task.budget_s * factor
        yield f"With {factor:g}× the budget ({duration(budget_s)})", replace(task, budget_s=budget_s), inputs
    if task.force_mae_ev_per_angstrom is not None:
        limit = task.force_mae_ev_per_angstrom * ACCURACY_FACTOR
        yield f"If {limit * 1e3:g} meV/Å were enough", replace(task, force_mae_ev_per_angstrom=limit), inputs
    fewer = task.atoms // FEWER_ATOMS
    if fewer >= task.structure.atoms and any(task.structure.periodic):
        yield f"With {fewer:,} atoms", replace(task, atoms=fewer), inputs
    if inputs.hardware.gpu is None:
        yield "With a fast potential on a GPU", task, inputs.on(A_GPU)


def rejudged(candidate: Candidate, task: Task, changed: Task) -> Candidate:
    """Return a candidate judged for a task that differs in budget, force error or atoms.

    The time of a step is taken to be proportional to the atoms; what is known of its memory for more atoms rules
    nothing out for fewer.
    """
    step = candidate.step_time_s
    against: list[Reason] = [*candidate.rejections, *candidate.doubts]
    same = (changed.atoms, changed.force_mae_ev_per_angstrom) == (task.atoms, task.force_mae_ev_per_angstrom)
    if step is None and same and all(one.constraint is not Constraint.TIME for one in against):
        return candidate  # a budget says nothing of a model whose time is not known
    if step is not None and changed.atoms != task.atoms:
        basis = less_trusted(step.basis, Basis.EXTRAPOLATED)
        step = replace(step.scaled(changed.atoms / task.atoms), basis=basis)
    run_time = None if step is None else run_time_of(step, run_by(candidate, changed).workload)
    anew = {Constraint.TIME, Constraint.ACCURACY, *([Constraint.MEMORY] if changed.atoms < task.atoms else [])}
    against = [one for one in against if one.constraint not in anew]
    if run_time is not None:
        against += against_limit(ReasonKind.RUN_TIME, run_time, changed.budget_s)
    against += against_errors(candidate.evidence, changed)
    verdict, rejections, doubts = verdict_on(about(candidate.model, against))
    if (run_time, rejections, doubts) == (candidate.run_time_s, candidate.rejections, candidate.doubts):
        return candidate  # and so is the verdict: copying all of them takes a tenth of an answer
    return replace(
        candidate, verdict=verdict, rejections=rejections, doubts=doubts, step_time_s=step, run_time_s=run_time
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
        sooner = f"{words}, {price.strategy.value} would be done in {duration(total)}, {number(ratio)} times sooner."
        return sooner if ratio >= WORTH_A_WORD else None
    instead = "" if same or table.leading is Strategy.NONE else f" instead of {table.leading.value}"
    return (
        f"{words}, {price.strategy.value}{instead} would lead: {price.verdict.value}, {duration(total)} in all with "
        f"{price.model}."
    )
