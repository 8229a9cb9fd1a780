"""When there is no answer at all: the error that says why nothing was measured."""

from __future__ import annotations

from mlipguide.core.errors import EnvironmentFailedError, MeasurementFailedError
from mlipguide.workflows.candidates import Preparation
from mlipguide.workflows.recalling import MeasuredModels


def refuse_nothing(preparation: Preparation, measured: MeasuredModels) -> None:
    """Raise when there were candidates to measure and nothing is known of any of them.

    Raises:
        MeasurementFailedError: Candidates were started, and none could be measured.
        EnvironmentFailedError: No candidate has an environment.
    """
    if not preparation.candidates or measured.by_model or measured.out_of_memory_at:
        return
    if measured.failures:
        first = next(iter(measured.failures.values()))
        raise MeasurementFailedError(
            f"None of {len(measured.failures)} models could be measured. The first failure: {first.message}",
            hint=first.hint,
            kind=first.kind,
        )
    lacking_environment = [item for item in preparation.candidates if item.environment.python is None]
    if len(lacking_environment) == len(preparation.candidates):
        if preparation.problems:
            first = preparation.problems[0]
            raise EnvironmentFailedError(first.message, hint=first.hint, kind=first.kind)
        backends = sorted({item.card.backend for item in lacking_environment})
        raise EnvironmentFailedError(
            f"There is no environment yet for {', '.join(backends)}, so nothing can be timed.",
            hint=f"Give --yes, or build it first: mlipguide env build {' '.join(backends)}",
            kind="environment_missing",
        )
