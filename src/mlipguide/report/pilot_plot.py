"""The learning curves as a PNG or SVG file."""

from __future__ import annotations

from pathlib import Path

from mlipguide.core.paths import storage_error
from mlipguide.records.pilot import PilotData
from mlipguide.report.scaling_plot import require_plottable


def save_plot(data: PilotData, path: Path) -> None:
    """Write the plot to ``path``, as PNG or SVG by its ending.

    Raises:
        InputError: Another ending, or no folder to write into.
        StorageError: The file cannot be written.
    """
    form = require_plottable(path)
    from mlipguide.report.pilot_figure import rendered

    image = rendered(data, form[1:])
    try:
        path.write_bytes(image)
    except OSError as error:
        raise storage_error(path, error) from error
