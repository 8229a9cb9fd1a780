"""The reading rule that all records share: unknown keys are refused, never dropped."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def strict(kind: type[T]) -> type[T]:
    """Mark a dataclass so that reading it from plain data refuses unknown keys, NaN and infinities."""
    kind.__pydantic_config__ = {"extra": "forbid", "allow_inf_nan": False}  # type: ignore[attr-defined]  # read by pydantic
    return kind
