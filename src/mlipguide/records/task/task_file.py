"""A task file that was written."""

from __future__ import annotations

from dataclasses import dataclass

from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True, kw_only=True)
class TaskFile:
    """The answer of ``mlipguide init``.

    Attributes:
        path: The file.
        formula: Of the structure that it names.
        atoms: Of that structure.
        keys: Every key that the file explains, in order.
        command: Reads it.
    """

    path: str
    formula: str
    atoms: int
    keys: tuple[str, ...]
    command: str
