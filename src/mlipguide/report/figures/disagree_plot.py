"""The disagreement over time, written as a PNG or SVG file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from mlipguide.records.accuracy.disagreement import Disagreement
from mlipguide.report.figures.picture_files import write_picture


def save_disagreement(data: Disagreement, path: Path) -> None:
    """Write the picture.

    Raises:
        InputError: The ending is not known, or there is no folder.
        StorageError: It cannot be written.
    """
    from mlipguide.report.figures.disagree_figure import rendered

    write_picture(path, partial(rendered, data))
