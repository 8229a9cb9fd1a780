"""A task file for ``recommend --config``: every option of a task with its help, all but the structure as comments.

It is written from the definitions of the options, so that a new option stands in it at once.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from mlipguide.records.requests.option import Field, Panel, options_of
from mlipguide.records.requests.recommend import TaskRequest
from mlipguide.records.task.structure import StructureSummary

WIDTH = 100
OPTIONS = options_of(TaskRequest)
HOW = (
    "Every line that begins with '# name: value' can be used: take the # away and write a value of yours. What holds "
    "without it stands in brackets. Options on the command line win over this file; paths in it start at its folder."
)


def render_task_file(given: Mapping[str, str], structure: StructureSummary, command: str) -> str:
    """Return the text of the file.

    Args:
        given: Keys that are set, with their values.
        structure: That they name.
        command: Reads the file.
    """
    head = [
        f"A task for mlipguide: {structure.reduced_formula}, {structure.atoms:,} atoms.",
        f"Run it with:  {command}",
    ]
    lines = [*(f"# {line}" for line in head), *_comment(HOW)]
    for panel in Panel:
        items = [item for item in OPTIONS.values() if item.option.panel is panel]
        if items:
            lines += ["", f"# --- {panel.value} ---"]
        for item in items:
            lines += ["", *_comment(_sentence(item)), _line(item, given.get(item.name))]
    return "\n".join(lines) + "\n"


def example_of(item: Field) -> Any:
    """Return a value that a key takes, as it stands in a file."""
    if item.is_switch:
        return item.switched
    return _plain(item.option.example or item.option.metavar or item.name)


def _line(item: Field, value: str | None) -> str:
    shown = example_of(item) if value is None else value
    return f"{'# ' if value is None else ''}{_yaml({item.name: shown})}"


def _sentence(item: Field) -> str:
    """Return the help of an option, in which other options are called as in a file."""
    names = {other.flag: other.name for other in OPTIONS.values()}
    told = re.sub(r"--[a-z-]+", lambda found: names.get(found.group(), found.group()), item.option.sentence)
    if not item.is_switch:
        return told
    on, off = (str(value).lower() for value in (item.switched, not item.switched))
    return f"{on}: {told[0].lower()}{told[1:].removesuffix('.')} [{off}]."


def _comment(text: str) -> Iterator[str]:
    return (f"# {line}" for line in textwrap.wrap(text, WIDTH - 2, break_on_hyphens=False, break_long_words=False))


def _plain(text: str) -> Any:
    import yaml

    return yaml.safe_load(text)


def _yaml(data: Mapping[str, Any]) -> str:
    import yaml

    flow = {name: value for name, value in data.items() if isinstance(value, list)}
    text: str = yaml.safe_dump(dict(data), allow_unicode=True, width=10**6, default_flow_style=None if flow else False)
    return text.strip()
