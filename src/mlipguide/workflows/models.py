"""``mlipguide models``: list, show and validate the cards."""

from __future__ import annotations

from pathlib import Path

from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.sources import read_sources
from mlipguide.catalog.validation import validate_folder
from mlipguide.core.errors import ExitCode
from mlipguide.records.listings import CardViolation, ModelDetails, ModelList, SourceFact, Validation
from mlipguide.records.notice import Result


def list_models() -> Result[ModelList]:
    """Return all cards."""
    catalogue = load_catalogue()
    return Result(ModelList(catalogue.cards), notices=catalogue.notices)


def show_model(name: str) -> Result[ModelDetails]:
    """Return one card and the sources it names.

    Raises:
        InputError: There is no such model.
    """
    catalogue = load_catalogue()
    card = catalogue.find(name)
    known = read_sources()
    keys = dict.fromkeys(
        (
            *card.training.sources,
            *card.licences.code.sources,
            *card.licences.weights.sources,
            *(card.metrics.sources if card.metrics else ()),
        )
    )
    sources = tuple(SourceFact(key, known[key].title, known[key].link) for key in keys if key in known)
    return Result(ModelDetails(card, sources), notices=catalogue.notices)


def validate_models(folder: Path | None) -> Result[Validation]:
    """Check a folder of cards, by default the built-in ones.

    Raises:
        InputError: The folder cannot be read.
    """
    violations = tuple(CardViolation(found.file, found.field, found.message) for found in validate_folder(folder))
    place = folder or Path(__file__).parent.parent / "data" / "models"
    data = Validation(None if folder is None else str(folder), len(list(place.glob("*.yaml"))), violations)
    return Result(data, exit_code=ExitCode.BAD_INPUT if violations else ExitCode.DONE)
