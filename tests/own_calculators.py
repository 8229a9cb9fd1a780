"""Calculators of the user's own, as the tests bring them to the door."""

from __future__ import annotations

from dataclasses import replace

from mlipguide.sessions.interface import ModelSession
from mlipguide.sessions.worker_session import SessionRequest
from mlipguide.testing.in_process import in_process_session

EMT_FILE = "from ase.calculators.emt import EMT\n\n\ndef make_calculator():\n    return EMT()\n"
PROPERTIES = ("energy", "forces", "stress", "magmoms")


class EmtOpener:
    """Starts EMT in this process, whatever is asked for, and counts.

    Attributes:
        requests: What was asked for.
    """

    def __init__(self) -> None:
        self.requests: list[SessionRequest] = []

    def __call__(self, request: SessionRequest) -> ModelSession:
        """Return a session whose facts are those of a calculator that says little of itself."""
        from ase.calculators.emt import EMT

        self.requests.append(request)
        session = in_process_session(EMT())
        session._facts = replace(
            session.facts, parameters=None, cutoff_angstrom=None, elements=None, layers=None, properties=PROPERTIES
        )
        return session
