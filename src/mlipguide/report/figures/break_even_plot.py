"""Time to solution against simulated time, written as a PNG or SVG file."""

from __future__ import annotations

from pathlib import Path

from mlipguide.core.errors import InputError
from mlipguide.records.advice.advice import Recommendation
from mlipguide.report.figures.picture_files import require_plottable, write_picture


def save_break_even(answer: Recommendation, path: Path) -> None:
    """Write the plot.

    Raises:
        InputError: The ending is not known, or no strategy has a price.
        StorageError: It cannot be written.
    """
    from mlipguide.report.figures.break_even_figure import drawable, rendered

    require_plottable(path)
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
    strategies, task = answer.strategies, answer.task
    write_picture(path, lambda form: rendered(strategies, task, form))
