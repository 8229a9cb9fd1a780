"""Typed reasons on their way out: beside their fields stand what they are a matter of, and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from mlipguide.core.serialisation import json_schema, to_plain
from mlipguide.records.advice.verdict_reasons import Constraint, Doubt, Reason, Rejection
from mlipguide.report.words.reason_words import reason_words

WORDED = (Rejection, Doubt)
ADDED: dict[str, Any] = {
    "constraint": {"$ref": "#/$defs/Constraint"},
    "unit": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    "message": {"type": "string"},
}
"""Fields that are added to each of these, with their schema."""


def to_worded(record: Any) -> Any:
    """Return a record as plain data, every reason in it with its constraint, unit and message."""
    plain = to_plain(record)
    _add_words(record, plain)
    return plain


def without_words(plain: Any) -> Any:
    """Return plain data without what :func:`to_worded` added: what a record can be read from again."""
    if isinstance(plain, dict):
        added = ADDED if {"kind", *ADDED} <= plain.keys() else {}
        return {name: without_words(value) for name, value in plain.items() if name not in added}
    return [without_words(value) for value in plain] if isinstance(plain, list) else plain


def worded_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a record with what :func:`to_worded` adds."""
    definitions = schema.get("$defs", {})
    for kind in WORDED:
        found = definitions.get(kind.__name__)
        if found is not None:
            found["properties"] |= ADDED
            found["required"] = [*found["required"], *ADDED]
            definitions["Constraint"] = {
                name: value for name, value in json_schema(Constraint).items() if name != "$schema"
            }
    return schema


def _add_words(record: Any, plain: Any) -> None:
    if isinstance(record, Reason):
        plain |= {
            "constraint": record.constraint.value,
            "unit": record.kind.unit,
            "message": reason_words(record),
        }
    if is_dataclass(record):
        for item in fields(record):
            _add_words(getattr(record, item.name), plain[item.name])
    elif isinstance(record, (tuple, list)):
        for one, its_plain in zip(record, plain, strict=True):
            _add_words(one, its_plain)
    elif isinstance(record, Mapping):
        for one, its_plain in zip(record.values(), plain.values(), strict=True):
            _add_words(one, its_plain)
