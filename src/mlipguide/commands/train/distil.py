"""``mlipguide train distil``: a fast potential trained on labels of a slow model, with what speaks for it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.bench.measuring.measuring import session_request
from mlipguide.candidates.preparation import Prepared, find_given_weights, prepare_candidates
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.checkpoints import own_version
from mlipguide.catalog.own_models import suggest_id
from mlipguide.core.errors import EnvironmentFailedError, InputError, did_you_mean
from mlipguide.core.paths import logs_dir, make_folder
from mlipguide.core.serialisation import from_plain, to_plain
from mlipguide.core.units import SIMULATED_TIME, TEMPERATURE, WALL_TIME
from mlipguide.environments.recipes import command_to_get
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Result, set_aside_notices
from mlipguide.records.requests.recommend import DEFAULTS, TaskRequest
from mlipguide.records.requests.training import DISTIL_BUDGET, DistilRequest
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.training.distillation import Distillation
from mlipguide.records.training.training import Engine, FitRecipe
from mlipguide.sessions.interface import ModelSession
from mlipguide.store.step_cache import StepCache
from mlipguide.structures.distortions import distorted_copies
from mlipguide.structures.holds import freed
from mlipguide.structures.isotopes import masses_of
from mlipguide.structures.supercells import near_cubic_supercell
from mlipguide.tasks.requests import load_structure
from mlipguide.tasks.time_step import propose_timestep
from mlipguide.training.distil.distillation import Distiller
from mlipguide.training.distil.handover import POTENTIAL_FOLDER, distillation_of, settling_notices, timed_cell
from mlipguide.training.distil.schedule import DistillationSchedule, plan_schedule
from mlipguide.training.engines import find_engine
from mlipguide.training.fit.potential_folder import require_usable_id
from mlipguide.training.fit.setup import Options, require_trainers
from mlipguide.training.fit.trainers import TrainerSearch
from mlipguide.training.keeping import keep_distillation
from mlipguide.training.trainer import Trainer

if TYPE_CHECKING:
    import ase

AUTOMATIC = "auto"
FEW_ELEMENTS = 2
"""Up to so many POD is taken; its coefficients grow fast with the number of elements."""
CELL_ATOMS = 28
"""Smallest cell that is labelled, where the structure is smaller: what a step of the teacher costs grows with it."""
SPEED_CALLS = 3


def train_distil(request: DistilRequest, options: Options | None = None) -> Result[Distillation]:
    """Teach a fast potential by a model, validate it on what it never saw, and let it run.

    Everything is kept in a folder: the same call goes on where an interrupted one ended.

    Raises:
        InputError: The request, the structure or the folder cannot be used.
        EnvironmentFailedError: The teacher or the engine has no environment.
        TrainingFailedError: No fit was worth keeping.
        SessionError: The teacher failed.
    """
    options = options or Options()
    budget_s = WALL_TIME.parse(request.budget or DISTIL_BUDGET, option="--budget")
    temperature_k = TEMPERATURE.parse(request.temperature or DEFAULTS["temperature"], option="--temperature")
    added = _added(request.frames)
    atoms, structure, notices = load_structure(
        TaskRequest(structure=request.structure, preset=request.preset, index=request.index)
    )
    timestep_s = (
        propose_timestep(structure.elements, temperature_k, masses_of(atoms)).seconds
        if request.timestep is None
        else SIMULATED_TIME.parse(request.timestep, option="--timestep")
    )
    machine = options.probe()
    trainer = _trainer(request.engine, structure, machine, options)
    recipe, member = _recipes(trainer, structure, request)
    cell = cell_for(atoms)
    folder = (request.folder or Path(f"{Path(structure.source).stem}-distilled")).expanduser().absolute()
    teacher = _teacher(request.teacher, machine, options)
    model = request.model_id or suggest_id(
        Path(f"{Path(structure.source).stem}-{trainer.engine.value}-{teacher.card.id}.x")
    )
    require_usable_id(model, folder / POTENTIAL_FOLDER)
    cache = StepCache(folder, now=options.clock)
    cache.require_request(
        {
            "teacher": teacher.card.id,
            **({"teacher's content": content} if (content := own_version(teacher.card)) else {}),
            "structure": [cell.numbers.tolist(), cell.positions.tolist(), cell.cell.tolist(), cell.pbc.tolist()],
            **({"electrons": dict(cell.info)} if cell.info else {}),
            "temperature_k": temperature_k,
            "timestep_s": timestep_s,
            "recipe": to_plain(recipe),
            "frames": request.frames or AUTOMATIC,
            "seed": request.seed,
        }
    )
    make_folder(logs_dir())
    options.on_progress(f"starting {teacher.card.id}", 0.0)
    with closing(options.opener(session_request(teacher, machine))) as session:
        call_s = cache.remember("teacher-speed", lambda: _call_s(session, cell, cache))
        plan = plan_schedule(
            temperature_k=temperature_k,
            timestep_s=timestep_s,
            budget_s=budget_s,
            teacher_call_s=call_s,
            seed=request.seed,
            added=added,
        )
        # What was planned when the folder was begun holds; a longer budget allows for further rounds.
        kept = from_plain(DistillationSchedule, cache.remember("schedule", lambda: to_plain(plan)), what="schedule")
        schedule = replace(kept, budget_s=budget_s)
        distilled = Distiller(
            teacher=session,
            trainer=trainer,
            recipe=recipe,
            member=member,
            cell=cell,
            schedule=schedule,
            cache=cache,
            on_progress=options.on_progress,
        ).run()
    data, problems = distillation_of(
        distilled,
        teacher=teacher,
        trainer=trainer,
        structure=structure,
        cell=cell,
        schedule=schedule,
        cache=cache,
        model=model,
    )
    unkept = keep_distillation(data, recipe, machine, folder=str(folder), timed_atoms=len(timed_cell(cell)))
    settling = settling_notices(data.comparison, data.teacher)
    return Result(
        data,
        notices=(*notices, *settling, *unkept, *set_aside_notices("unreadable_training", cache.set_aside)),
        errors=problems,
    )


def cell_for(atoms: ase.Atoms) -> ase.Atoms:
    """Return the cell that is labelled: the structure, or a near-cubic supercell where it is small.

    Atoms that the file holds move in it: a student learns the forces on them, too.
    """
    atoms = freed(atoms)
    if len(atoms) >= CELL_ATOMS or not any(atoms.pbc):
        return atoms
    return near_cubic_supercell(atoms, atoms_wanted=CELL_ATOMS)


def _added(text: str | None) -> int:
    if text is None or text == AUTOMATIC:
        return 20
    if not text.isdigit() or int(text) < 1:
        raise InputError(f"--frames: '{text}' is no number of frames.", hint="For example --frames 20, or auto.")
    return int(text)


def _call_s(session: ModelSession, cell: ase.Atoms, cache: StepCache) -> float:
    """Return the wall time of one evaluation of the teacher, each of another structure, the first left out."""
    first, *others = distorted_copies(cell, SPEED_CALLS + 1)
    session.single_point(first)
    begin = cache.now()
    for other in others:
        session.single_point(other)
    return (cache.now() - begin) / SPEED_CALLS


def _teacher(name: str, machine: Machine, options: Options) -> Prepared:
    catalogue = load_catalogue()
    card = catalogue.find(name)
    preparation = prepare_candidates(
        [card],
        machine,
        given_weights=find_given_weights(catalogue, options.weights, options.consent),
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    if not preparation.candidates:
        raise EnvironmentFailedError(
            f"Nothing here runs {card.id}, so it cannot teach.", hint="Name another --teacher: mlipguide models list."
        )
    prepared = preparation.candidates[0]
    if prepared.obstacle is not None:
        raise EnvironmentFailedError(
            f"{card.id} cannot teach: {prepared.obstacle.message}",
            hint=f"{command_to_get(prepared.recipe)}, or give --yes; or --weights {card.id}=FILE.",
        )
    if prepared.synthetic:
        raise InputError(
            f"{card.id} cannot teach: its weights are not on this machine, and random ones know nothing.",
            hint=f"Give them with --weights {card.id}=FILE, or name another --teacher.",
        )
    return prepared


def _trainer(name: str | None, structure: StructureSummary, machine: Machine, options: Options) -> Trainer:
    if name is not None:
        engine = find_engine(name)
    else:
        engine = Engine.POD if len(structure.elements) <= FEW_ELEMENTS else Engine.NEP
    if engine is Engine.FINE_TUNE:
        raise InputError(
            "A tuned model is as slow as its teacher, so nothing is gained by distilling into one.",
            hint="Choose --engine pod or --engine nep.",
        )
    found = options.trainers(
        TrainerSearch(
            engines=(engine,),
            machine=machine,
            consent=options.consent,
            on_progress=lambda message: options.on_progress(message, 0.0),
        )
    )
    require_trainers(found)
    return found.ready[0]


def _recipes(trainer: Trainer, structure: StructureSummary, request: DistilRequest) -> tuple[FitRecipe, FitRecipe]:
    """Return the recipe of the student and that of the members of its committee, the cheapest."""
    known = trainer.recipes(structure.elements, seed=request.seed)
    sizes = [one.size for one in known]
    if request.size is None:
        return known[0], known[0]
    if request.size not in sizes:
        raise InputError(
            f"--size: {trainer.engine.value} has no size '{request.size}'.{did_you_mean(request.size, sizes)}",
            hint=f"Use {' or '.join(sizes)}.",
        )
    return known[sizes.index(request.size)], known[0]
