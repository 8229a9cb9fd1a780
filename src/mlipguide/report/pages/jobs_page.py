"""Runs on clusters in the terminal: what became of them, and the command to type next."""

from __future__ import annotations

import shlex
from collections import Counter

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.records.cluster.jobs import (
    AGAIN,
    OPEN,
    Collected,
    JobList,
    JobScripts,
    RunStatus,
    TaskState,
)
from mlipguide.report.pages.page_parts import Step, conclusion, next_steps, section

STYLES = {
    TaskState.DONE: "green",
    TaskState.FAILED: "red",
    TaskState.ENDED: "red",
    TaskState.RUNNING: "cyan",
}
BENCH = "bench"
WORDS = {BENCH: ("record", "store"), "evaluate": ("evaluation", "store"), "train pilot": ("fit", "pilot's folder")}
"""What comes of each command, and where to."""
MOST_ROWS = 16
"""Tasks shown without ``--details``, those first that somebody has to look after."""
ORDER = (
    TaskState.ENDED,
    TaskState.FAILED,
    TaskState.UNSENT,
    TaskState.UNKNOWN,
    TaskState.RUNNING,
    TaskState.WAITING,
    TaskState.DONE,
)


def jobs_page(data: JobList, console: Console, *, details: bool = False) -> RenderableType:
    """Return what became of the newest run, its tasks, and the older runs in a line each.

    Args:
        data: The runs, the newest first.
        console: Where it is printed.
        details: Every task, with its log.
    """
    if not data.runs:
        steps = [Step("mlipguide bench STRUCTURE --models A,B --on cluster.yaml", "times models on a cluster")]
        return Group(conclusion("There is no run on a cluster yet."), *next_steps(steps, console))
    newest, *older = data.runs
    return Group(
        conclusion(run_sentence(newest)),
        Text(""),
        _tasks_table(newest, details=details),
        *section("Before", [f"{run.name}: {counts_words(run)}" for run in older]),
        *next_steps(_steps(newest, details=details), console),
    )


def collected_page(data: Collected, console: Console) -> RenderableType:
    """Return how many records came back, and what is still out."""
    run = data.run
    word, place = WORDS.get(run.command, WORDS[BENCH])
    added = f"{_count(len(data.added), word)} of {run.name} came into the {place}"
    known = f"; {len(data.known)} had come before" if data.known else ""
    steps = _steps(run)
    if run.command == BENCH and run.count(TaskState.DONE):
        steps.append(Step("mlipguide recommend STRUCTURE --on cluster.yaml", "which partition to ask for"))
    elif run.again and (data.added or data.known):
        steps.append(Step(f"mlipguide {shlex.join(run.again)}", "shows what they say"))
    return Group(
        conclusion(f"{added}{known}.", f"{counts_words(run).capitalize()}."),
        *next_steps([one for one in steps if " collect" not in one.command], console),
    )


def scripts_text(data: JobScripts) -> str:
    """Return the scripts as they would be written, each below its name and what submits it."""
    return "\n".join(f"# {one.file}\n# {one.command}\n{one.text}" for one in data.scripts)


def run_sentence(run: RunStatus) -> str:
    """Return what became of a run in a sentence."""
    whole = len(run.tasks)
    done = run.count(TaskState.DONE)
    name = f"{run.name} ({run.subject} on {run.cluster})"
    if done == whole:
        return f"{name} is done: {_count(whole, 'task')}."
    if run.by_hand and not done:
        return f"{name} is written; its scripts are to be submitted by hand."
    return f"{name}: {counts_words(run)}."


def counts_words(run: RunStatus) -> str:
    """Return how many tasks are in which state."""
    counts = Counter(one.state for one in run.tasks)
    parts = [f"{counts[state]} {state.value}" for state in reversed(ORDER) if counts[state]]
    return f"of {_count(len(run.tasks), 'task')} {', '.join(parts)}"


def _tasks_table(run: RunStatus, *, details: bool) -> RenderableType:
    shown = run.tasks if details else sorted(run.tasks, key=lambda one: ORDER.index(one.state))[:MOST_ROWS]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    parts = any(one.part is not None for one in shown)
    for title in ("Partition", "Model", *(["Part"] if parts else []), "Job", "State"):
        table.add_column(title, no_wrap=True)
    table.add_column("Why", overflow="fold")
    if details:
        table.add_column("Log", overflow="fold")
    for one in shown:
        state = Text(one.state.value, style=STYLES.get(one.state, ""))
        part = [one.part or ""] if parts else []
        log = [one.log] if details else []
        table.add_row(one.partition, one.model, *part, one.job or "–", state, one.reason, *log)
    if len(shown) == len(run.tasks):
        return table
    return Group(table, Text(f"{len(run.tasks) - len(shown)} more with --details.", style="dim"))


def _steps(run: RunStatus, *, details: bool = False) -> list[Step]:
    steps = [Step(command) for command in run.by_hand]
    if run.count(*OPEN):
        steps.append(Step(f"mlipguide jobs watch {run.name}", "waits for its end"))
    if run.count(*AGAIN) and not run.by_hand:
        steps.append(Step(f"mlipguide jobs resume {run.name}", "submits again what ended without an answer"))
    if run.count(TaskState.FAILED) and not run.by_hand:
        steps.append(Step(f"mlipguide jobs resume {run.name} --failed", "what failed too, once it is mended"))
    if run.count(TaskState.DONE):
        place = WORDS.get(run.command, WORDS[BENCH])[1]
        told = "brings what was measured into your store" if run.command == BENCH else f"brings it into the {place}"
        steps.append(Step(f"mlipguide jobs collect {run.name}", told))
    if run.count(TaskState.FAILED, TaskState.ENDED) and not details:
        steps.append(Step(f"mlipguide jobs list {run.name} --details", "where the logs are"))
    return steps


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
