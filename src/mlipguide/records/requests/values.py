"""From what stands in a task file or in a Python call to the value of an option."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Never

from mlipguide.core.errors import InputError
from mlipguide.records.requests.option import Field, Values

SEVERAL = frozenset({Values.NAMES, Values.COUNTS})
PATHS = frozenset({Values.FILE, Values.STRUCTURE})
Refuse = Callable[[str, str], Never]
"""Raises the error of what is wanted, with an example."""
Reader = Callable[[Field, Any, Refuse], Any]


def value_of(item: Field, value: Any, place: str, *, sign: str = ": ") -> Any:
    """Return the value of an option, as its field holds it.

    Args:
        item: The option.
        value: As it was given: a text, a number, a list where the option takes several, true or false for a switch, a
            path, and for a structure the atoms themselves. None is what was left out.
        place: Where it stands, for messages: ``task.yaml: 'atoms'``.
        sign: What stands between name and value there.

    Raises:
        InputError: The option takes no such value.
    """

    def refuse(kind: str, example: str) -> Never:
        written = f"{example.lower()}" if sign == ": " and item.is_switch else example
        raise InputError(f"{place} is {kind}, not '{value}'.", hint=f"Write for example {item.keyword}{sign}{written}.")

    if value is None and item.optional:
        return None
    if item.is_switch:
        return value if isinstance(value, bool) else refuse("true or false", str(item.switched))
    if item.type is Path:
        return Path(value) if isinstance(value, str | os.PathLike) else refuse("a path", "FILE")
    read: Reader = READERS.get(item.type, _numbered_file)
    return read(item, value, refuse)


def _text(item: Field, value: Any, refuse: Refuse) -> Any:
    values, example = item.option.values, item.option.metavar or "TEXT"
    if isinstance(value, str):
        return value
    if values in PATHS and isinstance(value, os.PathLike):
        return os.fspath(value)
    if values is Values.STRUCTURE and hasattr(value, "get_positions"):
        return value
    if values in SEVERAL and isinstance(value, list | tuple):
        return ",".join(map(str, value))
    if isinstance(value, int | Real) and not isinstance(value, bool):
        return str(value)
    kind = "a file or ase.Atoms" if values is Values.STRUCTURE else "a single text"
    return refuse(kind, example)


def _whole(item: Field, value: Any, refuse: Refuse) -> int:
    least, most = item.option.least, item.option.most
    if not isinstance(value, int | Integral) or isinstance(value, bool):
        refuse("a whole number", str(least or 1))
    number = int(value)
    if (least is not None and number < least) or (most is not None and number > most):
        refuse(f"at least {least}" + ("" if most is None else f" and at most {most}"), str(least))
    return number


def _several(item: Field, value: Any, refuse: Refuse) -> list[str]:
    if item.option.values is not Values.FILE:
        return _pairs(value, refuse)
    if isinstance(value, str | os.PathLike):
        return [os.fspath(value)]
    if isinstance(value, Sequence) and all(isinstance(one, str | os.PathLike) for one in value):
        return [os.fspath(one) for one in value]
    return refuse("a file or several", "['FILE']")


def _pairs(value: Any, refuse: Refuse) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{name}={os.fspath(file)}" for name, file in value.items()]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(text) for text in value]
    return refuse("a mapping of model and file", "{'MODEL': 'FILE'}")


def _numbered_file(_item: Field, value: Any, refuse: Refuse) -> tuple[int, Path]:
    if isinstance(value, Sequence) and len(value) == 2 and isinstance(value[0], int):  # noqa: PLR2004  # a pair
        return value[0], Path(value[1])
    return refuse("a number and a file", "(10, 'worst.extxyz')")


READERS: dict[Any, Reader] = {int: _whole, str: _text, list[str]: _several}
