"""The disagreement over time, written as a PNG or SVG file."""

from __future__ import annotations

from pathlib import Path

from mlipguide.core.paths import storage_error
from mlipguide.records.disagreement import Disagreement
from mlipguide.report.scaling_plot import require_plottable


def save_disagreement(data: Disagreement, path: Path) -> None:
    """Write the picture.

    Raises:
        InputError: The ending is not known, or there is no folder.
        StorageError: It cannot be written.
    """
    form = require_plottable(path)
    from mlipguide.report.disagree_figure import rendered

    picture = rendered(data, form.removeprefix("."))
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise storage_error(path, error) from error
