"""``mlipguide explore``."""

from __future__ import annotations

from mlipguide.cli import options
from mlipguide.records.requests.recommend import ExploreRequest


@options.asks(ExploreRequest)
def explore(asked: ExploreRequest, *, as_json: options.Json = False) -> int:
    """Change a question with keys or mouse, and see the answer follow at once, without measuring.

    What is printed at the end is the command line that gives the last answer; with --json it is the answer.
    """
    from mlipguide.explorer.requirements import require_explorer

    require_explorer()
    from mlipguide.cli.output import emit, emit_text
    from mlipguide.commands.explore import Exploration
    from mlipguide.explorer.app import ExplorerApp
    from mlipguide.records.notice import Result
    from mlipguide.report.pages.recommend_details import recommend_details
    from mlipguide.report.progress import progress

    with progress() as report:
        exploration = Exploration(asked, options.way(report, yes=asked.yes, as_json=as_json))
    ExplorerApp(exploration, lambda report: options.way(report, yes=asked.yes, as_json=False)).run()
    if as_json and exploration.answer is not None:
        return emit("recommend", exploration.answer.result, recommend_details, as_json=True)
    return emit_text(Result(None), exploration.command)
