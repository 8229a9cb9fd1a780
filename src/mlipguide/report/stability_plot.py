"""Drift, equation of state and bond scan, written as a PNG or SVG file."""

from __future__ import annotations

from pathlib import Path

from mlipguide.core.paths import storage_error
from mlipguide.records.stability import StabilityData
from mlipguide.report.scaling_plot import require_plottable


def save_stability(data: StabilityData, path: Path) -> None:
    """Write the plot.

    Raises:
        InputError: The ending is not known.
        StorageError: It cannot be written.
    """
    from mlipguide.report.stability_figure import rendered

    picture = rendered(data, require_plottable(path).removeprefix("."))
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise storage_error(path, error) from error
