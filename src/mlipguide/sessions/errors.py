"""What can become of a worker, each told apart from the others."""

from __future__ import annotations

from enum import StrEnum

from mlipguide.core.errors import MeasurementFailedError
from mlipguide.worker.images import COUNTED_ANGSTROM


class FailureKind(StrEnum):
    """Why a request to a worker has no result."""

    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    UNSUPPORTED_ELEMENT = "unsupported_element"
    UNSUPPORTED_SETTING = "unsupported_setting"
    WEIGHTS = "weights"
    WRONG_PACKAGE = "wrong_package"
    CALCULATOR = "calculator"
    NO_NEIGHBOURS = "no_neighbours"
    UNSTABLE = "unstable"
    BACKEND = "backend"
    BAD_REQUEST = "bad_request"
    HANDSHAKE = "handshake"


HINTS = {
    FailureKind.OUT_OF_MEMORY: "Use fewer atoms, another model, or a machine with more memory.",
    FailureKind.CRASHED: "The log holds the worker's last words.",
    FailureKind.TIMEOUT: (
        "Try a smaller structure, or allow more time: MLIPGUIDE_WORKER_TIMEOUT=30min. "
        "The log holds the worker's last words."
    ),
    FailureKind.UNSUPPORTED_ELEMENT: "Choose a model that knows these elements: mlipguide models list.",
    FailureKind.UNSUPPORTED_SETTING: "Choose another dtype or device.",
    FailureKind.WEIGHTS: "Give the checkpoint file with --weights MODEL=PATH.",
    FailureKind.WRONG_PACKAGE: (
        "Build the environment of its recipe (mlipguide env build), or adopt one with a package of that range."
    ),
    FailureKind.CALCULATOR: "Mend it there, and ask again; the log holds the traceback.",
    FailureKind.NO_NEIGHBOURS: "Choose a model with a longer cutoff: mlipguide models list shows it.",
    FailureKind.UNSTABLE: "Use a smaller --timestep, a lower --temperature, or a relaxed structure.",
    FailureKind.BACKEND: "The log holds the traceback; mlipguide env check tests the environment.",
    FailureKind.BAD_REQUEST: "This is a bug in mlipguide: please report it with the log.",
    FailureKind.HANDSHAKE: "mlipguide env check tests the environment; the log holds what it printed.",
}


class SessionError(MeasurementFailedError):
    """A worker gave no result.

    Args:
        failure: What became of it.
        message: What happened, with the model and the size.
        log: Path of the worker's log, named in the hint.
    """

    def __init__(self, failure: FailureKind, message: str, *, log: str | None = None) -> None:
        hint = HINTS[failure] + (f" Log: {log}" if log else "")
        super().__init__(message, hint=hint, kind=failure.value)
        self.failure = failure

    @classmethod
    def sees_nothing(cls, name: str, cutoff_angstrom: float | None) -> SessionError:
        """Return the error of a model that finds no pair of atoms: its figures say nothing of the structure."""
        words = f"{name}: no atom has a neighbour within the cutoff of {cutoff_angstrom:g} Å."
        if cutoff_angstrom is None:
            words = f"{name}: no atom has a neighbour within {COUNTED_ANGSTROM:g} Å, and its cutoff is not known."
        return cls(FailureKind.NO_NEIGHBOURS, words)

    @property
    def ends_session(self) -> bool:
        """Whether the worker is gone, or in a state that nothing more should be asked of it."""
        return self.failure in (
            FailureKind.CRASHED,
            FailureKind.TIMEOUT,
            FailureKind.OUT_OF_MEMORY,
            FailureKind.HANDSHAKE,
        )
