"""``mlipguide evaluate``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

from mlipguide.cli import options
from mlipguide.cli.on_cluster import refuse_beside_on, require_on, submitted
from mlipguide.records.requests.accuracy import EvaluateRequest
from mlipguide.records.requests.option import Panel


@options.asks(EvaluateRequest)
def evaluate(
    asked: EvaluateRequest,
    *,
    plot: Annotated[Path | None, options.plot("Draw predictions against references")] = None,
    html: Annotated[Path | None, options.html()] = None,
    on: options.On = None,
    split: Annotated[
        int,
        options.shown(
            "--split",
            metavar="N",
            help="With --on: jobs that share the frames of each model.",
            panel=Panel.MACHINE,
            min=1,
            max=1000,
            show_default=True,
        ),
    ] = 1,
    partition: options.OfPartition = None,
    dry_run: options.DryRun = False,
    try_node: options.TryNode = False,
    details: options.Details = False,
    as_json: options.Json = False,
) -> int:
    """Compare models with your own reference calculations: energies, forces and stresses of labelled frames.

    Every evaluation is kept, and used by 'recommend' for the same system.
    """
    from mlipguide.commands import calls

    if on is not None:
        from mlipguide.commands.on_cluster.starting import OnCluster

        where = OnCluster(file=on, dry_run=dry_run, try_node=try_node, partition=partition)
        refuse_beside_on({"--plot": plot, "--html": html, "--worst": asked.worst})
        submit = partial(calls.evaluate_on, asked, where, split=split)
        return submitted(submit, yes=asked.yes, dry_run=dry_run, details=details, as_json=as_json)
    require_on({"--split": split > 1, "--partition": partition, "--dry-run": dry_run, "--try-node": try_node})
    from mlipguide.cli.output import emit
    from mlipguide.evidence.accuracy.parity import ParityPoints
    from mlipguide.report.figures.parity_plot import save_parity
    from mlipguide.report.pages.evaluate_page import evaluate_page
    from mlipguide.report.progress import progress
    from mlipguide.report.words.command_words import typed

    points = None if plot is None and html is None else ParityPoints()
    with progress() as report:
        result = calls.evaluate(asked, options.way(report, yes=asked.yes, as_json=as_json), points)
    if plot is not None and points is not None:
        save_parity(result.data, points, plot)
    keys = {"--energy-key": asked.energy_key, "--forces-key": asked.forces_key, "--stress-key": asked.stress_key}
    given = typed(asked.labels, keys)
    if html is not None and points is not None:
        from mlipguide.hardware.probe import probe_machine
        from mlipguide.report.web import web_page
        from mlipguide.report.web.evaluate_web import evaluate_web

        web_page.save(evaluate_web(result, points, given, seed=asked.seed, machine=probe_machine()), html)
    page = partial(evaluate_page, given=given, details=details)
    return emit("evaluate", result, page, as_json=as_json)
