"""The arguments that a user gave, as they are typed again in the next command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

STRUCTURE = "STRUCTURE"
LABELLED = "LABELLED"


def typed(argument: object, options: Mapping[str, object]) -> str:
    """Return an argument and options as a shell takes them; those that are None were not given.

    Args:
        argument: A file, or None.
        options: Values by the name of the option: ``{"--index": 3}``.
    """
    words = [] if argument is None else [shlex.quote(str(argument))]
    for name, value in options.items():
        if value is not None:
            words += [name, shlex.quote(str(value))]
    return " ".join(words)


def structure_words(
    structure: object,
    *,
    preset: str | None = None,
    index: str | None = None,
    charge: str | None = None,
    spin: str | None = None,
    add: str | None = None,
) -> str:
    """Return the structure with what belongs to it: ``run.extxyz --index 3``; a placeholder where none was given.

    What is added to the models goes with it, so that what is asked next is of the same potentials.
    """
    options = {"--preset": preset, "--index": index, "--charge": charge, "--spin": spin, "--add": add}
    return typed(structure, options) or STRUCTURE
