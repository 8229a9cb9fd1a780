"""The answer of ``recommend --on``: which partition to ask for, then one table over all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.core.readable import duration, number
from mlipguide.records.cluster.partitions import PartitionAnswer, PartitionCandidate, PartitionsAnswer
from mlipguide.records.estimate import Estimate
from mlipguide.report.pages.page_parts import Step, conclusion, facts_grid, next_steps, notes
from mlipguide.report.tables.fitted_table import Column, fitted_table
from mlipguide.report.tables.hardware_table import verdict_words, with_spread
from mlipguide.report.words.formatting import interval, marks_legend
from mlipguide.report.words.task_words import task_summary

SHOWN = 2
"""Models of each answer without ``--details``, beside the choice."""

Row = tuple[PartitionAnswer, PartitionCandidate]


def partitions_page(
    data: PartitionsAnswer, console: Console, *, given: str, file: Path, details: bool = False
) -> RenderableType:
    """Return what to ask for, the table over partitions, and the commands to type.

    Args:
        data: The answer.
        console: Where it is printed.
        given: The structure as it is typed.
        file: Of the cluster.
        details: Every model of every partition.
    """
    rows = [(answer, one) for answer in data.answers for one in _shown(answer, details=details)]
    table, dropped = fitted_table(_columns(rows), console.width)
    estimates = [
        found for _, one in rows for found in (one.candidate.step_time_s, one.energy_kwh, one.candidate.max_atoms)
    ]
    lines = [
        f"{marks_legend(estimates)}; no mark: measured there at this size." if marks_legend(estimates) else "",
        "Node-hours: of a whole node, without the wait in the queue. ▸ the model to run there.",
        f"Left out for want of width: {', '.join(dropped)}." if dropped else "",
    ]
    return Group(
        conclusion(*_sentences(data)),
        Text(""),
        facts_grid([("Task", task_summary(data.task)), ("Cluster", f"{data.cluster}, {file}")]),
        Text(""),
        table,
        *notes(lines),
        *next_steps(_steps(data, rows, given, file), console, hidden="every model", details=details),
    )


def _sentences(data: PartitionsAnswer) -> tuple[str, ...]:
    best = data.best
    chosen = None if best is None else best.chosen
    if best is None or chosen is None:
        limit = duration(data.task.budget_s)
        return (f"On no partition of {data.cluster} a model runs this within {limit} for sure or probably.",)
    run, node_hours = chosen.candidate.run_time_s, chosen.node_hours
    cost = "" if node_hours is None else f", {interval(node_hours, number)} node-hours"
    takes = "" if run is None else f" takes {interval(run, duration)} there{cost}"
    words = [f"Ask for {_place(best)}: {chosen.candidate.model}{takes}."]
    return (*words, _alike(data, best), _sooner(data, best))


def _alike(data: PartitionsAnswer, best: PartitionAnswer) -> str:
    """Return which partitions have the same kind of nodes, so that the shorter queue decides; empty where none has."""
    same = [
        answer.partition
        for answer in data.answers
        if answer.fingerprint is not None
        and (answer.fingerprint, answer.gpus) == (best.fingerprint, best.gpus)
        and answer.partition != best.partition
    ]
    if not same:
        return ""
    return f"{' and '.join(same)} {'has' if len(same) == 1 else 'have'} the same kind of nodes."


def _sooner(data: PartitionsAnswer, best: PartitionAnswer) -> str:
    """Return where the same model ends sooner at a higher price; empty where it does not."""
    chosen = best.chosen
    assert chosen is not None
    run = chosen.candidate.run_time_s
    others = [
        (answer, one)
        for answer in data.answers
        if answer is not best and (one := answer.chosen) is not None and one.candidate.model == chosen.candidate.model
    ]
    faster = [
        (one.candidate.run_time_s.value, answer, one)
        for answer, one in others
        if run is not None and one.candidate.run_time_s is not None and one.candidate.run_time_s.at_most < run.at_least
    ]
    if not faster:
        return ""
    _, answer, one = min(faster, key=lambda found: found[0])
    hours = "" if one.node_hours is None else f", for {interval(one.node_hours, number)} node-hours"
    assert one.candidate.run_time_s is not None
    return f"On {_place(answer)} it ends sooner, in {interval(one.candidate.run_time_s, duration)}{hours}."


def _place(answer: PartitionAnswer) -> str:
    if not answer.gpus:
        return f"a node of {answer.partition}"
    return f"{answer.partition} with {answer.gpus} GPU{'' if answer.gpus == 1 else 's'}"


def _shown(answer: PartitionAnswer, *, details: bool) -> list[PartitionCandidate]:
    """Return the choice, and the first of the others with a time."""
    if details:
        return list(answer.candidates)
    chosen = answer.chosen
    others = [one for one in answer.candidates if one is not chosen and one.candidate.step_time_s is not None]
    first = [] if chosen is None else [chosen]
    return [*first, *others[:SHOWN]] or list(answer.candidates[:1])


def _columns(rows: Sequence[Row]) -> list[Column]:
    def numbers(
        title: str, rank: int, field: Callable[[PartitionCandidate], Estimate | None], words: Callable[[float], str]
    ) -> Column:
        cells = tuple(with_spread(field(one), words) for _, one in rows)
        return Column(title=title, cells=cells, rank=rank, right=True)

    columns = [
        Column(title="Partition", cells=tuple(answer.partition for answer, _ in rows), rank=0),
        Column(title="GPUs", cells=tuple(str(answer.gpus or "–") for answer, _ in rows), rank=0, right=True),
        Column(
            title="Model",
            cells=tuple(f"{'▸' if answer.chosen is one else ' '} {one.candidate.model}" for answer, one in rows),
            rank=0,
        ),
        numbers("Step", 3, lambda one: one.candidate.step_time_s, duration),
        numbers("ns/day", 2, lambda one: one.candidate.ns_per_day, number),
        numbers("Run", 7, lambda one: one.candidate.run_time_s, duration),
        numbers("Node-hours", 1, lambda one: one.node_hours, number),
        numbers("kWh", 5, lambda one: one.energy_kwh, number),
        numbers("Fits up to", 4, lambda one: one.candidate.max_atoms, number),
        Column(title="Verdict", cells=tuple(verdict_words(one.candidate) for _, one in rows), rank=6),
    ]
    return [column for column in columns if column.rank == 0 or any(cell.strip("–") for cell in column.cells)]


def _steps(data: PartitionsAnswer, rows: Sequence[Row], given: str, file: Path) -> list[Step]:
    guessed = list(dict.fromkeys(one.candidate.model for _, one in rows if not one.measured))
    steps: list[Step] = []
    if guessed:
        models = ",".join(guessed[: SHOWN + 1])
        steps.append(Step(f"mlipguide bench {given} --models {models} --on {file}", "times them on the partitions"))
    best = data.best
    if best is not None and best.choice is not None:
        steps.append(Step(f"mlipguide models show {best.choice}", "what it is, and its licence"))
    return steps
