"""The user's own checkpoints: cards derived from a known one, in the user's folder of cards.

Whoever trains a published checkpoint further keeps its architecture, and with it the time and memory that it takes; its
accuracy is another one, of which no published figure says anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mlipguide.catalog.cards import Catalogue
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.paths import own_models_dir, storage_error
from mlipguide.core.serialisation import from_plain, to_plain, write_atomically
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.models.model_card import LicenceFact, Licences, ModelCard, WeightsFact
from mlipguide.records.models.terms import LifeCycle, WeightsOrigin

RESERVED = frozenset({"all", "available"})
"""What ``--models`` takes for more than one model."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def suggest_id(checkpoint: Path) -> str:
    """Return an id for a checkpoint file: its name without the ending, in lower case and without odd characters."""
    return re.sub(r"[^a-z0-9._-]+", "-", checkpoint.stem.lower()).strip("-._")


def require_free_id(model_id: str, catalogue: Catalogue) -> None:
    """Refuse an id that cannot be used.

    Raises:
        InputError: It holds characters that a command line or a file name cannot have, or is in use.
    """
    hint = "Choose another one with --id NAME."
    if not _ID.fullmatch(model_id) or model_id.lower() in RESERVED:
        raise InputError(
            f"'{model_id}' cannot be the id of a model.",
            hint="Choose one with --id NAME, of letters, digits, '-', '_' and '.', and neither 'all' nor 'available'.",
        )
    names = {name.lower(): card.id for card in catalogue.cards for name in (card.id, *card.aliases)}
    if model_id.lower() in names:
        raise InputError(f"The model name '{model_id}' is in use, by {names[model_id.lower()]}.", hint=hint)
    if card_file(model_id).exists():
        raise InputError(
            f"There is a card of that name already, which cannot be used: {card_file(model_id)}.", hint=hint
        )


def derive_card(
    base: ModelCard,
    checkpoint: Path,
    sha256: str,
    *,
    model_id: str,
    elements: Sequence[str],
    level_of_theory: str | None,
    today: str,
) -> ModelCard:
    """Return the card of a checkpoint that was trained further from ``base``.

    Architecture, time law, elements, capabilities and licences are those of ``base``; what was published of its
    accuracy and of its training cost is not carried over. How many parameters are left for fewer elements is not known.

    Args:
        base: The card of the checkpoint that it started from.
        checkpoint: Absolute path of the file.
        sha256: Of the file.
        model_id: Id of the new card.
        elements: The elements that it is for, a part of those of ``base``; empty for all of them.
        level_of_theory: Of the user's own data; None for that of ``base``.
        today: ISO date.

    Raises:
        InputError: An element that ``base`` does not know.
    """
    unknown = [element for element in elements if element not in base.known_elements]
    if unknown:
        raise InputError(
            f"--elements: {', '.join(unknown)} not among the elements of {base.id}.",
            hint="A checkpoint can be narrowed to fewer elements than it started from; leave out the others.",
        )
    known = base.training.elements
    kept = None if known is None else tuple(element for element in known if not elements or element in elements)
    return replace(
        base,
        id=model_id,
        name=f"{model_id} (from {base.name})",
        aliases=(),
        life_cycle=LifeCycle.ACTIVE,
        superseded_by=None,
        architecture=replace(base.architecture, parameters=None) if elements else base.architecture,
        training=replace(
            base.training,
            elements=kept,
            level_of_theory=level_of_theory or base.training.level_of_theory,
            cost=None,
        ),
        licences=Licences(code=base.licences.code, weights=_carried_over(base.licences.weights, base)),
        weights=WeightsFact(
            origin=WeightsOrigin.LOCAL,
            name=base.weights.name,
            path=str(checkpoint),
            sha256=sha256,
            derived_from=base.id,
            runs_with=base.weights.runs_with,
        ),
        metrics=None,
        remarks=(
            (
                f"A checkpoint of the user's own, registered on {today} as trained further from {base.id}. "
                "Architecture, training data and domains are those of that card; what was added to the "
                "training data is not stated here, and no published figure of accuracy holds for it."
            ),
        ),
    )


def write_own_card(card: ModelCard) -> Path:
    """Write the card into the user's folder of cards and return its file.

    Raises:
        StorageError: The folder cannot be written.
    """
    import yaml

    path = card_file(card.id)
    write_atomically(path, yaml.safe_dump(to_plain(card), sort_keys=False, allow_unicode=True, width=120))
    return path


def remove_own_card(model_id: str) -> tuple[ModelCard, Path]:
    """Delete the card of a registered checkpoint; the checkpoint itself is left alone.

    Returns:
        The card, and the file that it stood in.

    Raises:
        InputError: There is no such card, or it is not one of a registered checkpoint.
        StorageError: It cannot be deleted.
    """
    known = sorted(path.stem for path in own_models_dir().glob("*.yaml"))
    if model_id not in known:
        raise InputError(
            f"There is no registered model '{model_id}'.{did_you_mean(model_id, known)}",
            hint=f"Registered with models add: {', '.join(known) or 'none'}. Other cards cannot be removed.",
            kind="unknown_model",
        )
    path = card_file(model_id)
    card = from_plain(ModelCard, read_yaml(path), what=str(path))
    if not card.weights.origin.is_own_file:
        raise InputError(
            f"{path} is no card of a registered checkpoint.", hint="It was put there by hand; delete it by hand."
        )
    try:
        path.unlink()
    except OSError as error:
        raise storage_error(path, error) from error
    return card, path


def card_file(model_id: str) -> Path:
    """Return where the card of a registered checkpoint stands."""
    return own_models_dir() / f"{model_id}.yaml"


def _carried_over(licence: LicenceFact, base: ModelCard) -> LicenceFact:
    words = f"Carried over from {base.id}; whether it holds for weights that were trained further is not known here."
    return replace(licence, remark=f"{licence.remark} {words}" if licence.remark else words)
