"""What was shared, and what of others was taken, in the terminal."""

from __future__ import annotations

import shlex

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.records.timing.sharing import ExportReport, ImportReport, SharedClass
from mlipguide.report.pages.page_parts import Step, conclusion, next_steps, plain_table, section

MOST_LINES = 8
"""Refused lines that are shown; --json has all."""
MOST_CLASSES = 8


def export_page(data: ExportReport, console: Console) -> RenderableType:
    """Return what was written, what was not, and how to give it away."""
    first = f"{_counted(data.records, 'measurement')} written to {data.file}, without names of anybody or anything."
    left = [f"{one.records:,}: {one.reason}" for one in data.left_out]
    file = shlex.quote(data.file)
    steps = [
        Step(f"mlipguide share check {file}", "what an import would say of it"),
        Step(f"head -n 1 {file}", "one record, as others will see it"),
    ]
    return Group(
        conclusion(first),
        *_classes(data.classes),
        *section("Left out", left),
        *next_steps(steps, console),
    )


def import_page(data: ImportReport, console: Console) -> RenderableType:
    """Return what was taken and what was not."""
    did = "kept" if data.stored else "right and new"
    whom = f" of {_counted(data.contributors, 'contributor')}" if data.contributors else ""
    first = f"{_counted(data.records, 'record')}{whom} {'are' if data.records != 1 else 'is'} {did}."
    there = f"{data.duplicates:,} {'were' if data.duplicates != 1 else 'was'} here already." if data.duplicates else ""
    wrong = f"{len(data.refused):,} of {data.lines:,} lines cannot be taken." if data.refused else ""
    refused = [f"{one.file}, line {one.line}: {one.reason}" for one in data.refused[:MOST_LINES]]
    if len(data.refused) > MOST_LINES:
        refused.append(f"and {len(data.refused) - MOST_LINES} more (--json)")
    steps = []
    if data.records and not data.stored:
        steps.append(Step(f"mlipguide share import {shlex.join(data.files)}", "keeps them"))
    elif data.records:
        here = any(one.is_this_machine for one in data.classes)
        where = "--no-measure" if here else f"--hardware {data.classes[0].name}"
        steps.append(Step(f"mlipguide recommend STRUCTURE {where}", "an answer that uses them"))
    style = "bold" if not data.refused else "bold yellow"
    return Group(
        conclusion(first, there, wrong, style=style),
        *_classes(data.classes),
        *section("Not taken", refused),
        *next_steps(steps, console),
    )


def _classes(classes: tuple[SharedClass, ...]) -> list[RenderableType]:
    if not classes:
        return []
    table = plain_table("Hardware, as --hardware takes it", "Cores", "Models", "Records")
    for one in classes[:MOST_CLASSES]:
        mark = " (like this machine)" if one.is_this_machine else ""
        table.add_row(f"{one.name}{mark}", f"{one.usable_cores:g}", str(one.models), str(one.records))
    more = [Text(f"and {len(classes) - MOST_CLASSES} more")] if len(classes) > MOST_CLASSES else []
    return [Text(""), table, *more]


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
