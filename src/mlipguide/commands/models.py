"""``mlipguide models show``, ``compare`` and ``validate``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mlipguide.advice.differences import differences_between
from mlipguide.bench.measuring.measured_here import measured_here
from mlipguide.candidates.support import support_of
from mlipguide.catalog.card_sources import cited_sources, read_all_sources
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.checkpoints import checkpoint_problem
from mlipguide.catalog.locations import DATA
from mlipguide.catalog.validation import validate_folder
from mlipguide.commands.model_list import missing_files
from mlipguide.core.errors import ExitCode, InputError
from mlipguide.environments.recipes import load_recipes, plugin_notices
from mlipguide.environments.resolution import find_environment
from mlipguide.hardware.probe import probe_machine
from mlipguide.records.hardware.environment import Environment
from mlipguide.records.hardware.machine import Machine
from mlipguide.records.models.listings import CardViolation, Validation
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.model_listings import ModelComparison, ModelDetails
from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.notice import Result
from mlipguide.store import measurements as store

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


def _environment_of(card: ModelCard) -> Environment | None:
    recipe = load_recipes().get(card.backend)
    return None if recipe is None else find_environment(recipe)
