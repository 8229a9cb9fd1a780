"""Any ASE calculator as a model session: the worker's own code in this process, for tests against a known law.

The forces of a calculator are known in closed form, so drift, smoothness and error can be tested against a truth::

    session = in_process_session(EMT(), elements=(29,))
    session.dynamics(atoms, DynamicsPlan(steps=100, every=10, timestep_s=1e-15, temperature_k=300.0))
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from mlipguide.sessions.errors import FailureKind, SessionError
from mlipguide.sessions.interface import ModelFacts
from mlipguide.sessions.worker_session import WorkerSession
from mlipguide.worker.backends.interface import LoadedModel
from mlipguide.worker.service import Service

CALL_TIMEOUT_S = 60.0
EVERY_ELEMENT = tuple(range(1, 95))


class InProcessWorker:
    """Answers as a worker does, without a process of its own.

    Args:
        model: What answers.
        on_request: Called with the name of each operation before it is carried out, to count or to interrupt.
    """

    def __init__(self, model: LoadedModel, on_request: Callable[[str], None] = lambda _operation: None) -> None:
        self._service = Service(model)
        self._on_request = on_request
        self.closed = False

    @property
    def pid(self) -> int:
        """Process id of this process."""
        return os.getpid()

    def request(self, operation: str, *, timeout_s: float, **arguments: Any) -> Any:
        """Carry out one request.

        Raises:
            SessionError: A failure that the worker's code reports, or the worker was closed.
        """
        del timeout_s  # the law of a test never hangs
        self._on_request(operation)
        if self.closed:
            raise SessionError(FailureKind.CRASHED, "the worker was ended before")
        answer = self._service.answer({"id": 0, "op": operation, **arguments})
        if not answer["ok"]:
            raise SessionError(FailureKind(answer["error"]["kind"]), answer["error"]["message"])
        return answer["result"]

    def pause(self) -> None:
        """Do nothing: this process is not stopped."""

    def close(self) -> None:
        """Answer no more."""
        self.closed = True


def in_process_session(
    calculator: Any,
    *,
    elements: tuple[int, ...] = EVERY_ELEMENT,
    cutoff_angstrom: float = 6.0,
    synthetic: bool = False,
    on_request: Callable[[str], None] = lambda _operation: None,
) -> WorkerSession:
    """Return a session whose model is ``calculator``.

    Args:
        calculator: An ASE calculator: energies in eV, forces in eV/Å.
        elements: Atomic numbers that it is said to know.
        cutoff_angstrom: Radius within which neighbours are counted.
        synthetic: Whether its weights are said to be random.
        on_request: Called with the name of each operation before it is carried out.
    """
    model = LoadedModel(
        calculator=calculator,
        parameters=1,
        cutoff=cutoff_angstrom,
        layers=1,
        elements=elements,
        synthetic=synthetic,
        versions={"in-process": "1.0"},
        synchronise=lambda: None,
        reset_peak_memory=lambda: None,
        peak_memory_bytes=lambda: 1,
    )
    facts = ModelFacts(
        load_s=0.0,
        parameters=1,
        cutoff_angstrom=cutoff_angstrom,
        layers=1,
        elements=elements,
        synthetic=synthetic,
        versions=model.versions,
    )
    return WorkerSession(InProcessWorker(model, on_request), facts, call_timeout_s=CALL_TIMEOUT_S)
