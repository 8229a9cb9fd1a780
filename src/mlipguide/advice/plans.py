"""What to do, step by step, and the commands to type next."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from mlipguide.advice.explanation import feasible_atoms, feasible_structures, feasible_time_s
from mlipguide.advice.ranking import could_serve, is_runnable
from mlipguide.advice.work_words import action_words
from mlipguide.core.units import SIMULATED_TIME
from mlipguide.records.advice import Candidate, PlanStep, Strategy
from mlipguide.records.measurement import Allocator, Settings
from mlipguide.records.task import Task, TaskKind
from mlipguide.sessions.worker_files import RETAIN_TUNABLES


def plan_for(
    task: Task, strategy: Strategy, choice: Candidate | None, leading: Candidate | None
) -> tuple[PlanStep, ...]:
    """Return the steps to the finished simulation, with costs where they are known.

    Args:
        task: What is wanted.
        strategy: How a potential is got.
        choice: The model to run; None when nothing is feasible.
        leading: The model that would be run or would teach; None when no model knows the elements.
    """
    if choice is not None:
        assert choice.settings is not None
        return (
            PlanStep(
                action=f"Compare {choice.name} with reference calculations on about twenty frames of this system.",
                command=None,
                wall_time_s=None,
            ),
            PlanStep(
                action=f"{action_words(task, choice.name)}: {settings_words(choice.settings)}.",
                command=None,
                wall_time_s=choice.run_time_s,
            ),
        )
    if strategy is Strategy.DISTIL and leading is not None:
        return (
            PlanStep(
                action=f"Either make the task smaller or the machine faster, as the reasons say for {leading.name}.",
                command=None,
                wall_time_s=None,
            ),
            PlanStep(
                action=f"Or let {leading.name} label a few hundred small frames of this system and train a "
                "fast potential on them (distillation).",
                command=None,
                wall_time_s=None,
            ),
        )
    if strategy is Strategy.TRAIN_FROM_SCRATCH:
        return (
            PlanStep(
                action="No pretrained model meets the conditions: train a potential on reference "
                "calculations of this system.",
                command=None,
                wall_time_s=None,
            ),
        )
    return ()


def settings_words(settings: Settings) -> str:
    """Return the settings that the numbers hold for, as one would set them."""
    words = [settings.device, settings.dtype, f"OMP_NUM_THREADS={settings.threads}"]
    if settings.allocator is Allocator.RETAIN:
        words.append(f"GLIBC_TUNABLES={RETAIN_TUNABLES}")
    return ", ".join(words)


def next_commands(
    task: Task,
    choice: Candidate | None,
    candidates: Sequence[Candidate],
    *,
    subject: str,
    buildable: AbstractSet[str] = frozenset(),
) -> tuple[str, ...]:
    """Return commands that can be typed as they are.

    Args:
        task: What was asked.
        choice: The chosen model; None when there is none.
        candidates: All candidates, best first.
        subject: The words of the command line that name the structure and the conditions.
        buildable: Backends whose environments can be built here and would help.
    """
    commands: list[str] = []
    if choice is not None:
        commands.append(f"mlipguide models show {choice.model}")
    else:
        leading = next((c for c in candidates if could_serve(c) and is_runnable(c)), None)
        if leading is not None:
            commands += _smaller_tasks(task, leading, subject)
            commands.append(f"mlipguide models show {leading.model}")
    here = [candidate for candidate in candidates if candidate.run_cost is None]
    lacking = {c.backend for c in here if c.environment is None and could_serve(c)} & buildable
    commands += [f"mlipguide env build {backend}" for backend in sorted(lacking)]
    return tuple(commands)


def _smaller_tasks(task: Task, leading: Candidate, subject: str) -> list[str]:
    found: list[str] = []
    atoms, time_s = feasible_atoms(leading), feasible_time_s(leading, task)
    structures = feasible_structures(leading, task)
    if structures is not None and structures < task.structures:
        found.append(f"mlipguide recommend {subject} --structures {structures} --atoms {task.atoms}")
    length = {
        TaskKind.MD: f" --time {(task.simulated_time_s or 0.0) * 1e12:g}ps",
        TaskKind.SCREEN: f" --structures {task.structures}",
    }.get(task.kind, "")
    if atoms is not None and atoms < task.atoms and any(task.structure.periodic):
        found.append(f"mlipguide recommend {subject} --atoms {atoms}{length}")
    if time_s is not None and task.simulated_time_s is not None and task.timestep_s <= time_s < task.simulated_time_s:
        found.append(f"mlipguide recommend {subject} --atoms {task.atoms} --time {_option(time_s)}")
    return found


def _option(time_s: float) -> str:
    unit = next(
        (unit for unit in ("ns", "ps") if time_s >= SIMULATED_TIME.factors[unit]),
        "fs",
    )
    return f"{time_s / SIMULATED_TIME.factors[unit]:g}{unit}"
