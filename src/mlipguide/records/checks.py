"""What numbers, names and times in a record can be: a record that breaks one of these is neither written nor used.

That numbers are finite is seen to where records are read (:mod:`mlipguide.records.strict`) and where they are written
(JSON knows no NaN).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime

MOST_ATOMS = 10**10
"""More than any simulation; a limit against damaged numbers."""
MOST_FRAMES = 10**10
LONGEST_S = 1e10
"""Three centuries."""
MOST_BYTES = 2**60
HOTTEST_K = 1e8
LONGEST_STEP_S = 1e-9
"""A million times a step of molecular dynamics."""


def require(holds: bool, words: str) -> None:  # reads as a sentence
    """Refuse a record.

    Raises:
        ValueError: It does not hold; ``words`` say what.
    """
    if not holds:
        raise ValueError(words)


def require_within(low: float, high: float, /, **values: float | None) -> None:
    """Refuse numbers outside of ``low`` to ``high``, both included; None is a number that is not known.

    Raises:
        ValueError: One is outside, or is not finite.
    """
    for name, value in values.items():
        if value is not None and not low <= value <= high:
            raise ValueError(f"{name} is {_shown(value)}")


def require_positive(high: float = math.inf, /, **values: float | None) -> None:
    """Refuse numbers that are not above 0, or above ``high``; None is a number that is not known.

    Raises:
        ValueError: One is outside, or is not finite.
    """
    for name, value in values.items():
        if value is not None and not (0 < value <= high and value != math.inf):
            raise ValueError(f"{name} is {_shown(value)}")


def require_samples(name: str, samples: Iterable[float], *, low: float = 0.0, high: float = LONGEST_S) -> None:
    """Refuse samples outside of ``low`` to ``high``.

    Raises:
        ValueError: One is outside, or is not finite.
    """
    for sample in samples:
        if not low <= sample <= high:
            raise ValueError(f"{name} holds {_shown(sample)}")


def require_atoms(**values: float | None) -> None:
    """Refuse numbers of atoms below 1 and beyond all that there are.

    Raises:
        ValueError: One is.
    """
    require_within(1, MOST_ATOMS, **values)


def require_elements(symbols: Sequence[str], *, name: str = "elements") -> None:
    """Refuse what is no list of different chemical symbols.

    Raises:
        ValueError: It is empty, holds one twice, or something else than symbols.
    """
    from ase.data import atomic_numbers

    require(bool(symbols), f"{name} is empty")
    require(len(set(symbols)) == len(symbols), f"{name} names one twice")
    unknown = [symbol for symbol in symbols if symbol not in atomic_numbers]
    require(not unknown, f"{name} holds {', '.join(unknown[:3])}")


def require_when(**texts: str) -> None:
    """Refuse what is no time by ISO 8601.

    Raises:
        ValueError: One is not.
    """
    for name, text in texts.items():
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{name} is '{text[:40]}'") from None


def require_name(**texts: str) -> None:
    """Refuse empty names.

    Raises:
        ValueError: One is.
    """
    for name, text in texts.items():
        require(bool(text.strip()), f"{name} is empty")


def _shown(value: float) -> str:
    try:
        return f"{value:g}"
    except OverflowError:
        return "a number of hundreds of digits"
