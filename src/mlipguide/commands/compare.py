"""``mlipguide compare``: answers of several machines side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.core.readable import duration, simulated_time
from mlipguide.records.advice.compared_answers import AnswersCompared, AnswerThere
from mlipguide.records.notice import Result
from mlipguide.records.task.task import Task
from mlipguide.report.exports.saved_answers import HINT, read_answer

MOST_MODELS = 8
QUESTION: dict[str, Callable[[Task], str]] = {
    "the structure": lambda task: task.structure.reduced_formula,
    "--kind": lambda task: task.kind.value,
    "--atoms": lambda task: f"{task.atoms:,}",
    "--time": lambda task: "" if task.simulated_time_s is None else simulated_time(task.simulated_time_s),
    "--temperature": lambda task: f"{task.temperature_k:g}K",
    "--budget": lambda task: duration(task.budget_s),
}


def compare(files: Sequence[Path]) -> Result[AnswersCompared]:
    """Read documents of ``recommend --json`` and put them side by side.

    Raises:
        InputError: One file alone that has one answer, or a file that holds no answer of ``recommend``.
    """
    answers = [answer for path in files for answer in _answers(path)]
    if len(answers) < 2:  # noqa: PLR2004  # there is nothing beside it
        raise InputError("There is one answer; at least two are compared.", hint=HINT)
    names = Counter(answer.name for answer in answers)
    double = [name for name, count in names.items() if count > 1]
    if double:
        raise InputError(f"Two answers are called {double[0]}.", hint="Give the files other names.")
    return Result(
        AnswersCompared(answers=tuple(answers), models=_models(answers), differing=tuple(_differing(answers)))
    )


def _answers(path: Path) -> Iterator[AnswerThere]:
    answer = read_answer(path)
    if not answer.hardware:
        yield AnswerThere(
            name=path.stem,
            machine=answer.machine,
            hardware=None,
            task=answer.task,
            candidates=answer.candidates,
            choice=answer.choice,
        )
    for one in answer.hardware:
        name = path.stem if len(answer.hardware) == 1 else f"{path.stem}: {one.profile.name}"
        yield AnswerThere(
            name=name,
            machine=answer.machine,
            hardware=one.profile,
            task=answer.task,
            candidates=one.candidates,
            choice=one.choice,
        )


def _models(answers: Sequence[AnswerThere]) -> tuple[str, ...]:
    """Return the models of the table: those that are chosen somewhere, then those with a time on most machines."""
    chosen = Counter(answer.choice for answer in answers if answer.choice is not None)
    timed = Counter(one.model for answer in answers for one in answer.candidates if one.run_time_s is not None)
    ranks: dict[str, int] = {}
    for answer in answers:
        for rank, one in enumerate(answer.candidates):
            ranks[one.model] = min(rank, ranks.get(one.model, rank))
    order = sorted(timed, key=lambda model: (-chosen[model], -timed[model], ranks[model]))
    return tuple(order[:MOST_MODELS])


def _differing(answers: Sequence[AnswerThere]) -> Iterator[str]:
    for name, told in QUESTION.items():
        found = list(dict.fromkeys(told(answer.task) for answer in answers))
        if len(found) > 1:
            yield f"{name} ({', '.join(words or 'none' for words in found)})"
