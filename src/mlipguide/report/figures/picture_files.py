"""Pictures written as PNG or SVG files; what draws them is imported by whoever asks for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.core.paths import storage_error

FORMATS = (".png", ".svg")


def require_plottable(path: Path) -> str:
    """Return the ending of ``path`` when a plot can be written with it: before anything is measured for it.

    Raises:
        InputError: Another ending, or no folder to write into.
    """
    return require_form(path, FORMATS, "A plot")


def require_form(path: Path, forms: Sequence[str], what: str) -> str:
    """Return the ending of ``path`` when ``what`` can be written with it.

    Raises:
        InputError: Another ending than those of ``forms``, or no folder to write into.
    """
    form = path.suffix.lower()
    if form not in forms:
        raise InputError(
            f"{what} cannot be written as '{path.name}'.", hint=f"Let its name end in {' or '.join(forms)}."
        )
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent} to write {path.name} into.", hint="Make it first.")
    return form


def write_picture(path: Path, drawn: Callable[[str], bytes]) -> None:
    """Write a picture to ``path``, as PNG or SVG by its ending.

    Args:
        path: The file.
        drawn: Draws it in a format, ``png`` or ``svg``.

    Raises:
        InputError: As :func:`require_plottable`.
        StorageError: The file cannot be written.
    """
    write_file(path, drawn(require_plottable(path).removeprefix(".")))


def write_file(path: Path, content: bytes) -> None:
    """Write what somebody asked for.

    Raises:
        StorageError: The file cannot be written.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        raise storage_error(path, error) from error
