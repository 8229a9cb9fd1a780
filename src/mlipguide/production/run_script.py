"""``recommend --write``: a script for the production run, tried before it is handed over."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.advice.candidate_step import run_by
from mlipguide.advice.constraints import OF_GRADIENTS, is_lacking, lacking_words, needs_of
from mlipguide.candidates.preparation import default_settings
from mlipguide.catalog.additions import additions_of, packages_of
from mlipguide.catalog.weights import find_weights, needs_file
from mlipguide.core.errors import (
    EnvironmentFailedError,
    ExitCode,
    InputError,
    MeasurementFailedError,
    MlipguideError,
    did_you_mean,
)
from mlipguide.environments.interpreters import query_interpreter
from mlipguide.environments.recipes import command_to_get, find_recipe
from mlipguide.environments.resolution import find_environment
from mlipguide.production.script_files import ScriptRequest, write_all
from mlipguide.production.script_texts import (
    NATIVE,
    Subject,
    ase_files,
    kind_of,
    lammps_files,
    needed_by,
    texts_by_name,
)
from mlipguide.production.smoke_test import (
    PATIENCE,
    START_TIMEOUT_S,
    STEPS,
    Failure,
    tried_evaluations,
    tried_words,
    try_script,
)
from mlipguide.records.advice.advice import Candidate, PlanStep, Recommendation, Verdict
from mlipguide.records.advice.verdict_reasons import Constraint, Reason
from mlipguide.records.hardware.environment import Environment, EnvironmentKind, EnvironmentState, Recipe
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice, Problem, Result
from mlipguide.records.task.run_script import RunScript, ScriptDriver, SmokeTest
from mlipguide.records.timing.measurement import Settings
from mlipguide.structures.supercells import repeats_for

if TYPE_CHECKING:
    from ase import Atoms

AFFORDABLE_S = 60.0
"""A smoke test is made at the real size when its steps are expected to take no longer than this."""
ELEMENTS = "elements"
PYTHON = "python"
"""Stands for an interpreter that is not there yet."""


@dataclass(frozen=True, kw_only=True)
class ScriptContext:
    """What a script is written from beside the recommendation.

    Attributes:
        atoms: The structure as read.
        cards: Of all models considered, by id.
        weights: Checkpoint files that the user gave, by id.
        on_progress: Told what is being done and the share that is done.
        words: Says in words what stands against a model.
    """

    atoms: Atoms
    cards: Mapping[str, ModelCard]
    weights: Mapping[str, Path]
    on_progress: Callable[[str, float], None]
    words: Callable[[Reason], str]


def find_named(request: ScriptRequest, cards: Mapping[str, ModelCard]) -> ModelCard | None:
    """Return the card of the model that the user named for the script; None where none was named.

    Raises:
        InputError: It is not among the models considered.
    """
    if request.model is None:
        return None
    for card in cards.values():
        if request.model.lower() in {name.lower() for name in (card.id, *card.aliases)}:
            return card
    raise InputError(
        f"--model {request.model}: it is not among the models considered.{did_you_mean(request.model, list(cards))}",
        hint="See 'mlipguide models list'; --models, where given, has to name it too.",
    )


def with_script(
    result: Result[Recommendation], request: ScriptRequest, context: ScriptContext
) -> Result[Recommendation]:
    """Return the result with the script that was written for it, or with the reason why there is none.

    What fails here leaves the recommendation as it is, beside a problem and its exit status.
    """
    named = find_named(request, context.cards)
    model = result.data.choice if named is None else named.id
    if model is None:
        notice = Notice(
            "no_script",
            f"{request.path} was not written: no pretrained model is feasible as asked. --model M names one.",
        )
        return replace(result, notices=(*result.notices, notice), exit_code=ExitCode.NOTHING_FEASIBLE)
    try:
        script, notices = _written(result.data, model, request, context)
    except MlipguideError as error:
        problems = (*result.errors, Problem.from_error(error))
        return replace(result, errors=problems, exit_code=error.exit_code)
    candidate = _candidate(result.data, model)
    if named is not None and candidate.verdict is Verdict.INFEASIBLE:
        why = " ".join(context.words(item) for item in candidate.rejections)
        notices = (*notices, Notice("script_infeasible", f"The script is for {model}, which is not feasible: {why}"))
    data = replace(result.data, script=script, plan=_plan_with(result.data.plan, script, candidate))
    exit_code = ExitCode.DONE if named is not None else result.exit_code
    return replace(result, data=data, notices=(*result.notices, *notices), exit_code=exit_code)


def _candidate(answer: Recommendation, model: str) -> Candidate:
    return next(candidate for candidate in answer.candidates if candidate.model == model)


def _written(
    answer: Recommendation, model: str, request: ScriptRequest, context: ScriptContext
) -> tuple[RunScript, tuple[Notice, ...]]:
    candidate, card = _candidate(answer, model), context.cards[model]
    for rejection in candidate.rejections:
        if rejection.constraint in (Constraint.ELEMENTS, Constraint.CUTOFF, Constraint.ADDITION):
            raise InputError(
                f"{request.path} was not written: {context.words(rejection)}", hint="Name another model with --model."
            )
    gradients = [need for need in needs_of(answer.task) if need in OF_GRADIENTS and is_lacking(card, need)]
    if gradients:
        raise InputError(
            f"{request.path} was not written: {lacking_words(gradients)}", hint="Name another model with --model."
        )
    repeats = (1, 1, 1)
    if kind_of(answer.task) != "screen" and answer.task.atoms > len(context.atoms):
        repeats = repeats_for(context.atoms, atoms_wanted=answer.task.atoms)
    subject = Subject(
        task=run_by(candidate, answer.task),
        atoms=context.atoms,
        repeats=repeats,
        card=card,
        candidate=candidate,
        settings=replace(
            candidate.settings or default_settings(answer.machine),
            additions=additions_of(card, answer.task.additions),
        ),
        weights_file=find_weights(card, context.weights),
        needs_file=needs_file(card),
        python=PYTHON,
        devices=1 if candidate.run_cost is None else candidate.run_cost.devices,
    )
    if request.driver is ScriptDriver.LAMMPS:
        return _write_lammps(subject, request)
    return _write_ase(subject, request, context, answer)


def _write_lammps(subject: Subject, request: ScriptRequest) -> tuple[RunScript, tuple[Notice, ...]]:
    remark = "Not run: there is no LAMMPS with this pair style here; the file's head says how to check it."
    if subject.card.backend == NATIVE:
        environment = find_environment(find_recipe(NATIVE))
        if environment.python is not None:
            subject = replace(subject, python=environment.python)
        remark = "Not tried; the file's head says how to run it without a batch system."
    write_all(lammps_files(subject, request.path))
    batch = request.path.with_suffix(".sbatch")
    script = RunScript(
        model=subject.card.id,
        driver=ScriptDriver.LAMMPS,
        files=tuple(map(str, (request.path, *request.companions))),
        command=shlex.join(["sbatch", f"--chdir={batch.parent}", str(batch)]),
        smoke_test=SmokeTest.SKIPPED,
        remark=remark,
    )
    return script, (Notice("script_untested", f"{request.path}: {remark}"),)


def _write_ase(
    subject: Subject, request: ScriptRequest, context: ScriptContext, answer: Recommendation
) -> tuple[RunScript, tuple[Notice, ...]]:
    card, path = subject.card, request.path
    recipe = find_recipe(card.backend)
    environment = find_environment(recipe)
    ready = environment.state is EnvironmentState.READY and environment.python is not None
    if ready:
        subject = replace(subject, python=str(environment.python))
    files = ase_files(subject, recipe, path)
    untested = None
    if not request.smoke_test:
        untested = "Not tried: --no-smoke-test."
    elif subject.needs_file and subject.weights_file is None:
        name = (card.weights.url or card.weights.name).rpartition("/")[2]
        untested = (
            f"Not tried: its checkpoint {name} is not here. Download it from {card.weights.url} and put it beside."
        )
    elif not ready:
        raise EnvironmentFailedError(
            f"{path} was not written: the environment of {card.backend}, in which it is tried first, is "
            f"{environment.state.value}.",
            hint=f"{command_to_get(recipe)}, or write it untried with --no-smoke-test.",
        )
    notices: tuple[Notice, ...] = ()
    if untested is None:
        _require_packages(subject, recipe, environment, path)
        remark = _smoke_test(files, subject, request, context, default_settings(answer.machine))
    else:
        remark, notices = untested, (Notice("script_untested", f"{path}: {untested}"),)
    write_all(files)
    script = RunScript(
        model=card.id,
        driver=ScriptDriver.ASE,
        files=tuple(map(str, (path, *request.companions))),
        command=shlex.join([subject.python, str(path)]),
        smoke_test=SmokeTest.PASSED if untested is None else SmokeTest.SKIPPED,
        remark=remark,
    )
    return script, notices


def _require_packages(subject: Subject, recipe: Recipe, environment: Environment, path: Path) -> None:
    """Refuse to try a script in an environment that lacks a package that the script needs.

    Raises:
        EnvironmentFailedError: How to add it.
    """
    needed = needed_by(subject.task)
    python = Path(subject.python)
    found = query_interpreter(python, distributions=needed).versions if needed else {}
    lacking = [name for name in needed if name not in found]
    if not lacking:
        return
    added = lacking[0] in packages_of(subject.task.additions)
    how = f"uv pip install --python {python} {lacking[0]}"
    if environment.kind is EnvironmentKind.MANAGED:
        how = "--yes adds it" if added else f"mlipguide env build {recipe.backend} adds it"
    elif environment.kind is EnvironmentKind.SHARED:
        how = f"mlipguide env build {recipe.backend} builds one of your own, "
        how += "to which --yes adds it" if added else "with it"
    raise EnvironmentFailedError(
        f"{path} was not written: it needs {lacking[0]}, which the environment of {recipe.backend} lacks.",
        hint=f"{how}; or write it untried with --no-smoke-test.",
        kind="missing_package",
    )


def _smoke_test(
    files: Mapping[Path, str], subject: Subject, request: ScriptRequest, context: ScriptContext, here: Settings
) -> str:
    """Try a script and return how, in a sentence.

    Raises:
        MeasurementFailedError: It failed; script and log are kept beside the place where it would have been.
        EnvironmentFailedError: The same, for want of what the environment should hold.
    """
    elsewhere = subject.candidate.run_cost is not None
    step = subject.candidate.step_time_s
    step_s = None if step is None or elsewhere else (step.high or step.value)
    fits = not any(item.constraint is Constraint.MEMORY for item in subject.candidate.rejections)
    evaluations = tried_evaluations(subject.task)
    whole = step_s is not None and fits and step_s * evaluations <= AFFORDABLE_S
    options = [] if whole else ["--unrepeated"]
    device = subject.settings.device
    if elsewhere and device != here.device:
        device = here.device
        options += ["--device", device]
    atoms = subject.built_atoms if whole else len(subject.atoms)
    context.on_progress(f"trying {STEPS} steps of {request.path.name} with {atoms} atoms on {device}", 1.0)
    expected_s = evaluations * (step_s or 0.0) * atoms / subject.built_atoms
    failure = try_script(
        texts_by_name(files),
        request.path.name,
        python=subject.python,
        options=options,
        timeout_s=2 * START_TIMEOUT_S + PATIENCE * expected_s,
    )
    if failure is not None:
        raise _refusal(failure, files[request.path], request.path)
    where = f" on {device}" if device != subject.settings.device else ""
    return f"{tried_words(subject.task, atoms)} ran here{where}."


def _refusal(failure: Failure, text: str, path: Path) -> MlipguideError:
    """Keep the script that failed, with its log, under names that nobody starts by mistake."""
    failed, log = path.with_name(f"{path.name}.failed"), path.with_name(f"{path.name}.failed.log")
    write_all({log: failure.log or failure.reason + "\n", failed: text})
    kind = EnvironmentFailedError if failure.exit_code is ExitCode.ENVIRONMENT_FAILED else MeasurementFailedError
    return kind(
        f"{path} was not handed over: its smoke test failed: {failure.reason}.",
        hint=f"The script is kept as {failed}, what it printed in {log}.",
        kind="smoke_test",
    )


def _plan_with(plan: tuple[PlanStep, ...], script: RunScript, candidate: Candidate) -> tuple[PlanStep, ...]:
    """Return the plan with the command in the step that is the run, or in a further one."""
    for index, step in enumerate(plan):
        if step.wall_time_s is not None and step.wall_time_s == candidate.run_time_s:
            return (*plan[:index], replace(step, command=script.command), *plan[index + 1 :])
    start = PlanStep(
        action=f"Start the run of {candidate.name} with {script.files[0]}.",
        command=script.command,
        wall_time_s=candidate.run_time_s,
    )
    return (*plan, start)
