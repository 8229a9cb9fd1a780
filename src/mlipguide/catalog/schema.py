"""The published JSON schemas of model cards and of families, generated from the records.

``data/schemas/model-card-1.json`` is what :func:`card_schema` returns, ``family-card-1.json`` what
:func:`family_schema` does; a test holds them together. After a change of a record, write them anew with
``python -m mlipguide.catalog.schema``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlipguide.catalog.locations import DATA
from mlipguide.core.serialisation import json_schema, to_json, write_atomically
from mlipguide.records.models.family_card import FamilyCard
from mlipguide.records.models.model_card import ModelCard

CARD_SCHEMA = DATA / "schemas" / "model-card-1.json"
FAMILY_SCHEMA = DATA / "schemas" / "family-card-1.json"


def card_schema() -> dict[str, Any]:
    """Return the JSON schema of what stands in a card's file."""
    return json_schema(ModelCard, mode="validation")


def family_schema() -> dict[str, Any]:
    """Return the JSON schema of what stands in a family's file."""
    return json_schema(FamilyCard, mode="validation")


def write_schemas(folder: Path = CARD_SCHEMA.parent) -> None:
    """Write both schemas into ``folder``.

    Raises:
        StorageError: It cannot be written.
    """
    write_atomically(folder / CARD_SCHEMA.name, to_json(card_schema()) + "\n")
    write_atomically(folder / FAMILY_SCHEMA.name, to_json(family_schema()) + "\n")


if __name__ == "__main__":
    write_schemas()
