"""A request as the words of a command line that asks the same."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from dataclasses import fields

from mlipguide.tasks.requests import FLAGS, TaskRequest

SUBJECT = (
    "kind",
    "images",
    "timestep",
    "temperature",
    "budget",
    "needs",
    "derive",
    "models",
    "hardware",
    "commercial",
    "labels",
    "energy_key",
    "forces_key",
    "stress_key",
    "charge",
    "spin",
)
"""What names the conditions, and leaves the size of the task open."""

POSITIONAL = ("structure", "index", "preset")


def request_words(request: TaskRequest, names: Collection[str] | None = None) -> str:
    """Return the structure and the options of a request, quoted for a shell.

    Args:
        request: What was asked.
        names: The options wanted beside the structure; None: all.
    """
    words = ["--preset", request.preset] if request.preset else [str(request.structure)]
    if request.index is not None:
        words += ["--index", request.index]
    options = [item.name for item in fields(request) if item.name not in POSITIONAL]
    for name in options if names is None else names:
        value = getattr(request, name)
        if name == "derive":
            words += ["--no-derive"] if value is False else []
        elif name in FLAGS:
            words += [f"--{name}"] if value else []
        elif value is not None:
            option = f"--{name.replace('_', '-')}"
            words += [f"{option}={value}"] if value.startswith("-") else [option, value]
    return shlex.join(words)
