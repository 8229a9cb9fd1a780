"""Time to solution against simulated time, written as a PNG or SVG file."""

from __future__ import annotations

from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.core.paths import storage_error
from mlipguide.records.advice import Recommendation
from mlipguide.report.scaling_plot import require_plottable


def save_break_even(answer: Recommendation, path: Path) -> None:
    """Write the plot.

    Raises:
        InputError: The ending is not known, or no strategy has a price.
        StorageError: It cannot be written.
    """
    from mlipguide.report.break_even_figure import drawable, rendered

    form = require_plottable(path)
    if answer.task.simulated_time_s is None:
        raise InputError(
            f"There is nothing to draw into {path.name}: only molecular dynamics has a simulated time.",
            hint="Leave --plot out.",
        )
    if answer.strategies is None or not drawable(answer.strategies):
        raise InputError(
            f"There is nothing to draw into {path.name}: no strategy has a total time.",
            hint="Let a model be timed, or name one that knows the elements.",
        )
    picture = rendered(answer.strategies, answer.task, form.removeprefix("."))
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise storage_error(path, error) from error
