"""Looking into cards as plain data, before it is known whether they are well formed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

Found = Iterator[tuple[str, str]]
"""Pairs of the path of a field and what is wrong with it."""


def value(plain: Any, path: str) -> Any:
    """Return what stands at a path of keys, or None where there is nothing of the kind."""
    for key in path.split("."):
        plain = plain.get(key) if isinstance(plain, dict) else None
    return plain


def texts(plain: Any, path: str) -> list[str]:
    """Return the texts of the list at a path; an empty list where there is none."""
    found = value(plain, path)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def names(plain: Any) -> list[str]:
    """Return the id of a card, empty where there is none, and its aliases."""
    name = value(plain, "id")
    return [name if isinstance(name, str) else "", *texts(plain, "aliases")]


def fields_named(plain: Any, name: str, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give every field of a name, at whatever depth, with its path, as in ``training.domains.0.sources``."""
    if isinstance(plain, dict):
        items = [(str(key), item) for key, item in plain.items()]
    elif isinstance(plain, list):
        items = [(str(position), item) for position, item in enumerate(plain)]
    else:
        return
    for key, item in items:
        place = f"{path}.{key}" if path else key
        if key == name:
            yield place, item
        yield from fields_named(item, name, place)


def is_iso_date(text: str) -> bool:
    """Tell whether a text is a date such as 2026-11-22."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_number_or_none(item: Any) -> bool:
    """Tell whether something is a number (truth values are none) or nothing."""
    return item is None or (isinstance(item, (int, float)) and not isinstance(item, bool))
