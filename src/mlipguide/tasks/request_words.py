"""A request as the words of a command line that asks the same."""

from __future__ import annotations

import shlex
from collections.abc import Collection

from mlipguide.records.requests.option import options_of
from mlipguide.records.requests.recommend import TaskRequest

OPTIONS = options_of(TaskRequest)

SUBJECT = tuple(name for name, item in OPTIONS.items() if item.option.condition)
"""What names the conditions, and leaves the size of the task open."""

POSITIONAL = ("structure", "index", "preset")


def request_words(request: TaskRequest, names: Collection[str] | None = None) -> str:
    """Return the structure and the options of a request, quoted for a shell.

    Args:
        request: What was asked.
        names: The options wanted beside the structure; None: all.
    """
    words = ["--preset", request.preset] if request.preset else [structure_file(request)]
    if request.index is not None:
        words += ["--index", request.index]
    for name, item in OPTIONS.items():
        value = getattr(request, name)
        if value is None or name in POSITIONAL or (names is not None and name not in names):
            continue
        if item.is_switch:
            words += [item.flag] if value is item.switched else []
        else:
            words += [f"{item.flag}={value}"] if value.startswith("-") else [item.flag, value]
    return shlex.join(words)


def structure_file(request: TaskRequest) -> str:
    """Return the structure's file; for atoms that are in no file, a name after their formula."""
    if request.structure is None or isinstance(request.structure, str):
        return str(request.structure)
    return f"{request.structure.get_chemical_formula()}.extxyz"
