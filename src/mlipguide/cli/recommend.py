"""``mlipguide recommend``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from mlipguide.cli import options
from mlipguide.cli.completion import completer
from mlipguide.records.requests.option import Completion, Panel
from mlipguide.records.requests.recommend import RecommendRequest


@options.asks(RecommendRequest)
def recommend(
    asked: RecommendRequest,
    *,
    interactive: Annotated[
        bool,
        options.shown("--interactive", help="Ask the questions one by one, then answer.", panel=Panel.TASK),
    ] = False,
    why: Annotated[
        str | None,
        options.shown(
            "--why",
            metavar="MODEL",
            help="Show why this model got its verdict, with sources.",
            autocompletion=completer(Completion.MODELS),
        ),
    ] = None,
    on: options.On = None,
    plot: Annotated[Path | None, options.plot("Draw time to solution against simulated time")] = None,
    html: Annotated[Path | None, options.html()] = None,
    details: Annotated[
        bool, options.shown("--details", help="Show every model, price and reason instead of one screen.")
    ] = False,
    as_json: options.Json = False,
) -> int:
    """Say which model to run for a simulation, with which settings, how long it takes and whether it fits.

    Candidates are timed on your own structure; nothing is installed without your consent.
    """
    if on is not None:
        return _on_cluster(asked, on, details=details, as_json=as_json)
    from dataclasses import replace
    from functools import partial

    from mlipguide.cli.interview import interview
    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.figures.break_even_plot import save_break_even
    from mlipguide.report.pages.recommend_details import recommend_details
    from mlipguide.report.pages.recommend_page import recommend_page, told_beside
    from mlipguide.report.progress import progress

    if interactive:
        asked = interview(calls.with_config(asked), options.asker("--interactive"))
    with progress() as report:
        result = calls.recommend(asked, options.way(report, yes=asked.yes, as_json=as_json))
    if plot is not None:
        save_break_even(result.data, plot)
    if html is not None:
        from mlipguide.report.web import web_page
        from mlipguide.report.web.recommend_web import recommend_web

        web_page.save(recommend_web(result.data, told_beside(result.data, result.notices)), html)
    if why is not None and not as_json:
        return options.explain_verdict(result, why)
    if details or as_json:
        return emit("recommend", result, recommend_details, as_json=as_json)
    page = partial(recommend_page, notices=result.notices)
    told = replace(result, notices=told_beside(result.data, result.notices))
    return emit("recommend", told, page, as_json=False)


def _on_cluster(asked: RecommendRequest, file: Path, *, details: bool, as_json: bool) -> int:
    from functools import partial

    from mlipguide.cli.output import emit
    from mlipguide.commands import calls
    from mlipguide.report.pages.partitions_page import partitions_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import structure_words

    with progress() as report:
        result = calls.recommend_on(asked, file, options.way(report, yes=asked.yes, as_json=as_json))
    task = asked.task
    given = structure_words(task.structure, preset=task.preset, index=task.index)
    page = partial(partitions_page, given=given, file=file, details=details)
    return emit("recommend on", result, page, as_json=as_json)
