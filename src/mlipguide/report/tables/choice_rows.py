"""Which models a short table names: one row for each real choice, shared by checkpoints that cost the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlipguide.advice.ranking import could_serve
from mlipguide.records.advice.advice import Candidate, HardwareAnswer, Recommendation
from mlipguide.records.advice.strategy import StrategyPrice
from mlipguide.records.advice.verdict import Strategy
from mlipguide.records.estimate import Estimate
from mlipguide.records.task.task import Task, TaskKind

MOST_ROWS = 8
SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class ChoiceRow:
    """A row.

    Attributes:
        candidate: The first in rank of those that share the row.
        alike: How many further checkpoints share it.
        is_choice: Whether it is the model to run.
        hardware: Name of the hardware; None for this machine.
    """

    candidate: Candidate
    alike: int
    is_choice: bool
    hardware: str | None = None


def strategy_row(answer: Recommendation) -> StrategyPrice | None:
    """Return the trained potential that is the answer where no pretrained model is; None otherwise."""
    if answer.choice is not None or answer.strategies is None or answer.strategy is Strategy.PRETRAINED:
        return None
    return answer.strategies.price(answer.strategy)


def choice_rows(answer: Recommendation, most: int = MOST_ROWS) -> tuple[ChoiceRow, ...]:
    """Return at most so many rows: of each hardware that was asked for, else of this machine.

    The choice comes first, the others in their rank. Where not all find room, the choice, the teacher or base of the
    strategy, the front of accuracy and time and the fastest come before the others.
    """
    price = strategy_row(answer)
    base = None if price is None else price.base
    if not answer.hardware:
        return _rows(answer.candidates, answer.choice, most, base=base)
    places = _shared_out(most, answer.hardware)
    return tuple(
        row
        for one, rows in zip(answer.hardware, places, strict=False)
        for row in _rows(one.candidates, one.choice, rows, base=base, hardware=one.profile.name)
    )


def left_out(answer: Recommendation, rows: Sequence[ChoiceRow]) -> int:
    """Return how many models stand in no row and share none; of several hardware each model counts once."""
    considered = {one.model for one in answer.candidates}
    considered |= {one.model for each in answer.hardware for one in each.candidates}
    alike = 0 if answer.hardware and len(answer.hardware) > 1 else sum(row.alike for row in rows)
    return max(0, len(considered) - len({row.candidate.model for row in rows}) - alike)


def structures_per_hour(candidate: Candidate, task: Task) -> Estimate | None:
    """Return how many structures a screening gets through; None for other kinds of task, and without a time."""
    if task.kind is not TaskKind.SCREEN or candidate.run_time_s is None:
        return None
    return candidate.run_time_s.inverted(task.structures * SECONDS_AN_HOUR)


def real_choices(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates to choose among, in their rank.

    Those with a time that nothing but time and memory stands against; where there are none, those that can be started;
    where nothing can, those that nothing else stands against, and at last all.
    """
    serving = [one for one in candidates if could_serve(one)]
    timed = [one for one in serving if one.step_time_s is not None]
    startable = [one for one in serving if one.environment is not None]
    return tuple(timed or startable or serving or candidates)


def grouped(candidates: Sequence[Candidate]) -> tuple[tuple[Candidate, ...], ...]:
    """Return the candidates in groups that cost the same: one architecture, timed once for all."""
    groups: dict[object, list[Candidate]] = {}
    for one in candidates:
        shared = (one.backend, one.settings, one.step_time_s, one.peak_memory_bytes)
        key: object = (one.model,) if one.step_time_s is None else shared
        groups.setdefault(key, []).append(one)
    return tuple(map(tuple, groups.values()))


def _rows(
    candidates: Sequence[Candidate], choice: str | None, most: int, *, base: str | None, hardware: str | None = None
) -> tuple[ChoiceRow, ...]:
    groups = grouped(real_choices(candidates))
    heads = [_head(group, choice, base) for group in groups]
    times = [one.run_time_s.value for one in heads if one.run_time_s is not None]

    def place(index: int) -> tuple[int, int]:
        head = heads[index]
        fastest = head.run_time_s is not None and head.run_time_s.value == min(times)
        marks = (head.model == choice, head.model == base, fastest, head.on_pareto_front is True)
        return (next((rank for rank, holds in enumerate(marks) if holds), len(marks)), index)

    kept = sorted(sorted(range(len(groups)), key=place)[:most], key=lambda index: (heads[index].model != choice, index))
    return tuple(
        ChoiceRow(
            candidate=heads[index],
            alike=len(groups[index]) - 1,
            is_choice=heads[index].model == choice,
            hardware=hardware,
        )
        for index in kept
    )


def _head(group: Sequence[Candidate], choice: str | None, base: str | None) -> Candidate:
    """Return the checkpoint that stands for a group: the choice, the teacher, else the first in rank."""
    return min(group, key=lambda one: (one.model != choice, one.model != base))


def _shared_out(most: int, answers: Sequence[HardwareAnswer]) -> list[int]:
    """Return how many rows each hardware gets: about as many, the first ones one more; none beyond ``most``."""
    each, more = divmod(most, len(answers))
    return [each + (position < more) for position in range(len(answers)) if each + (position < more)]
