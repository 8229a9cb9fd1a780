"""``mlipguide tune``."""

from __future__ import annotations

from functools import partial

from mlipguide.cli import options
from mlipguide.records.requests.measuring import TuneRequest


@options.asks(TuneRequest)
def tune(asked: TuneRequest, *, details: options.Details = False, as_json: options.Json = False) -> int:
    """Find the settings with which models are fastest here and compute the same; later commands use them."""
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.pages.tune_page import tune_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import structure_words

    with progress() as report:
        result = calls.tune(asked, options.way(report, yes=asked.yes, as_json=as_json))
    given = structure_words(
        asked.structure, preset=asked.preset, index=asked.index, charge=asked.charge, spin=asked.spin
    )
    return emit("tune", result, partial(tune_page, given=given, details=details), as_json=as_json)
