"""YAML files: read safely, and those of the package from one file of JSON that is made of them.

The package has more than 300 of them. Parsing them takes longer than all else that an answer from kept timings needs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from mlipguide.core.errors import InputError, StorageError, concerning
from mlipguide.core.paths import indexes_dir
from mlipguide.core.serialisation import write_atomically

PACKAGED = Path(__file__).parent.parent / "data"
"""Folder of the package's own files."""
MOST_VALUES = 1_000_000
"""Of a YAML document with its aliases written out: nine lines can stand for more than any memory holds."""


def read_yaml(path: Path) -> Any:
    """Read one YAML document.

    Raises:
        InputError: The file cannot be read or is not YAML.
    """
    with concerning(file=str(path)):
        name = str(path)
        if name.startswith(str(PACKAGED)):
            documents = _packaged()
            if name in documents:
                return documents.pop(name)  # for the first who asks: what is returned may be changed
        return _parsed(path)


def _parsed(path: Path) -> Any:
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same rules, several times as fast
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=loader)  # noqa: S506  # a safe loader either way
        exploding = "&" in text and "*" in text and _values_in(document, {}, set()) > MOST_VALUES
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read {path}: {error}.", hint="Give the path of a YAML text file.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date that is none, brackets too deep
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where is not None else ""
        raise InputError(f"{path}{line}: not valid YAML.", hint="Check indentation and quotes there.") from error
    if exploding:
        raise InputError(
            f"{path}: its aliases (*name) stand for more than {MOST_VALUES:,} values.",
            hint="Write out what is meant, without aliases.",
        )
    return document


def _values_in(value: Any, known: dict[int, int], around: set[int]) -> int:
    """Return how many values stand in ``value`` when each alias is written out.

    Args:
        value: Lists and mappings of plain values; aliases are the same object in several places.
        known: What was counted already, by identity.
        around: Identities of what ``value`` stands in.

    Raises:
        ValueError: Something stands in itself.
    """
    if not isinstance(value, list | dict):
        return 1
    if id(value) in around:
        raise ValueError("an alias of what it stands in")
    if id(value) not in known:
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_values_in(one, known, around | {id(value)}) for one in inner)
    return known[id(value)]


@cache
def _packaged() -> dict[str, Any]:
    """Return the documents of the package by their paths, those that JSON gives back as they are."""
    files = sorted(PACKAGED.rglob("*.yaml"))
    states = [(str(file), file.stat()) for file in files]
    state = [[name, found.st_size, found.st_mtime_ns] for name, found in states]
    kept = indexes_dir() / f"packaged-{hashlib.sha256(str(PACKAGED).encode()).hexdigest()[:16]}.json"
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        known = json.loads(kept.read_text(encoding="utf-8"))
        if known["state"] == state:
            return dict(known["documents"])
    documents = {}
    for (name, _), file in zip(states, files, strict=True):
        with contextlib.suppress(InputError, TypeError, ValueError):
            document = _parsed(file)
            if json.loads(json.dumps(document)) == document:  # dates are no JSON, and numbers are no keys there
                documents[name] = document
    with contextlib.suppress(StorageError):
        write_atomically(kept, json.dumps({"state": state, "documents": documents}))
    return documents
