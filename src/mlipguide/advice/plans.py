"""What to do, step by step, and the commands to type next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from mlipguide.advice.candidate_step import run_by
from mlipguide.advice.explanation import smaller_tasks
from mlipguide.advice.ranking import could_serve, is_runnable
from mlipguide.advice.work_words import action_words
from mlipguide.catalog.additions import addition_words
from mlipguide.core.readable import number
from mlipguide.core.units import SIMULATED_TIME
from mlipguide.records.advice.advice import Candidate, PlanStep, Strategy
from mlipguide.records.advice.strategy import StrategyPrice
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.task.task import Task, TaskKind
from mlipguide.records.timing.axes import choice_words
from mlipguide.records.timing.measurement import Allocator, Settings
from mlipguide.sessions.worker_files import RETAIN_TUNABLES
from mlipguide.tasks.request_words import request_words

SCRIPT = "run.py"
"""The name that is proposed for the script of a production run."""


def plan_for(
    task: Task, price: StrategyPrice | None, choice: Candidate | None, test: PlanStep | None
) -> tuple[PlanStep, ...]:
    """Return the steps to the finished simulation, with costs where they are known.

    Args:
        task: What is wanted.
        price: Of the strategy; None where there is none.
        choice: The model to run; None when nothing is feasible.
        test: What settles whether the model will do; None where that is known.
    """
    first = () if test is None else (test,)
    if choice is not None:
        assert choice.settings is not None
        run = PlanStep(
            action=f"{action_words(run_by(choice, task), choice.name)}: {settings_words(choice.settings)}.",
            command=None,
            wall_time_s=choice.run_time_s,
        )
        return (*first, run)
    if price is None or price.labels is None or price.model is None:
        return ()
    labels, by = price.labels, price.base if price.strategy is Strategy.DISTIL else "reference calculations"
    at_hand = labels.frames.value < 1
    them = "the frames that are labelled" if at_hand else "them"
    size = f" {price.before.size}" if price.before is not None and price.before.engine.value == price.model else ""
    training = {
        Strategy.FINE_TUNE: f"Tune {price.base} on {them}",
        Strategy.DISTIL: f"Train a fast potential ({price.model}{size}) on {them}",
        Strategy.TRAIN_FROM_SCRATCH: f"Train a potential ({price.model}{size}) on {them}",
    }
    label = PlanStep(
        action=f"Label about {labels.frames.told(number)} frames of {labels.atoms} atoms with {by}.",
        command=None,
        wall_time_s=labels.wall_time_s,
    )
    return (
        *(first if price.strategy is Strategy.DISTIL else ()),
        *(() if at_hand else (label,)),
        PlanStep(
            action=f"{training[price.strategy]}, and test it on frames that it has not seen.",
            command=None,
            wall_time_s=price.training_time_s,
        ),
        PlanStep(
            action=f"{action_words(task, f'the trained {price.model}')}.",
            command=None,
            wall_time_s=price.production_time_s,
        ),
    )


def settings_words(settings: Settings) -> str:
    """Return the settings that the numbers hold for, as one would set them."""
    words = [settings.device, settings.dtype, f"OMP_NUM_THREADS={settings.threads}"]
    if settings.ranks > 1:
        words.append(f"{settings.ranks} MPI ranks")
    if settings.allocator is Allocator.RETAIN:
        words.append(f"GLIBC_TUNABLES={RETAIN_TUNABLES}")
    if settings.choices:
        words.append(choice_words(settings.choices))
    if settings.additions:
        words.append(f"with {addition_words(settings.additions)}")
    return ", ".join(words)


def with_commands(
    plan: Sequence[PlanStep], *, run: str | None, training: Sequence[str], first: Sequence[PlanStep] = ()
) -> tuple[PlanStep, ...]:
    """Return the plan with the commands of the steps that mlipguide does, and with what is to be done before it.

    Args:
        plan: The steps; the run is the last one, and where something is trained that is the one before.
        run: Gets the script of the run; None where there is none yet.
        training: Trains what will run; empty where nothing is trained, or labels have to be made first.
        first: Steps that come before.
    """
    steps = list(plan)
    if run is not None and steps:
        steps[-1] = replace(steps[-1], command=run)
    if training and len(steps) > 1:
        steps[-2] = replace(steps[-2], command=training[-1])
    return (*first, *steps)


def script_command(request: TaskRequest, choice: Candidate, weights: Mapping[str, Path]) -> str:
    """Return the command that asks the same once more and writes the script of the run.

    Args:
        request: What the user wrote.
        choice: The model that runs.
        weights: Checkpoint files that the user gave, by model id.
    """
    words = [f"mlipguide recommend {request_words(request)}"]
    if choice.model in weights:
        words.append(shlex.join(["--weights", f"{choice.model}={weights[choice.model]}"]))
    return " ".join([*words, "--write", SCRIPT])


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
    lacking = {c.backend for c in candidates if c.environment is None and could_serve(c)} & buildable
    if lacking:
        commands.append(f"mlipguide env build {' '.join(sorted(lacking))}")
    return tuple(commands)


def _smaller_tasks(task: Task, leading: Candidate, subject: str) -> list[str]:
    found: list[str] = []
    atoms, structures, time_s = smaller_tasks(leading, task)
    if structures is not None:
        found.append(f"mlipguide recommend {subject} --structures {structures} --atoms {task.atoms}")
    length = {
        TaskKind.MD: f" --time {(task.simulated_time_s or 0.0) * 1e12:g}ps",
        TaskKind.SCREEN: f" --structures {task.structures}",
    }.get(task.kind, "")
    if atoms is not None:
        found.append(f"mlipguide recommend {subject} --atoms {atoms}{length}")
    if time_s is not None:
        found.append(f"mlipguide recommend {subject} --atoms {task.atoms} --time {_option(time_s)}")
    return found


def _option(time_s: float) -> str:
    unit = next(
        (unit for unit in ("ns", "ps") if time_s >= SIMULATED_TIME.factors[unit]),
        "fs",
    )
    return f"{time_s / SIMULATED_TIME.factors[unit]:g}{unit}"
