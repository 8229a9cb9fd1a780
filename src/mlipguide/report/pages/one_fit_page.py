"""One fit of a pilot in the terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType

from mlipguide.core.readable import duration
from mlipguide.records.training.pilot import OneFit
from mlipguide.report.pages.page_parts import conclusion
from mlipguide.report.words.pilot_words import between


def one_fit_page(data: OneFit, _console: Console) -> RenderableType:
    """Return what came of it, and where it is."""
    error = data.force_mae_ev_per_angstrom
    what = "it gave no potential" if error is None else f"force MAE {between(error)} meV/Å"
    return Group(conclusion(f"{data.fit}: {what}, after {duration(data.train_s)}.", data.folder))
