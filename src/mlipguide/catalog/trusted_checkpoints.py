"""Which checkpoint files may be loaded without a question: those that somebody vouched for, by their checksums.

One line a file, as ``sha256sum`` writes it; a line that is damaged vouches for nothing.
"""

from __future__ import annotations

from pathlib import Path

from mlipguide.catalog.checkpoints import sha256_of
from mlipguide.catalog.pickles import imported_names
from mlipguide.core.errors import InputError
from mlipguide.core.paths import make_folder, storage_error, trusted_checkpoints_file
from mlipguide.records.models.model_card import ModelCard

SHOWN_NAMES = 3


def unvouched_names(path: Path, card: ModelCard | None = None) -> tuple[str, ...]:
    """Return what loading a checkpoint would import, where nobody vouched for the file; none where it is safe.

    Args:
        path: The file.
        card: Of the model that it is given for; its publisher's checksum vouches for the file.

    Raises:
        InputError: The file is missing or cannot be read.
    """
    try:
        names = imported_names(path)
    except OSError as error:
        raise InputError(
            f"The checkpoint file {path} cannot be read: {error.strerror}.", hint="Check the path and its permissions."
        ) from error
    if not names:
        return ()
    published = set() if card is None else {card.weights.sha256}
    return () if sha256_of(path) in _vouched() | published else names


def vouch(path: Path) -> None:
    """Remember that the user trusts a file as it is now.

    Raises:
        StorageError: The list cannot be written.
    """
    kept = trusted_checkpoints_file()
    make_folder(kept.parent)
    try:
        with kept.open("a", encoding="utf-8") as stream:
            stream.write(f"{sha256_of(path)}  {path}\n")
    except OSError as error:
        raise storage_error(kept, error) from error


def question_about(path: Path, names: tuple[str, ...]) -> str:
    """Return what to ask before a file is loaded that may run any code."""
    return f"{_warning(path, names)} Load it?"


def refusal_of(path: Path, names: tuple[str, ...]) -> InputError:
    """Return the error for a file that nobody vouched for."""
    return InputError(
        _warning(path, names),
        hint=f"If you trust where it comes from, give --yes, once for this file (SHA-256 {sha256_of(path)}).",
        kind="untrusted_checkpoint",
    )


def _warning(path: Path, names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:SHOWN_NAMES]) + (
        f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    )
    return f"{path} is a pickle: loading it runs code, of {shown}."


def _vouched() -> frozenset[str]:
    try:
        text = trusted_checkpoints_file().read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    return frozenset(line.partition(" ")[0] for line in text.splitlines())
