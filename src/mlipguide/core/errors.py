"""One base class for everything a user can be told, with the exit code that goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What a command's exit status means; the same for every command."""

    DONE = 0
    INTERNAL_ERROR = 1
    BAD_INPUT = 2
    NOTHING_FEASIBLE = 3
    ENVIRONMENT_FAILED = 4
    MEASUREMENT_FAILED = 5
    REGRESSION_FOUND = 6
    INTERRUPTED = 130


class MlipguideError(Exception):
    """Something the user can act on: what happened, with which input, and what to do next.

    Args:
        message: What happened and with which input, as one sentence.
        hint: What to do next.
        kind: A stable word for programs that read the JSON; the class has a default.
        model: Id of the model that it is about; None where it is about none, or that is not known.
        file: The file that it is about.
        option: The option of the command line that it is about.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL_ERROR
    default_kind: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        kind: str | None = None,
        model: str | None = None,
        file: str | None = None,
        option: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.kind = kind or self.default_kind
        self.model = model
        self.file = file
        self.option = option


class InputError(MlipguideError):
    """The command line, a file or a configuration cannot be used as given."""

    exit_code = ExitCode.BAD_INPUT
    default_kind = "bad_input"


class StorageError(MlipguideError):
    """A folder that mlipguide keeps its own files in cannot be written."""

    exit_code = ExitCode.BAD_INPUT
    default_kind = "storage"


class EnvironmentFailedError(MlipguideError):
    """A backend's environment could not be built or used."""

    exit_code = ExitCode.ENVIRONMENT_FAILED
    default_kind = "environment"


class MeasurementFailedError(MlipguideError):
    """A model could not be run or timed."""

    exit_code = ExitCode.MEASUREMENT_FAILED
    default_kind = "measurement"


class TrainingFailedError(MlipguideError):
    """A potential could not be trained, or what came out is none."""

    exit_code = ExitCode.MEASUREMENT_FAILED
    default_kind = "training"


@contextmanager
def concerning(*, model: str | None = None, file: str | None = None, option: str | None = None) -> Iterator[None]:
    """Let errors raised within say what they are about, as far as they do not say it themselves."""
    try:
        yield
    except MlipguideError as error:
        error.model = error.model or model
        error.file = error.file or file
        error.option = error.option or option
        raise


def did_you_mean(name: str, known: list[str]) -> str:
    """Return " Did you mean 'x'?" for the closest known name, in whatever case it is, or an empty string."""
    from difflib import get_close_matches

    spelled = {item.lower(): item for item in known}
    close = get_close_matches(name.lower(), list(spelled), n=1, cutoff=0.6)
    return f" Did you mean '{spelled[close[0]]}'?" if close else ""
