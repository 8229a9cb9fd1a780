"""``mlipguide train fit``: the final fit, on everything but the test frames, and the folder that it leaves."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from mlipguide.catalog.own_models import card_file, suggest_id
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.units import TEMPERATURE, WALL_TIME
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.training import FIT_BUDGET, FitRequest
from mlipguide.records.training.fit import FitData
from mlipguide.records.training.training import Engine
from mlipguide.stats.errors import force_mae
from mlipguide.training.engines import find_engine
from mlipguide.training.fit.checks import CommitteeRequest, committee_of, forces_on, usable
from mlipguide.training.fit.domain import domain_of
from mlipguide.training.fit.dynamics import checked, conditions_for
from mlipguide.training.fit.held_out_errors import mean_force
from mlipguide.training.fit.manifests import MANIFEST, manifest_text
from mlipguide.training.fit.potential_folder import Delivery, deliver, require_usable_id
from mlipguide.training.fit.setup import Options, TrainingAsked, described, set_up
from mlipguide.training.pilot.answer import curves_of, points_of, trained_potential
from mlipguide.training.pilot.pilot_plan import PlannedFit
from mlipguide.training.pilot.run import PilotRun, set_aside_in
from mlipguide.training.pilot.training_speed import typical


def train_fit(request: FitRequest, options: Options | None = None) -> Result[FitData]:
    """Fit one model to all frames but those of the test, and hand over a potential that runs.

    A fit of the same that a pilot made is taken from its folder.

    Args:
        request: The labels, and which model.
        options: How to go about it.

    Raises:
        InputError: A file, a name or a quantity cannot be used, or the folder holds a training of other labels.
        EnvironmentFailedError: The engine has no environment.
        TrainingFailedError: The fit gave no potential, or one that is not to be used; it is not handed over.
    """
    options = options or Options()
    engine = find_engine(request.engine)
    _require_fine_tune(request, engine)
    budget_s = WALL_TIME.parse(request.budget or FIT_BUDGET, option="--budget")
    asked_k = None if request.temperature is None else TEMPERATURE.parse(request.temperature, option="--temperature")
    ready = set_up(
        TrainingAsked(
            labelled=request.labelled,
            test=request.test,
            engines=(engine,),
            base=request.base,
            folder=request.folder,
            seed=request.seed,
            keys=request.keys,
            frozen_layers=request.frozen_layers,
            replay=request.replay,
        ),
        options,
    )
    begin = options.clock()
    data, found, root, speeds = ready.data, ready.found, ready.folder, ready.speeds
    (trainer,) = found.ready
    run = ready.run(budget_s, options)
    if run.problems and not run.fits:
        raise InputError(run.problems[0].message, hint=run.problems[0].hint, kind=run.problems[0].kind)
    curves = curves_of(points_of([one for one in run.done.values() if one.fit.engine is engine]), None)
    fit = _chosen(run, engine, request.size)
    model = request.model or suggest_id(Path(f"{request.labelled.stem}-{engine.value}-{fit.size}.x"))
    place = root / f"potential-{engine.value}-{fit.size}"
    require_usable_id(model, place)
    trivial = mean_force(data.test)
    done = run.done.get(fit) or run.do(fit)
    potential = usable(done, trivial)
    learned = data.chosen(data.train)
    conditions = conditions_for(asked_k, learned)
    with closing(trainer.open(potential)) as session:
        dynamics, checks = checked(
            session,
            data.test,
            conditions,
            lambda words, part: options.on_progress(words, 0.6 + 0.1 * part),
        )
        forces = forces_on(session, data.test)
    if not speeds.has(fit.model):
        speeds.measure(fit.model, trainer, potential)
    committee, notices = committee_of(
        CommitteeRequest(
            trainer=trainer,
            frames=learned,
            test=data.test,
            folder=root,
            potential=potential,
            seed=request.seed,
            left_s=budget_s - (options.clock() - begin),
            clock=options.clock,
            on_progress=options.on_progress,
        ),
        forces,
    )
    speed = speeds.known[fit.model].speed
    answer = FitData(
        machine=ready.machine,
        data=described(data, trivial),
        seed=request.seed,
        potential=replace(trained_potential(done, speed), folder=str(place)),
        model=model,
        card=str(card_file(model)),
        learning_curve=next((one for one in curves if one.size == fit.size), None),
        domain=domain_of(learned),
        committee=committee,
        dynamics=dynamics,
        replay=potential.replay,
        versions=potential.versions,
        spent_s=options.clock() - begin,
        checks=checks,
    )
    deliver(
        Delivery(
            model=model,
            potential=potential,
            atoms=typical([frame.atoms for frame in data.test]),
            python="python",
            texts={MANIFEST: manifest_text(answer)},
        ),
        trainer,
        place,
    )
    notices = (*notices, *_chosen_by_test(run, fit, request.size))
    return Result(answer, notices=(*data.notices, *found.notices, *notices, *set_aside_in(run)), errors=found.problems)


def _chosen_by_test(run: PilotRun, chosen: PlannedFit, size: str | None) -> tuple[Notice, ...]:
    """Return what to know of an error by which the size was chosen among several."""
    tried = {
        fit.size
        for fit, one in run.done.items()
        if fit.engine is chosen.engine and fit.frames == chosen.frames and one.record.errors
    }
    if size is not None or len(tried) < 2:  # noqa: PLR2004  # of one there is no choice
        return ()
    return (
        Notice(
            "chosen_by_test",
            f"The size {chosen.size} was chosen of {len(tried)} by the errors on these same test frames: frames of "
            "their own would show a little more.",
        ),
    )


def _require_fine_tune(request: FitRequest, engine: Engine) -> None:
    """Refuse what says how a pretrained model is trained further where none is.

    Raises:
        InputError: For another engine.
    """
    if engine is Engine.FINE_TUNE:
        return
    for given, name in ((request.frozen_layers, "--frozen-layers"), (request.replay, "--replay")):
        if given:
            raise InputError(
                f"{name} is for a pretrained model that is trained further, not for {engine.value}.",
                hint=f"Leave out {name}, or take --engine {Engine.FINE_TUNE.value}.",
            )


def _chosen(run: PilotRun, engine: Engine, size: str | None) -> PlannedFit:
    """Return the fit to all frames of a size: the named one, the best of the pilot, or the middle one.

    Raises:
        InputError: There is no such size.
    """
    largest = max(fit.frames for fit in run.fits)
    known = {fit.size: fit for fit in run.fits if fit.engine is engine and fit.frames == largest}
    if size is not None:
        if size not in known:
            raise InputError(
                f"--size: {engine.value} has no '{size}'.{did_you_mean(size, list(known))}",
                hint=f"Sizes: {', '.join(known)}.",
            )
        return known[size]
    errors = {
        one.fit: mean.value
        for one in run.done.values()
        if one.fit in known.values() and (mean := force_mae(one.record.errors)) is not None
    }
    return min(errors, key=errors.__getitem__) if errors else list(known.values())[len(known) // 2]
