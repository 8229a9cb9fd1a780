"""``mlipguide init``: a commented task file to begin with."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.core.serialisation import write_atomically, write_once
from mlipguide.records.notice import Result
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.task.task_file import TaskFile
from mlipguide.report.exports.task_file import OPTIONS, render_task_file
from mlipguide.tasks.requests import load_structure

PRESET = "silicon"
"""Of a file that names no structure of the user's."""


def init(file: Path, *, structure: Path | None = None, force: bool = False) -> Result[TaskFile]:
    """Write a task file that explains every key.

    Args:
        file: Where.
        structure: The user's; without it the file names a built-in one.
        force: Replace a file that is there.

    Raises:
        InputError: No folder to write into, a file that is there, or a structure that cannot be used.
        StorageError: The file cannot be written.
    """
    if not file.parent.is_dir():
        raise InputError(f"There is no folder {file.parent} to write {file.name} into.", hint="Make it first.")
    request = TaskRequest(preset=PRESET) if structure is None else TaskRequest(structure=str(structure))
    _, summary, notices = load_structure(request)
    given = {"preset": PRESET} if structure is None else {"structure": _seen_from(file.parent, structure)}
    command = f"mlipguide recommend --config {shlex.quote(str(file))}"
    text = render_task_file(given, summary, command)
    if force:
        write_atomically(file, text)
    elif not write_once(file, text):
        raise InputError(f"{file} exists.", hint="Choose another name, or replace it with --force.")
    data = TaskFile(
        path=str(file), formula=summary.reduced_formula, atoms=summary.atoms, keys=tuple(OPTIONS), command=command
    )
    return Result(data, notices=notices)


def _seen_from(folder: Path, structure: Path) -> str:
    return os.path.relpath(structure.expanduser().resolve(), folder.resolve())
