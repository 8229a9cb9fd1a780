"""What a command has to say beside its result, and the result that carries it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from mlipguide.core.errors import ExitCode, MlipguideError
from mlipguide.core.kept_files import UnusableFileError
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
    """A part of the work that failed while the rest went on.

    Attributes:
        kind: A stable word for programs.
        message: What happened and with which input.
        hint: What to do next.
        model: Id of the model that it is about; None where it is about none, or that is not known.
        file: The file that it is about.
        option: The option of the command line that it is about.
    """

    kind: str
    message: str
    hint: str
    model: str | None = None
    file: str | None = None
    option: str | None = None

    @classmethod
    def from_error(cls, error: MlipguideError, *, model: str | None = None) -> Problem:
        """Keep what a caught error says; ``model``: the one that it is about, where the error does not know it."""
        return cls(
            kind=error.kind,
            message=error.message,
            hint=error.hint,
            model=error.model or model,
            file=error.file,
            option=error.option,
        )


MOST_NAMED = 3
"""Files that a notice names; of others it tells how many."""


def set_aside_notices(kind: str, files: Iterable[UnusableFileError]) -> tuple[Notice, ...]:
    """Return one notice for each reason why files are set aside, whatever their number.

    Args:
        kind: Of the notices.
        files: That cannot be used; one that is named twice counts once.
    """
    groups: dict[tuple[str, str, str], list[str]] = {}
    for error in files:
        paths = groups.setdefault((error.what, error.reason, error.hint), [])
        if str(error.path) not in paths:
            paths.append(str(error.path))
    notices: list[Notice] = []
    for (_, reason, hint), paths in groups.items():
        if len(paths) == 1:
            message = f"{paths[0]} is set aside and counts for nothing: it {reason}. {hint}"
        else:
            named = ", ".join(paths[:MOST_NAMED])
            more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
            message = (
                f"{len(paths)} files are set aside and count for nothing, each of which {reason}: {named}{more}. {hint}"
            )
        notices.append(Notice(kind, message))
    return tuple(notices)


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
