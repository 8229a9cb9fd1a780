"""``mlipguide disagree``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

from mlipguide.cli import options
from mlipguide.records.requests.accuracy import DisagreeRequest


@options.asks(DisagreeRequest)
def disagree(
    asked: DisagreeRequest,
    *,
    plot: Annotated[Path | None, options.plot("Draw the disagreement over time")] = None,
    html: Annotated[Path | None, options.html()] = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Compare models with each other on your structure, without labels, and say what to label where they disagree.

    One model makes a short run at the temperature; all models evaluate its frames and distorted copies.
    """
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.figures.disagree_plot import save_disagreement
    from mlipguide.report.pages.disagree_page import disagree_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import structure_words

    with progress() as report:
        result = calls.disagree(asked, options.way(report, yes=asked.yes, as_json=as_json))
    if plot is not None:
        save_disagreement(result.data, plot)
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
        from mlipguide.report.web.disagree_web import disagree_web

        web_page.save(disagree_web(result, given, machine=probe_machine()), html)
    return emit("disagree", result, partial(disagree_page, given=given, details=details), as_json=as_json)
