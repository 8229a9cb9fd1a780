"""Answers of ``recommend`` from several machines, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.advice.advice import Candidate
from mlipguide.records.hardware.hardware_profile import HardwareProfile
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.strict import strict
from mlipguide.records.task.task import Task


@strict
@dataclass(frozen=True, kw_only=True)
class AnswerThere:
    """What one machine, or one hardware that was asked for, answered.

    Attributes:
        name: By which it is told: the file's, or the hardware's.
        machine: Where models were timed.
        hardware: What the numbers hold for; None for the machine itself.
        task: What was asked.
        candidates: Every model considered, best first.
        choice: Id of the model to run there; None when nothing is feasible.
    """

    name: str
    machine: Machine
    hardware: HardwareProfile | None
    task: Task
    candidates: tuple[Candidate, ...]
    choice: str | None

    def candidate(self, model: str) -> Candidate | None:
        """Return what is known of a model there."""
        return next((one for one in self.candidates if one.model == model), None)


@strict
@dataclass(frozen=True, kw_only=True)
class AnswersCompared:
    """The answer of ``mlipguide compare``.

    Attributes:
        answers: In the order in which they were given.
        models: Ids of the models that stand in the table, the most often chosen first.
        differing: What of the question differs between the answers, as options; empty where all were asked the same.
    """

    answers: tuple[AnswerThere, ...]
    models: tuple[str, ...]
    differing: tuple[str, ...]
