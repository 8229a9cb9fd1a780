"""``mlipguide models add`` and ``remove``: checkpoints of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from mlipguide.advice.model_criteria import parse_elements
from mlipguide.candidates.preparation import NO_CONSENT, Consent, require_trust
from mlipguide.catalog.cards import load_catalogue
from mlipguide.catalog.checkpoints import sha256_of
from mlipguide.catalog.own_models import (
    derive_card,
    remove_own_card,
    require_free_id,
    suggest_id,
    write_own_card,
)
from mlipguide.records.models.model_listings import ForgottenModel, OwnModel
from mlipguide.records.notice import Result


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
