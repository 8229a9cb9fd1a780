"""The commands that carry out the steps of a plan."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mlipguide.records.advice.advice import Candidate, PlanStep
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.tasks.request_words import request_words

SCRIPT = "run.py"
"""The name that is proposed for the script of a production run."""


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
