"""Drift, equation of state and bond scan, written as a PNG or SVG file."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from mlipguide.records.accuracy.stability import StabilityData
from mlipguide.report.figures.picture_files import write_picture


def save_stability(data: StabilityData, path: Path) -> None:
    """Write the plot.

    Raises:
        InputError: The ending is not known.
        StorageError: It cannot be written.
    """
    from mlipguide.report.figures.stability_figure import rendered

    write_picture(path, partial(rendered, data))
