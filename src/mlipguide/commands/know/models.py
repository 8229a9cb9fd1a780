"""``mlipguide models show``, ``compare``, ``add``, ``remove`` and ``validate``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from mlipguide.advice.differences import differences_between
from mlipguide.advice.model_criteria import parse_elements
from mlipguide.bench.measuring.measured_here import measured_here
from mlipguide.candidates.door import card_of, examine, introduced
from mlipguide.candidates.preparation import NO_CONSENT, Consent, require_trust
from mlipguide.candidates.support import support_of
from mlipguide.catalog.calculator_cards import with_facts
from mlipguide.catalog.card_sources import cited_sources, read_all_sources
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.checkpoints import checkpoint_problem, sha256_of
from mlipguide.catalog.locations import DATA
from mlipguide.catalog.own_models import (
    derive_card,
    remove_own_card,
    require_free_id,
    suggest_id,
    write_own_card,
)
from mlipguide.catalog.validation import validate_folder
from mlipguide.commands.know.model_list import missing_files
from mlipguide.core.errors import ExitCode, InputError
from mlipguide.environments.recipes import load_recipes, plugin_notices
from mlipguide.environments.resolution import find_environment
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.environment import Environment
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.listings import CardViolation, Validation
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.model_listings import ForgottenModel, ModelComparison, ModelDetails, OwnModel
from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.models.terms import Forces, Need
from mlipguide.records.notice import Result
from mlipguide.store import measurements as store
from mlipguide.tasks.needs import parse_needs

FEWEST_COMPARED = 2


def show_model(
    name: str, folders: Sequence[Path] = (), *, probe: Callable[[], Machine] = probe_machine
) -> Result[ModelDetails]:
    """Return one card, the sources that it names, and what is known of it on this machine.

    Raises:
        InputError: There is no such model, or a folder cannot be read.
    """
    catalogue = load_catalogue(folders)
    card = catalogue.find(name)
    known = read_all_sources(folders)
    found = store.find(probe().fingerprint)
    data = ModelDetails(
        model=card,
        sources=tuple(
            SourceFact(key, known[key].title, known[key].link) for key in cited_sources(card) if key in known
        ),
        environment=_environment_of(card),
        checkpoint_problem=checkpoint_problem(card),
        measured=measured_here(card, found.measurements),
        support=support_of(card),
    )
    return Result(data, notices=(*catalogue.notices, *plugin_notices(), *found.notices))


def compare_models(
    names: Sequence[str], folders: Sequence[Path] = (), *, probe: Callable[[], Machine] = probe_machine
) -> Result[ModelComparison]:
    """Return two or more models side by side, and what their differences mean for choosing.

    Raises:
        InputError: Fewer than two different models, an unknown one, or a folder that cannot be read.
    """
    catalogue = load_catalogue(folders)
    cards = catalogue.select(tuple(names))
    if len(cards) < FEWEST_COMPARED:
        raise InputError(
            f"Only one model was named: {', '.join(card.id for card in cards)}.",
            hint="Name two or more, for example: mlipguide models compare sevennet-0 chgnet-0.3.0",
        )
    found = store.find(probe().fingerprint)
    measured = tuple(measured_here(card, found.measurements) for card in cards)
    data = ModelComparison(cards, measured, differences_between(cards, measured))
    return Result(data, notices=(*catalogue.notices, *found.notices, *missing_files(cards)))


def validate_models(folder: Path | None) -> Result[Validation]:
    """Check a folder of cards, by default the built-in ones.

    Raises:
        InputError: The folder cannot be read.
    """
    violations = tuple(CardViolation(found.file, found.field, found.message) for found in validate_folder(folder))
    place = folder or DATA / "models"
    data = Validation(None if folder is None else str(folder), len(list(place.glob("*.yaml"))), violations)
    return Result(data, exit_code=ExitCode.BAD_INPUT if violations else ExitCode.DONE)


def add(
    checkpoint: Path | None,
    base: str | None,
    *,
    calculator: str | None = None,
    provides: str | None = None,
    model_id: str | None = None,
    elements: str | None = None,
    level_of_theory: str | None = None,
    consent: Consent = NO_CONSENT,
    folders: Sequence[Path] = (),
) -> Result[OwnModel]:
    """Register a checkpoint or a calculator; see :func:`add_model` and :func:`add_calculator`.

    Raises:
        InputError: Neither was given, or both, or what goes with the other.
    """
    facts = {"model_id": model_id, "elements": elements, "level_of_theory": level_of_theory}
    if calculator is not None:
        if checkpoint is not None or base is not None:
            raise InputError(
                "--calculator registers a calculator, FILE with --from a checkpoint: both were given.",
                hint="Give one of them.",
            )
        return add_calculator(calculator, **facts, provides=provides, consent=consent, folders=folders)
    if checkpoint is None or base is None:
        raise InputError(
            "Give FILE --from MODEL, or --calculator.",
            hint="mlipguide models add tuned.pth --from sevennet-0, or mlipguide models add --calculator my_model.py",
        )
    if provides is not None:
        raise InputError("--provides goes with --calculator.", hint=f"What {base} gives holds for {checkpoint} too.")
    return add_model(checkpoint, base, **facts, consent=consent, folders=folders)


def add_calculator(
    given: str,
    *,
    model_id: str | None = None,
    elements: str | None = None,
    level_of_theory: str | None = None,
    provides: str | None = None,
    consent: Consent = NO_CONSENT,
    folders: Sequence[Path] = (),
) -> Result[OwnModel]:
    """Register any calculator; from then on every command knows it, with what is stated here of it.

    Args:
        given: A Python file, ``package.module:function``, or the file of a model.
        model_id: Id of the new model; None for one after the file or the function.
        elements: Symbols of the elements that it is for, in a comma-separated list; None where that is not known.
        level_of_theory: Of its training data; None where that is not known.
        provides: Needs that it meets, in a comma-separated list, beside what it tells itself.
        consent: Whether a file is taken that runs code when it is loaded.
        folders: Further folders of cards, whose names are taken.

    Raises:
        MlipguideError: It cannot be used; see :func:`mlipguide.candidates.door.admit`. Or the id cannot.
    """
    catalogue = load_catalogue(folders)
    found = examine(given)
    name = model_id or found.suggested
    require_free_id(name, catalogue)
    card = introduced(card_of(found, name), probe_machine, consent=consent)
    known = parse_elements(elements, option="--elements")
    unknown = [symbol for symbol in known if card.training.elements is not None and symbol not in card.known_elements]
    if unknown:
        raise InputError(
            f"--elements: {given} does not know {', '.join(unknown)}.",
            hint=f"It knows {', '.join(card.known_elements)}.",
        )
    needs = parse_needs(provides)
    card = with_facts(card, elements=known or None, level_of_theory=level_of_theory)
    card = replace(
        card,
        architecture=replace(
            card.architecture,
            forces=Forces.CONSERVATIVE if Need.CONSERVATIVE in needs else card.architecture.forces,
        ),
        provides=tuple(dict.fromkeys((*card.provides, *needs))),
        lacks=tuple(need for need in card.lacks if need not in needs),
    )
    return Result(OwnModel(card, str(write_own_card(card))), notices=catalogue.notices)


def add_model(
    checkpoint: Path,
    base: str,
    *,
    model_id: str | None = None,
    elements: str | None = None,
    level_of_theory: str | None = None,
    consent: Consent = NO_CONSENT,
    folders: Sequence[Path] = (),
) -> Result[OwnModel]:
    """Register a checkpoint that was trained further from a known one; from then on every command knows it.

    Args:
        checkpoint: The file; it stays where it is.
        base: Id or alias of the card of the checkpoint that it started from.
        model_id: Id of the new model; None for one after the file.
        elements: Symbols in a comma-separated list, where the checkpoint is for fewer than the other one.
        level_of_theory: Of the data that it was trained further on; None for that of the other one.
        consent: Whether a file is taken that runs code when it is loaded.
        folders: Further folders of cards, in which ``base`` may be.

    Raises:
        InputError: The file is missing or cannot be read, ``base`` is unknown, the id cannot be used, or the file
            would run code and the user does not agree.
        StorageError: The card cannot be written.
    """
    catalogue = load_catalogue(folders)
    origin = catalogue.find(base)
    path = checkpoint.expanduser().absolute()
    sha256 = sha256_of(path)
    name = suggest_id(path) if model_id is None else model_id
    require_free_id(name, catalogue)
    require_trust(path, consent)
    card = derive_card(
        origin,
        path,
        sha256,
        model_id=name,
        elements=parse_elements(elements, option="--elements"),
        level_of_theory=level_of_theory,
        today=datetime.now(UTC).date().isoformat(),
    )
    return Result(OwnModel(card, str(write_own_card(card))), notices=catalogue.notices)


def remove_model(model_id: str) -> Result[ForgottenModel]:
    """Forget a registered checkpoint; its file and what was measured of it stay.

    Raises:
        InputError: It is no registered checkpoint.
        StorageError: Its card cannot be deleted.
    """
    card, path = remove_own_card(model_id)
    return Result(ForgottenModel(card.id, str(path), str(card.weights.path)))


def _environment_of(card: ModelCard) -> Environment | None:
    recipe = load_recipes().get(card.backend)
    return None if recipe is None else find_environment(recipe)
