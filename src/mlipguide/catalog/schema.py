"""The published JSON schema of model cards, generated from the record.

``data/schemas/model-card-1.json`` is what :func:`card_schema` returns; a test holds the two together. After a
change of the record, write it anew with ``python -m mlipguide.catalog.schema``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlipguide.catalog.locations import DATA
from mlipguide.core.serialisation import json_schema, to_json, write_atomically
from mlipguide.records.model_card import ModelCard

CARD_SCHEMA = DATA / "schemas" / "model-card-1.json"


def card_schema() -> dict[str, Any]:
    """Return the JSON schema of what stands in a card's file."""
    return json_schema(ModelCard, mode="validation")


def write_card_schema(path: Path = CARD_SCHEMA) -> None:
    """Write the schema to ``path``.

    Raises:
        StorageError: It cannot be written.
    """
    write_atomically(path, to_json(card_schema()) + "\n")


if __name__ == "__main__":
    write_card_schema()
