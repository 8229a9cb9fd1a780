"""Loading the cards of families that are trained for one system."""

from __future__ import annotations

from pathlib import Path

from mlipguide.catalog.locations import builtin_files
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.look import once_a_look
from mlipguide.core.serialisation import from_plain, once_per_state
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.models.family_card import FamilyCard


@once_a_look
def load_families() -> tuple[FamilyCard, ...]:
    """Load the built-in families, sorted by id.

    Raises:
        InputError: A file cannot be read or a card is malformed.
    """
    return tuple(sorted(map(_read_family, builtin_files().families), key=lambda card: card.id))


@once_per_state
def _read_family(path: Path) -> FamilyCard:
    return from_plain(FamilyCard, read_yaml(path), what=str(path))


def find_family(name: str) -> FamilyCard:
    """Return the family with this id, in whatever case it is written.

    Raises:
        InputError: There is none; the closest known name is suggested.
    """
    families = {card.id: card for card in load_families()}
    card = families.get(name.strip().lower())
    if card is None:
        raise InputError(
            f"There is no family '{name}'.{did_you_mean(name, list(families))}",
            hint=f"There are {', '.join(families)}.",
            kind="unknown_family",
        )
    return card
