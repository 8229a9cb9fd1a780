"""One fit of a pilot's schedule, as a job of a cluster does it; its folder is copied to the pilot's afterwards."""

from __future__ import annotations

from mlipguide.cluster.fits import TRAINING
from mlipguide.commands.train.pilot import engines_of
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.paths import data_dir
from mlipguide.records.notice import Result
from mlipguide.records.requests.training import PilotRequest
from mlipguide.records.training.pilot import OneFit
from mlipguide.stats.errors import force_mae
from mlipguide.training.fit.setup import Options, TrainingAsked, set_up
from mlipguide.training.pilot.run import set_aside_in

UNLIMITED_S = 0.0
"""The budget of a pilot that does no fit by itself."""


def train_one(request: PilotRequest, name: str, options: Options | None = None) -> Result[OneFit]:
    """Do one fit of the schedule of a pilot, whatever time it takes; one that was finished is told again.

    Args:
        request: What the pilot is asked.
        name: Of the fit, ``pod:small:14:0``.
        options: How to go about it.

    Raises:
        InputError: There is no such fit, or a file cannot be used.
        EnvironmentFailedError: The engine has no environment.
    """
    options = options or Options()
    ready = set_up(
        TrainingAsked(
            labelled=request.labelled,
            test=request.test,
            engines=engines_of(request.engines),
            base=request.base,
            folder=request.folder or data_dir() / TRAINING,
            seed=request.seed,
            keys=request.keys,
        ),
        options,
    )
    run = ready.run(UNLIMITED_S, options)
    fits = {fit.name: fit for fit in run.fits}
    if name not in fits:
        raise InputError(
            f"--fit: the schedule of {request.labelled} has no '{name}'.{did_you_mean(name, list(fits))}",
            hint=f"It has {', '.join(fits)}." if fits else "No engine can train here.",
            option="--fit",
        )
    done = run.done.get(fits[name]) or run.do(fits[name])
    mean = force_mae(done.record.errors)
    answer = OneFit(
        machine=ready.machine,
        fit=name,
        folder=str(done.folder),
        train_s=done.record.spent_s,
        force_mae_ev_per_angstrom=None if mean is None else mean.estimate(ready.data.test_source),
    )
    failure = () if done.record.failure is None else (done.record.failure,)
    return Result(answer, notices=(*ready.data.notices, *set_aside_in(run)), errors=failure)
