"""When there is no answer at all: the error that says why nothing was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from mlipguide.bench.measuring.stored_measurements import MeasuredModels
from mlipguide.candidates.preparation import Preparation
from mlipguide.core.errors import EnvironmentFailedError, MeasurementFailedError
from mlipguide.records.notice import Notice
from mlipguide.sessions.errors import FailureKind


def refuse_nothing(preparation: Preparation, measured: MeasuredModels) -> None:
    """Raise when there were candidates to measure and nothing is known of any of them.

    Raises:
        MeasurementFailedError: Candidates were started, and none could be measured.
        EnvironmentFailedError: No candidate has an environment.
    """
    if not preparation.candidates or measured.by_model or measured.out_of_memory_at:
        return
    if measured.failures and all(one.kind == FailureKind.NO_NEIGHBOURS.value for one in measured.failures.values()):
        return
    if measured.failures:
        first = next(iter(measured.failures.values()))
        raise MeasurementFailedError(
            f"None of {len(measured.failures)} models could be measured. The first failure: {first.message}",
            hint=first.hint,
            kind=first.kind,
            model=first.model,
        )
    lacking_environment = [item for item in preparation.candidates if item.environment.python is None]
    if len(lacking_environment) == len(preparation.candidates):
        if preparation.problems:
            first = preparation.problems[0]
            raise EnvironmentFailedError(first.message, hint=first.hint, kind=first.kind, model=first.model)
        backends = sorted({item.card.backend for item in lacking_environment})
        raise EnvironmentFailedError(
            f"There is no environment yet for {', '.join(backends)}, so nothing can be timed.",
            hint=f"Give --yes, or build it first: mlipguide env build {' '.join(backends)}",
            kind="environment_missing",
        )


def refuse_nothing_startable(preparation: Preparation, left_out: Sequence[Notice]) -> NoReturn:
    """Raise, since no model can be started with its own weights.

    Args:
        preparation: What was tried.
        left_out: Why each model that was named cannot be used; empty where none was named.

    Raises:
        MeasurementFailedError: There are environments, and weights are missing.
        EnvironmentFailedError: There is no environment.
    """
    if any(item.environment.python is not None for item in preparation.candidates):
        words = left_out[0].message if left_out else "no model has its own weights on this machine."
        raise MeasurementFailedError(
            f"Nothing can be evaluated: {words}",
            hint="--yes downloads weights, and --weights MODEL=FILE names a file.",
            kind="weights",
        )
    if preparation.problems:
        first = preparation.problems[0]
        raise EnvironmentFailedError(first.message, hint=first.hint, kind=first.kind, model=first.model)
    backends = sorted({item.card.backend for item in preparation.candidates})
    raise EnvironmentFailedError(
        "There is no environment for any of the models, so nothing can be evaluated.",
        hint=f"Give --yes with --models, or build one first: mlipguide env build {' '.join(backends)}".rstrip(),
        kind="environment_missing",
    )
