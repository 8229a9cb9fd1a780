"""Where the record of a folder of the user's stands: a new one takes the place of the old."""

from __future__ import annotations

import hashlib
from pathlib import Path

DIGITS = 12


def file_of(place: Path, folder: str) -> Path:
    """Return the file in ``place`` of what came of ``folder``."""
    return place / f"{hashlib.sha256(folder.encode()).hexdigest()[:DIGITS]}.json"
