"""``mlipguide plan``."""

from __future__ import annotations

from mlipguide.cli import options
from mlipguide.records.requests.measuring import PlanRequest


@options.asks(PlanRequest)
def plan(asked: PlanRequest, *, as_json: options.Json = False) -> int:
    """Say what hardware a run of one model needs: which devices and how many, and what would change it.

    Nothing is measured. Earlier measurements on this machine and published timings are used, as 'recommend --hardware'
    uses them.
    """
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.pages.plan_page import plan_page
    from mlipguide.report.progress import progress

    with progress() as report:
        result = calls.plan(asked, options.way(report, yes=False, as_json=as_json))
    return emit("plan", result, plan_page, as_json=as_json)
