"""Predictions against references, written as a PNG or SVG file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.core.paths import storage_error
from mlipguide.records.accuracy import Evaluation
from mlipguide.report.scaling_plot import require_plottable

if TYPE_CHECKING:
    from mlipguide.evidence.parity import ParityPoints


def save_parity(data: Evaluation, points: ParityPoints, path: Path) -> None:
    """Write the plot.

    Raises:
        InputError: The ending is not known.
        StorageError: It cannot be written.
    """
    form = require_plottable(path)
    from mlipguide.report.parity_figure import rendered

    picture = rendered(data, points, form.removeprefix("."))
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise storage_error(path, error) from error
