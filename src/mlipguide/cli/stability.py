"""``mlipguide stability``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

from mlipguide.cli import options
from mlipguide.records.requests.measuring import StabilityRequest


@options.asks(StabilityRequest)
def stability(
    asked: StabilityRequest,
    *,
    plot: Annotated[Path | None, options.plot("Draw drift, equation of state and scan")] = None,
    html: Annotated[Path | None, options.html()] = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Test whether models make a stable run: energy drift, longest time step, smoothness, symmetry."""
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.figures.stability_plot import save_stability
    from mlipguide.report.pages.stability_page import stability_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import structure_words

    with progress() as report:
        result = calls.stability(asked, options.way(report, yes=asked.yes, as_json=as_json))
    if plot is not None:
        save_stability(result.data, plot)
    given = structure_words(
        asked.structure,
        preset=asked.preset,
        index=asked.index,
        charge=asked.charge,
        spin=asked.spin,
        add=asked.add,
    )
    if html is not None:
        from mlipguide.hardware.probe import probe_machine
        from mlipguide.report.web import web_page
        from mlipguide.report.web.stability_web import stability_web

        web_page.save(stability_web(result, given, machine=probe_machine()), html)
    return emit("stability", result, partial(stability_page, given=given, details=details), as_json=as_json)
