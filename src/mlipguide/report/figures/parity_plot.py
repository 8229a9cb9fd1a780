"""Predictions against references, written as a PNG or SVG file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlipguide.records.accuracy.accuracy import Evaluation
from mlipguide.report.figures.picture_files import write_picture

if TYPE_CHECKING:
    from mlipguide.evidence.accuracy.parity import ParityPoints


def save_parity(data: Evaluation, points: ParityPoints, path: Path) -> None:
    """Write the plot.

    Raises:
        InputError: The ending is not known.
        StorageError: It cannot be written.
    """
    from mlipguide.report.figures.parity_figure import rendered

    write_picture(path, partial(rendered, data, points))
