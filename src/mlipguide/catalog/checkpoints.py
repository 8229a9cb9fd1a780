"""Checkpoint files of the user's own: a card holds their checksum, so that another file is never taken for them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.records.models.model_card import ModelCard
from mlipguide.records.models.terms import WeightsOrigin

SHOWN_DIGITS = 12


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits.

    Raises:
        InputError: It is missing, no file, empty, or cannot be read.
    """
    hint = "Give the path of a checkpoint file."
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"The checkpoint file {path} {what}.", hint=hint)
    try:
        status = path.stat()
        if status.st_size == 0:
            raise InputError(f"The checkpoint file {path} is empty.", hint=hint)
        return _digest(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise InputError(f"The checkpoint file {path} cannot be read: {error.strerror}.", hint=hint) from error


@lru_cache(maxsize=64)
def _digest(path: Path, _size_bytes: int, _modified_ns: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def content_of(card: ModelCard, path: Path) -> str:
    """Return the checksum of the user's own file that a card is of; of a calculator with all that it is made of.

    Raises:
        InputError: It is missing or cannot be read.
    """
    if card.weights.origin is not WeightsOrigin.CALCULATOR:
        return sha256_of(path)
    from mlipguide.catalog.calculator_sources import content_sha256

    return content_sha256(path)


def own_version(card: ModelCard) -> dict[str, str]:
    """Return what tells one content of a calculator of the user's own from another, as a version; nothing of others."""
    if card.weights.origin is not WeightsOrigin.CALCULATOR:
        return {}
    return {card.id: str(card.weights.sha256)[:SHOWN_DIGITS]}


def calculator_words(card: ModelCard) -> str:
    """Return a calculator of the user's own as ``--calculator`` takes it."""
    name, path = card.weights.name, str(card.weights.path)
    if ":" in name:
        return name
    return f"{path}:{name}" if path.endswith(".py") else path


def is_missing(card: ModelCard) -> bool:
    """Tell whether the card is of a file of the user's own that is not there; the file is not read."""
    return card.weights.path is not None and not Path(card.weights.path).exists()


def checkpoint_problem(card: ModelCard) -> str | None:
    """Return what is wrong with the user's own file that a card is of; None when nothing is, or it is of none."""
    if not card.weights.origin.is_own_file:
        return None
    try:
        registered_file(card)
    except InputError as error:
        return error.message
    return None


def registered_file(card: ModelCard) -> Path:
    """Return the file of the user's own that a card is of, after comparing it with its checksum.

    Raises:
        InputError: Kind ``checkpoint``: it is missing, cannot be read, or is not the one that was registered.
    """
    weights = card.weights
    assert weights.path is not None
    path = Path(weights.path)
    what = f"{path} --from {weights.derived_from}"
    if weights.origin is WeightsOrigin.CALCULATOR:
        what = f"--calculator {calculator_words(card)}"
    hint = (
        f"Put the registered file back, or register the new one: mlipguide models remove {card.id}, then "
        f"mlipguide models add {what} --id {card.id}"
    )
    try:
        found = content_of(card, path)
    except InputError as error:
        raise InputError(f"{card.id}: {error.message}", hint=hint, kind="checkpoint") from error
    if found != weights.sha256:
        raise InputError(
            f"{card.id}: the checkpoint file {path} is not the one that was registered "
            f"(SHA-256 {found[:SHOWN_DIGITS]}…, registered {str(weights.sha256)[:SHOWN_DIGITS]}…).",
            hint=hint,
            kind="checkpoint",
        )
    return path
