"""One look at files and programs: while it lasts, what they said once is not asked again.

Who changes a question again and again asks for the same cards, records and environments each time. Within a look a
function that is marked answers as it did the first time; outside of one it answers anew. What may have changed is seen
by the next look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

VALUES = (str, int, float, bytes, Enum, Path, type(None))
"""What is compared by its value; all else must be the same object."""


class Look:
    """What was answered so far."""

    def __init__(self) -> None:
        self._answers: dict[Any, Any] = {}

    def answer(self, function: Callable[[], T], key: Any) -> T:
        """Return what a function answered the first time."""
        if key not in self._answers:
            self._answers[key] = function()
        found: T = self._answers[key]
        return found


_CURRENT: ContextVar[Look | None] = ContextVar("look", default=None)


@contextmanager
def within(look: Look) -> Iterator[None]:
    """Let everything that is called in the block belong to a look."""
    token = _CURRENT.set(look)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def once_a_look(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function answer once in a look for the same arguments.

    What it returns must not be changed. An error is raised each time anew.
    """

    @wraps(function)
    def answered(*args: P.args, **kwargs: P.kwargs) -> T:
        look = _CURRENT.get()
        if look is None:
            return function(*args, **kwargs)
        key = (function, _key(args), tuple((name, _key(value)) for name, value in sorted(kwargs.items())))
        return look.answer(lambda: function(*args, **kwargs), key)

    return answered


def once(key: tuple[object, ...], answer: Callable[[], T]) -> T:
    """Return what a function without arguments answered first in a look for a key; outside of one, what it answers."""
    look = _CURRENT.get()
    return answer() if look is None else look.answer(answer, _key(key))


class _Same:
    """An object that equals itself alone; it lives as long as the look that it is a key of."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._value is self._value

    def __hash__(self) -> int:
        return id(self._value)


def _key(value: object) -> object:
    if isinstance(value, VALUES):
        return value
    if isinstance(value, tuple):
        return tuple(map(_key, value))
    return frozenset(value) if isinstance(value, set | frozenset) else _Same(value)
