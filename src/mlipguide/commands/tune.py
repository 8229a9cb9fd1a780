"""``mlipguide tune``: the settings with which models are fastest on this machine and compute the same."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlipguide.bench.agreement import TOLERANCE
from mlipguide.bench.attribution import notices_for
from mlipguide.bench.measuring.run_options import RunOptions
from mlipguide.bench.protocol import load_protocol
from mlipguide.bench.subject import SizeSource
from mlipguide.bench.tuning.checking import structures_to_compare
from mlipguide.bench.tuning.search import Search
from mlipguide.bench.tuning.starting import Ground
from mlipguide.candidates.axes_here import axes_here
from mlipguide.candidates.model_names import named_cards, prepare_named
from mlipguide.candidates.preparation import Preparation, Prepared, find_given_weights
from mlipguide.catalog.cards import load_catalogue
from mlipguide.core.errors import (
    EnvironmentFailedError,
    ExitCode,
    InputError,
    MeasurementFailedError,
    MlipguideError,
    did_you_mean,
)
from mlipguide.core.paths import logs_dir, make_folder, measurements_dir, tunings_dir
from mlipguide.core.units import SIMULATED_TIME, TEMPERATURE, WALL_TIME, parse_atoms
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.notice import Notice, Problem, Result
from mlipguide.records.requests.measuring import TIMED_STEP, TUNE_BUDGET, TUNE_PURPOSE, TuneChoices
from mlipguide.records.requests.recommend import DEFAULTS, TaskRequest
from mlipguide.records.task.structure import StructureSummary
from mlipguide.records.timing.axes import Purpose
from mlipguide.records.timing.measurement import Scenario
from mlipguide.records.timing.tuning import ModelTuning, TuneData
from mlipguide.sessions.interface import Conditions
from mlipguide.store import tunings
from mlipguide.tasks.needs import names_in
from mlipguide.tasks.requests import load_structure

if TYPE_CHECKING:
    from ase import Atoms

SMALLEST_ATOMS = 64
"""Of a system that is timed where nobody says how large it will be: below it a step is mostly overhead."""
MIXED = 3
"""Sizes that are timed for many small structures: the structure's own, twice and four times as large."""


@dataclass(frozen=True, kw_only=True)
class Options(TuneChoices, RunOptions):
    """How ``tune`` goes about its work, as the user wrote it."""


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """On what models are tuned."""

    atoms: Atoms
    structure: StructureSummary
    sizes: SizeSource
    timed: tuple[int, ...]
    purpose: Purpose
    conditions: Conditions
    machine: Machine


def tune(request: TaskRequest, options: Options | None = None) -> Result[TuneData]:
    """Search the settings of models; what is found is kept, and used where the same is asked again.

    Args:
        request: Names the structure, the models and the temperature.
        options: How to go about it.

    Raises:
        InputError: The structure, a quantity, the purpose or a model's name cannot be used.
        EnvironmentFailedError: No model has an environment.
        MeasurementFailedError: No model could be tuned.
    """
    options = options or Options()
    catalogue = load_catalogue()
    names = names_in(request.models)
    if not names:
        raise InputError(
            "tune needs models.", hint="For example --models sevennet-0,chgnet-0.3.0, or --models available"
        )
    cards = named_cards(catalogue, names)
    purpose = _purpose(options.purpose)
    budget_s = WALL_TIME.parse(options.budget or TUNE_BUDGET, option="--budget")
    wanted = None if options.atoms is None else parse_atoms(options.atoms, option="--atoms")
    temperature_k = TEMPERATURE.parse(request.temperature or DEFAULTS["temperature"], option="--temperature")
    weights = find_given_weights(catalogue, options.weights, options.consent)
    options.on_progress("reading the structure", 0.0)
    atoms, structure, structure_notices = load_structure(request)
    machine = options.probe()
    preparation = prepare_named(
        names,
        cards,
        machine,
        atoms,
        structure,
        given_weights=weights,
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    sizes = SizeSource(atoms, structure, load_protocol())
    subject = _Subject(
        atoms=atoms,
        structure=structure,
        sizes=sizes,
        timed=timed_sizes(sizes, len(atoms), wanted, purpose),
        purpose=purpose,
        conditions=Conditions(
            temperature_k=temperature_k,
            timestep_s=SIMULATED_TIME.parse(TIMED_STEP, option="--timestep"),
            propagate=purpose is Purpose.MD,
            scenario=Scenario.SINGLE_STREAM if purpose is Purpose.MD else Scenario.OFFLINE,
        ),
        machine=machine,
    )
    ready = [item for item in preparation.candidates if item.obstacle is None]
    _refuse_nothing(preparation, ready)
    for folder in (tunings_dir(), measurements_dir(), logs_dir()):
        make_folder(folder)  # refused now rather than after minutes
    found, failed, notices, interrupted = _each(ready, subject, options, budget_s)
    if not found:
        if interrupted:
            raise KeyboardInterrupt
        first = failed[0]
        raise MeasurementFailedError(
            f"Nothing could be tuned: {first.message}", hint=first.hint, kind=first.kind, model=first.model
        )
    data = TuneData(
        machine=machine,
        structure=structure,
        purpose=purpose,
        budget_s=budget_s,
        limits=TOLERANCE,
        results=tuple(found),
        failed=tuple(failed),
        interrupted=interrupted,
    )
    return Result(
        data,
        notices=(
            *catalogue.notices,
            *structure_notices,
            *preparation.notices,
            *(
                Notice("left_out", f"{item.card.id}: {item.obstacle.message}")
                for item in preparation.candidates
                if item.obstacle is not None
            ),
            *tunings.set_aside(machine.fingerprint, (item.card.id for item in ready)),
            *notices,
        ),
        errors=(*preparation.problems, *failed),
        exit_code=ExitCode.INTERRUPTED if interrupted else ExitCode.DONE,
    )


def timed_sizes(sizes: SizeSource, own: int, wanted: int | None, purpose: Purpose) -> tuple[int, ...]:
    """Return the numbers of atoms to time: one for a run, several for many structures.

    Args:
        sizes: Makes the structures.
        own: Atoms of the user's structure.
        wanted: What the user asked for; None where nobody said.
        purpose: What settings are to be fast for.
    """
    repeats = any(sizes.summary.periodic)
    if purpose is Purpose.MD:
        count = wanted or max(own, SMALLEST_ATOMS)
        return (count if repeats else own,)
    largest = wanted or 2 ** (MIXED - 1) * own
    mixed = [own * 2**power for power in range(MIXED) if own * 2**power <= largest] if repeats else []
    return tuple(sorted({len(sizes.make(count).atoms) for count in mixed or [own]}))


def _purpose(text: str | None) -> Purpose:
    known = [purpose.value for purpose in Purpose]
    name = text or TUNE_PURPOSE
    if name not in known:
        raise InputError(
            f"--for: unknown '{name}'.{did_you_mean(name, known)}", hint=f"Use {', '.join(known)}.", option="--for"
        )
    return Purpose(name)


def _each(
    ready: Sequence[Prepared], subject: _Subject, options: Options, budget_s: float
) -> tuple[list[ModelTuning], list[Problem], list[Notice], bool]:
    """Tune one model after the other; what one leaves of its share is for the others."""
    found: list[ModelTuning] = []
    failed: list[Problem] = []
    notices: list[Notice] = []
    begin = time.monotonic()
    for number, item in enumerate(ready):
        left_s = budget_s - (time.monotonic() - begin)
        share_s = max(left_s, 0.0) / (len(ready) - number)

        def say(what: str, *, done: int = number, name: str = item.card.id) -> None:
            options.on_progress(f"{name}: {what}", done / len(ready))

        ground = Ground(
            item=item,
            machine=subject.machine,
            sizes=tuple(subject.sizes.make(count) for count in subject.timed),
            compared=structures_to_compare(subject.sizes, subject.timed, len(subject.atoms)),
            conditions=subject.conditions,
            opener=options.opener,
            say=say,
        )
        try:
            search = Search(
                ground,
                axes_here(item, subject.machine, subject.purpose),
                structure=subject.structure,
                purpose=subject.purpose,
                protocol=load_protocol(),
                budget_s=share_s,
            )
            tuned = search.run()
        except KeyboardInterrupt:
            return found, failed, notices, True
        except MlipguideError as error:
            failed.append(Problem.from_error(error, model=item.card.id))
            continue
        notices.extend(notices_for(search.measurements))
        found.append(tuned)
        if not tuned.complete:
            return found, failed, notices, True
        tunings.keep(tuned)
    return found, failed, notices, False


def _refuse_nothing(preparation: Preparation, ready: Sequence[Prepared]) -> None:
    if ready:
        return
    if preparation.problems:
        first = preparation.problems[0]
        raise EnvironmentFailedError(first.message, hint=first.hint, kind=first.kind, model=first.model)
    obstacle = next((item.obstacle for item in preparation.candidates if item.obstacle is not None), None)
    if obstacle is None or any(item.environment.python is None for item in preparation.candidates):
        words = "Nothing here runs these models." if obstacle is None else obstacle.message
        raise EnvironmentFailedError(
            f"Nothing could be tuned: {words}", hint="mlipguide env build makes the environment of a backend."
        )
    raise MeasurementFailedError(
        f"Nothing could be tuned: {obstacle.message}", hint="Give the checkpoint file with --weights MODEL=PATH."
    )
