"""``mlipguide plan``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

from mlipguide.cli import options
from mlipguide.records.requests.measuring import PlanRequest


@options.asks(PlanRequest)
def plan(
    asked: PlanRequest,
    *,
    html: Annotated[Path | None, options.html()] = None,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Say what hardware a run of one model needs: which devices and how many, and what would change it.

    Nothing is measured. Earlier measurements on this machine and published timings are used, as 'recommend --hardware'
    uses them.
    """
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.pages.plan_page import plan_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import structure_words

    with progress() as report:
        result = calls.plan(asked, options.way(report, yes=False, as_json=as_json))
    given = structure_words(
        asked.structure, preset=asked.preset, index=asked.index, charge=asked.charge, spin=asked.spin
    )
    if html is not None:
        from mlipguide.report.web import web_page
        from mlipguide.report.web.plan_web import plan_web

        web_page.save(plan_web(result, given=given), html)
    return emit("plan", result, partial(plan_page, given=given, details=details), as_json=as_json)
