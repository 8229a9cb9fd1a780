"""``mlipguide disagree``: how far models are apart on the user's structure, and what that says of their errors."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.bench.comparing.busy_cores import LOOK_S, cores_left
from mlipguide.bench.measuring.run_options import RunOptions
from mlipguide.candidates.additions import with_additions
from mlipguide.candidates.identity import identity_of
from mlipguide.candidates.neighbours_seen import without_blind
from mlipguide.candidates.preparation import (
    Preparation,
    Prepared,
    fetch_missing_weights,
    find_given_weights,
    lacks_weights,
    prepare_candidates,
)
from mlipguide.catalog.additions import parse_additions
from mlipguide.catalog.cards import Catalogue, load_catalogue
from mlipguide.core.errors import InputError
from mlipguide.core.units import FORCE, SIMULATED_TIME, TEMPERATURE, WALL_TIME, parse_atoms
from mlipguide.evidence.disagreement.calibration import load_calibration
from mlipguide.evidence.disagreement.committee import FEWEST, open_committee
from mlipguide.evidence.disagreement.figures import Case, figures_of
from mlipguide.evidence.disagreement.frames import FramesPlan, gather_frames
from mlipguide.evidence.disagreement.label_files import choose_to_label, free_name, require_writable
from mlipguide.records.accuracy.disagreement import Disagreement, SamplingRun
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.notice import Notice, Result
from mlipguide.records.requests.accuracy import DISAGREE_ATOMS, DISAGREE_BUDGET, DisagreeChoices
from mlipguide.records.requests.recommend import DEFAULTS, TaskRequest
from mlipguide.store.unfinished import taking_up
from mlipguide.structures.digests import structure_digest
from mlipguide.structures.isotopes import masses_of
from mlipguide.structures.supercells import near_cubic_supercell
from mlipguide.tasks.needs import names_in
from mlipguide.tasks.requests import load_structure
from mlipguide.tasks.time_step import propose_timestep

if TYPE_CHECKING:
    from ase import Atoms

LARGE_ATOMS = 150
"""Above this a cell on a CPU leaves few frames to a budget of minutes; it is said, not refused."""


@dataclass(frozen=True, kw_only=True)
class Options(DisagreeChoices, RunOptions):
    """How ``disagree`` goes about its work, as the user wrote it."""


def disagree(request: TaskRequest, options: Options | None = None) -> Result[Disagreement]:
    """Let several models evaluate frames of a short run and distorted copies of a structure, and compare them.

    Args:
        request: Names the structure and the models.
        options: How to go about it.

    Raises:
        InputError: The structure, a quantity, a file or a model's name cannot be used, or fewer than two models.
        EnvironmentFailedError: Fewer than two models have an environment.
        MeasurementFailedError: Fewer than two models gave results.
    """
    options = options or Options()
    begin = time.monotonic()
    catalogue = load_catalogue()
    cards = _chosen_cards(catalogue, request)
    sampler = cards[0] if options.sampler is None else _sampler(catalogue, cards, options.sampler)
    temperature_k = TEMPERATURE.parse(options.temperature or DEFAULTS["temperature"], option="--temperature")
    budget_s = WALL_TIME.parse(options.budget or DISAGREE_BUDGET, option="--budget")
    tolerance = None if options.force_mae is None else FORCE.parse(options.force_mae, option="--force-mae")
    additions = parse_additions(request.add)
    wanted_atoms = DISAGREE_ATOMS if options.atoms is None else parse_atoms(options.atoms, option="--atoms")
    if options.output is not None:
        require_writable(options.output)
    weights = find_given_weights(catalogue, options.weights, options.consent)
    given, structure, structure_notices = load_structure(request)
    timestep_s = (
        propose_timestep(structure.elements, temperature_k, masses_of(given)).seconds
        if options.timestep is None
        else SIMULATED_TIME.parse(options.timestep, option="--timestep")
    )
    atoms, size_notices = _cell(given, wanted_atoms, named=options.atoms is not None)
    machine = options.probe()
    preparation = with_additions(
        without_blind(_prepared(cards, options, weights, machine), given, structure),
        additions,
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    question = {
        "structure": structure_digest(atoms),
        "sampler": sampler.id,
        "temperature_k": temperature_k,
        "timestep_s": timestep_s,
        "budget_s": budget_s,
        "models": [identity_of(item) for item in preparation.candidates],
    }
    with (
        taking_up("disagree", question) as earlier,
        open_committee(preparation, machine, options.opener, options.on_progress) as committee,
    ):
        plan = FramesPlan(
            sampler=sampler.id,
            temperature_k=temperature_k,
            timestep_s=timestep_s,
            deadline=begin + budget_s,
        )
        gathered = gather_frames(committee, atoms, plan, options.on_progress, earlier)
    models = committee.models
    run = gathered.run
    case = Case(
        structure=structure,
        atoms=len(atoms),
        models=models,
        run=None
        if run is None
        else SamplingRun(
            model=gathered.sampler,
            temperature_k=temperature_k,
            timestep_s=timestep_s,
            simulated_s=run.simulated_s,
            unstable=run.unstable,
        ),
        tolerance_ev_per_angstrom=tolerance,
        shared_data=_shared_data([card for card in cards if card.id in models]),
    )
    data = figures_of(case, gathered.frames, load_calibration())
    default = free_name(Path(f"{Path(structure.source.partition('@')[0]).stem.replace('preset:', '')}-to-label.extxyz"))
    data = choose_to_label(data, gathered.frames, count=options.select, path=options.output, default=default)
    return Result(
        data,
        notices=(
            *catalogue.notices,
            *structure_notices,
            *size_notices,
            *preparation.notices,
            *_theory_notices([card for card in cards if card.id in models]),
            *gathered.notices,
            *committee.notices,
            *earlier.notices("A part of the frames was made and evaluated"),
        ),
        errors=tuple(committee.problems),
    )


def _chosen_cards(catalogue: Catalogue, request: TaskRequest) -> tuple[ModelCard, ...]:
    names = names_in(request.models)
    cards = catalogue.select(names) if names else ()
    if len({card.id for card in cards}) < FEWEST:
        raise InputError(
            f"Two models at least are needed to disagree; {len(cards) or 'none'} was named.",
            hint="For example --models sevennet-l3i5,sevennet-0,chgnet-0.3.0",
        )
    return tuple({card.id: card for card in cards}.values())


def _sampler(catalogue: Catalogue, cards: tuple[ModelCard, ...], name: str) -> ModelCard:
    card = catalogue.find(name)
    if card not in cards:
        raise InputError(f"--sampler: {card.id} is not among the models.", hint=f"Add {card.id} to --models.")
    return card


def _cell(given: Atoms, wanted: int, *, named: bool) -> tuple[Atoms, tuple[Notice, ...]]:
    """Return the cell that is run, and what to say of its size; a cell is repeated, never cut."""
    atoms = given
    if any(given.pbc) and wanted > len(given):
        atoms = near_cubic_supercell(given, atoms_wanted=wanted)
    if len(atoms) > LARGE_ATOMS and not named:
        words = (
            f"The cell has {len(atoms)} atoms: on a processor few frames fit into the budget. A smaller cell of the "
        )
        return atoms, (Notice("large_cell", f"{words}same surroundings, or a larger --budget, says more."),)
    return atoms, ()


def _prepared(
    cards: tuple[ModelCard, ...], options: Options, weights: dict[str, Path], machine: Machine
) -> Preparation:

    def prepare(given: dict[str, Path]) -> Preparation:
        return prepare_candidates(
            cards,
            machine,
            given_weights=given,
            consent=options.consent,
            on_progress=lambda message: options.on_progress(message, 0.0),
        )

    found = prepare(weights)
    files, notices = fetch_missing_weights(
        [item for item in found.candidates if item.synthetic or lacks_weights(item)],
        named={card.id for card in cards},
        consent=options.consent,
        on_progress=lambda message: options.on_progress(message, 0.0),
    )
    if files:
        found = prepare({**weights, **files})
    candidates, thread_notices = _beside_others(found, options, machine)
    return Preparation(candidates, (*found.notices, *notices, *thread_notices), found.problems)


def _beside_others(
    found: Preparation, options: Options, machine: Machine
) -> tuple[tuple[Prepared, ...], tuple[Notice, ...]]:
    """Return the candidates with no more threads than other processes leave cores: figures do not depend on them."""
    seen = options.wait(LOOK_S, machine.cpu.usable_cores)
    most = cores_left(seen, machine.cpu.usable_cores)
    if most is None or all(item.settings.device != "cpu" or item.settings.threads <= most for item in found.candidates):
        return found.candidates, ()
    lowered = tuple(
        replace(item, settings=replace(item.settings, threads=min(most, item.settings.threads)))
        for item in found.candidates
    )
    words = f"Other processes keep {seen.other_load_share:.0%} of the cores busy: models run with {most} of them."
    return lowered, (Notice("fewer_threads", f"{words} Fewer frames fit into the budget than on an idle machine."),)


def _shared_data(cards: list[ModelCard]) -> tuple[str, ...]:
    """Return the data sets that all models were trained on, in the order of the first card."""
    common = set.intersection(*(set(card.training.sets) for card in cards))
    return tuple(name for name in cards[0].training.sets if name in common)


def _theory_notices(cards: list[ModelCard]) -> tuple[Notice, ...]:
    levels = {level: card.id for card in cards if (level := card.training.level_of_theory) is not None}
    if len(levels) < FEWEST:
        return ()
    words = "; ".join(f"{model}: {level}" for level, model in levels.items())
    return (
        Notice(
            "mixed_theory",
            f"The models were trained on different levels of theory ({words}): a part of their disagreement may be "
            "that of the theories.",
        ),
    )
