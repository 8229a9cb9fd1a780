"""The learning curves as a PNG or SVG file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from mlipguide.records.training.pilot import PilotData
from mlipguide.report.figures.picture_files import write_picture


def save_plot(data: PilotData, path: Path) -> None:
    """Write the plot to ``path``, as PNG or SVG by its ending.

    Raises:
        InputError: Another ending, or no folder to write into.
        StorageError: The file cannot be written.
    """
    from mlipguide.report.figures.pilot_figure import rendered

    write_picture(path, partial(rendered, data))
