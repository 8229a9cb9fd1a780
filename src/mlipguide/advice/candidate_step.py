"""The time step that each model runs a task with: the task's, or a shorter one where tests of stability say so.

A model that needs half the step takes twice the steps: its run takes twice as long, and it simulates half the ns/day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlipguide.advice.constraints import OF_GRADIENTS, needs_of
from mlipguide.core.readable import simulated_time
from mlipguide.records.accuracy.stability import ModelStability
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.verdict_reasons import Doubt, ReasonKind, Rejection
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.tasks.workloads import md_workload, steps_of

LONGER = 1 + 1e-6
LOOKED_AT = 2.0
"""Times the step of the tests: the longest that they recommend."""


@dataclass(frozen=True)
class CandidateStep:
    """The step of one model, and why it is not the task's.

    Attributes:
        seconds: Of the step.
        reason: In a sentence; None where it is the task's own.
        doubt: What makes it unknown whether the model runs at all; None without one.
    """

    seconds: float
    reason: str | None = None
    doubt: Doubt | None = None


def step_for(task: Task, tested: ModelStability | None) -> CandidateStep:
    """Return the step that a model runs the task with.

    Args:
        task: What is wanted.
        tested: The latest tests that bear on it; None where there are none.
    """
    if tested is None or task.kind is not TaskKind.MD:
        return CandidateStep(task.timestep_s)
    own = tested.recommended_timestep_s
    if own is None:
        return CandidateStep(
            task.timestep_s,
            doubt=Doubt(kind=ReasonKind.NO_STABLE_STEP, value=tested.temperature_k, tested_on=tested.taken_at[:10]),
        )
    # Tests look closely at no more than twice their step: a recommendation that ends there says nothing of longer ones.
    longest = own
    if own * LONGER >= LOOKED_AT * tested.timestep_s and tested.stable_timestep_s is not None:
        longest = max(own, tested.stable_timestep_s)
    if longest * LONGER >= task.timestep_s:
        return CandidateStep(task.timestep_s)
    when = f"tests of its stability at {tested.temperature_k:g} K on {tested.taken_at[:10]}"
    return CandidateStep(
        own,
        reason=f"It runs with steps of {_fs(own)} instead of {_fs(task.timestep_s)}, by {when}: "
        f"{task.timestep_s / own:.2g} times as many steps.",
    )


def conservation_rejection(task: Task, tested: ModelStability | None) -> Rejection | None:
    """Return why a model whose forces were found to be no gradient cannot do what needs one."""
    if tested is None or tested.conservative is not False:
        return None
    asked = [need for need in needs_of(task) if need in OF_GRADIENTS]
    if not asked:
        return None
    return Rejection(
        kind=ReasonKind.NO_GRADIENT,
        names=tuple(need.value for need in asked),
        tested_on=tested.taken_at[:10],
    )


def at_step(task: Task, timestep_s: float) -> Task:
    """Return the task as it is run with another step: its steps are counted anew."""
    if task.simulated_time_s is None or timestep_s == task.timestep_s:
        return task
    workload = md_workload(
        steps=steps_of(task.simulated_time_s, timestep_s),
        atoms=task.workload.atoms,
        simulated_time=simulated_time(task.simulated_time_s),
        timestep=simulated_time(timestep_s),
    )
    return replace(task, timestep_s=timestep_s, workload=workload)


def run_by(candidate: Candidate | None, task: Task) -> Task:
    """Return the task as a candidate runs it, with its own step."""
    if candidate is None or candidate.timestep_s is None:
        return task
    return at_step(task, candidate.timestep_s)


def _fs(seconds: float) -> str:
    return f"{seconds * 1e15:g} fs"
