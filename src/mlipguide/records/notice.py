"""What a command has to say beside its result, and the result that carries it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from mlipguide.core.errors import ExitCode, MlipguideError
from mlipguide.records.strict import strict


@strict
@dataclass(frozen=True)
class Notice:
    """Something worth knowing about a result; ``kind`` is a stable word for programs."""

    kind: str
    message: str


@strict
@dataclass(frozen=True)
class Problem:
    """A part of the work that failed while the rest went on."""

    kind: str
    message: str
    hint: str

    @classmethod
    def from_error(cls, error: MlipguideError) -> Problem:
        """Keep what a caught error says."""
        return cls(kind=error.kind, message=error.message, hint=error.hint)


class Status(StrEnum):
    """How a command ended."""

    SUCCESS = "success"
    PARTIAL = "partial"
    ERROR = "error"


T = TypeVar("T")


@dataclass(frozen=True)
class Result(Generic[T]):
    """What a workflow returns: the data, what to say beside it, and what went wrong on the way."""

    data: T
    notices: tuple[Notice, ...] = field(default=())
    errors: tuple[Problem, ...] = field(default=())
    exit_code: ExitCode = ExitCode.DONE

    @property
    def status(self) -> Status:
        """Success, or partial when something failed beside the data."""
        return Status.PARTIAL if self.errors else Status.SUCCESS
