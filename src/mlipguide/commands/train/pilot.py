"""``mlipguide train pilot``: what training on these labels would give, found out in minutes."""

from __future__ import annotations

from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import TrainingFailedError
from mlipguide.core.units import FORCE, WALL_TIME
from mlipguide.records.notice import Problem, Result
from mlipguide.records.requests.training import PILOT_BUDGET, PilotRequest
from mlipguide.records.training.pilot import ModelSpeed, PilotData
from mlipguide.records.training.training import Engine
from mlipguide.tasks.needs import names_in
from mlipguide.training.engines import find_engine
from mlipguide.training.fit.held_out_errors import mean_force
from mlipguide.training.fit.setup import Options, TrainingAsked, described, set_up
from mlipguide.training.fit.trainers import BASE
from mlipguide.training.keeping import keep_pilot
from mlipguide.training.pilot.answer import best_at, best_potential, curves_of, left_out, points_of
from mlipguide.training.pilot.pilot_plan import left_out as fits_left_out
from mlipguide.training.pilot.pretrained_errors import NONE, READY, SHARE, PretrainedTests
from mlipguide.training.pilot.run import set_aside_in

PILOT_FORMAT = 1
PILOT, PRETRAINED, SPEEDS = "pilot.json", "pretrained", "speeds"


def train_pilot(request: PilotRequest, options: Options | None = None) -> Result[PilotData]:
    """Fit models of several sizes to subsets of labelled frames within a time, and weigh what more frames would bring.

    Everything is kept in a folder: the same call goes on where an interrupted one ended, and a longer budget adds fits.

    Args:
        request: The labels and what is asked.
        options: How to go about it.

    Raises:
        InputError: A file, a name or a quantity cannot be used, or the folder holds a pilot of other labels.
        EnvironmentFailedError: No engine has an environment.
        TrainingFailedError: No fit gave a potential.
    """
    options = options or Options()
    engines = engines_of(request.engines)
    target = None if request.target is None else FORCE.parse(request.target, option="--target-force-mae")
    budget_s = WALL_TIME.parse(request.budget or PILOT_BUDGET, option="--budget")
    ready = set_up(
        TrainingAsked(
            labelled=request.labelled,
            test=request.test,
            engines=engines,
            base=request.base,
            folder=request.folder,
            seed=request.seed,
            keys=request.keys,
        ),
        options,
    )
    data, found, speeds = ready.data, ready.found, ready.speeds
    tests = PretrainedTests(
        folder=ready.folder / PRETRAINED,
        test=data.test,
        machine=ready.machine,
        opener=options.opener,
        clock=options.clock,
        budget_s=SHARE * budget_s,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    names = names_in(request.models) or [READY]
    if list(names) != [NONE]:
        tests.run(names, options.consent)
    run = ready.run(budget_s, options, spent_before_s=tests.spent_s)
    run.run()
    done = list(run.done.values())
    points = points_of(done)
    if not points:
        raise no_potential(run.problems, budget_s)
    trivial = mean_force(data.test)
    curves = curves_of(points, target)
    known: dict[tuple[Engine, str], ModelSpeed] = {
        model: record.speed for model, record in sorted(speeds.known.items()) if record.speed is not None
    }
    potential = best_potential(done, known, target=target, trivial_ev_per_angstrom=trivial)
    answer = PilotData(
        machine=ready.machine,
        data=described(data, trivial),
        seed=request.seed,
        target_ev_per_angstrom=target,
        budget_s=budget_s,
        spent_s=run.spent_s,
        folder=str(ready.folder),
        points=points,
        learning_curve=curves,
        best=best_at(points, curves),
        speeds=tuple(known.values()),
        pretrained=tuple(tests.found),
        potential=potential,
        left_out=left_out(fits_left_out(run.fits, run.finished)),
    )
    unkept = keep_pilot(
        answer,
        data,
        test=request.test,
        keys=request.keys,
        base=load_catalogue().find(request.base or BASE).id if Engine.FINE_TUNE in engines else BASE,
    )
    problems = (
        *found.problems,
        *tests.problems,
        *run.problems,
        *(record.failure for record in speeds.known.values() if record.failure is not None),
        *worse_than_nothing(answer),
    )
    return Result(
        answer, notices=(*data.notices, *found.notices, *tests.notices, *unkept, *set_aside_in(run)), errors=problems
    )


def engines_of(text: str | None) -> tuple[Engine, ...]:
    """Return the engines that the user named, all of them by default.

    Raises:
        InputError: There is no such engine.
    """
    return tuple(dict.fromkeys(find_engine(name) for name in names_in(text))) or tuple(Engine)


def no_potential(problems: list[Problem], budget_s: float) -> TrainingFailedError:
    """Build the error raised when every fit failed."""
    if problems:
        first = problems[0]
        return TrainingFailedError(
            f"No fit gave a potential. {first.message}", hint=first.hint, kind=first.kind, model=first.model
        )
    return TrainingFailedError(
        f"No fit was finished within {budget_s:.0f} s.", hint="Give a longer --budget; what is done is kept."
    )


def worse_than_nothing(answer: PilotData) -> tuple[Problem, ...]:
    """Return a problem for each fit to all frames that errs more than no forces at all."""
    trivial = answer.data.mean_force_ev_per_angstrom
    bad = [
        point
        for point in answer.points
        if point.frames == answer.data.train_frames
        and point.errors.force_mae_ev_per_angstrom is not None
        and point.errors.force_mae_ev_per_angstrom.value >= trivial
    ]
    return tuple(
        Problem(
            "useless",
            f"{point.engine.value} {point.size} errs by {point.errors.force_mae_ev_per_angstrom.value:.3g} eV/Å, more "
            f"than no forces at all would ({trivial:.3g} eV/Å): it is not handed over.",
            "Look at the labels and at the groups of the frames, or take another engine.",
        )
        for point in bad
        if point.errors.force_mae_ev_per_angstrom is not None
    )
