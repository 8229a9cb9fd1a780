"""Small reads from ``/proc`` and ``/sys``, where a missing or forbidden file is an answer too."""

from __future__ import annotations

from pathlib import Path

LARGEST_INDEX = 1 << 16
"""Beyond any CPU or GPU number; a range that ends above it is a damaged file, not a machine."""


def read_text(path: Path) -> str | None:
    """Return the text of a file without surrounding white space, None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except (OSError, ValueError):
        return None


def read_integer(path: Path) -> int | None:
    """Return the number that a file holds, None where it cannot be read or holds none."""
    return parse_integer(read_text(path))


def parse_integer(text: str | None) -> int | None:
    """Return a decimal whole number, None for anything else."""
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None


def parse_index_list(text: str | None) -> tuple[int, ...] | None:
    """Return the numbers of a list such as ``0-3,8``, sorted and once each.

    Args:
        text: The kernel's list format, which SLURM uses too. An empty text is an empty list.

    Returns:
        The numbers, or None where the text is missing or not such a list.
    """
    if text is None:
        return None
    found: set[int] = set()
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        first, dash, last = part.partition("-")
        start = parse_integer(first)
        end = parse_integer(last) if dash else start
        if start is None or end is None or not 0 <= start <= end < LARGEST_INDEX:
            return None
        found.update(range(start, end + 1))
    return tuple(sorted(found))
