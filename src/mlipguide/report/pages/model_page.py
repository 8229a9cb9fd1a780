"""One model in the terminal: its card with sources, and what is known of it on this machine."""

from __future__ import annotations

import shlex

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.records.hardware.environment import Environment, EnvironmentState
from mlipguide.records.models.model_card import Metrics, ModelCard
from mlipguide.records.models.model_listings import ModelDetails
from mlipguide.report.tables.fitted_table import Column, fitted_table
from mlipguide.report.words.model_words import (
    capabilities,
    cited,
    conditions,
    figure,
    length,
    licence,
    md_force_rmse,
    md_run_time,
    origin,
    peak_memory,
    score,
    snapshot_note,
    source_line,
    state,
    step_time,
    training_cost,
)


def model_page(data: ModelDetails, console: Console) -> RenderableType:
    """Return everything on one model."""
    card = data.model
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _facts(data):
        table.add_row(name, Text(value))
    parts: list[RenderableType] = [Text(f"{card.name}  ({card.id})", style="bold"), table]
    parts += [Text(f"· {remark}") for remark in card.remarks]
    parts += [Text(""), Text("Measured on this machine", style="bold"), *_measured(data, console)]
    parts += [Text(""), Text("Sources", style="bold"), *map(source_line, data.sources)]
    return Group(*parts, Text(snapshot_note([card]), style="dim"))


def _facts(data: ModelDetails) -> list[tuple[str, str]]:
    card = data.model
    architecture, training = card.architecture, card.training
    count = "unknown number of" if architecture.parameters is None else f"{architecture.parameters:,}"
    head = f"; head {training.head}" if training.head else ""
    sets = ", ".join(training.sets) or "labels of your own"
    rows = [
        ("State", state(card)),
        ("Aliases", ", ".join(card.aliases) or "none"),
        ("Backend", card.backend),
        (
            "Architecture",
            (
                f"{architecture.family}, {count} parameters, cutoff {length(architecture.cutoff_angstrom)}, "
                f"{architecture.layers or '?'} layers, {architecture.forces.value} forces"
            ),
        ),
        ("Gives", f"energy, forces, {capabilities(card)}"),
        (
            "Trained on",
            f"{sets}; {training.level_of_theory}{head}{cited(training.sources)}",
        ),
        ("Elements", f"{len(training.elements)}: {' '.join(training.elements)}"),
    ]
    rows += [
        ("Domains" if position == 0 else "", f"{fact.domain.value}: {fact.evidence}{cited(fact.sources)}")
        for position, fact in enumerate(training.domains)
    ]
    cost = training.cost
    rows += [
        ("Training", training_cost(cost) + ("" if cost is None else cited(cost.sources))),
        ("Code", licence(card.licences.code)),
        ("Weights", licence(card.licences.weights)),
        ("Get it", _origin(data)),
        ("Run it", _installation(card, data.environment)),
        ("Accuracy", _accuracy(card.metrics)),
    ]
    if card.metrics is not None:
        rows.append(("MD test", _md_test(card.metrics)))
    return rows


def _origin(data: ModelDetails) -> str:
    if not data.model.weights.origin.is_own_file:
        return origin(data.model)
    found = data.checkpoint_problem or f"as registered, SHA-256 {data.model.weights.sha256}."
    return f"{origin(data.model)}; {found}"


def _installation(card: ModelCard, environment: Environment | None) -> str:
    if environment is None:
        by_hand = f"; by hand: pip install {shlex.join(card.packages)}" if card.packages else ""
        python = f" (Python {card.python})" if card.python and card.packages else ""
        return f"mlipguide has no recipe for {card.backend} and cannot run it{by_hand}{python}"
    if environment.state is EnvironmentState.READY:
        return f"{environment.kind.value} environment of {card.backend}, Python {environment.python_version}: ready"
    return f"environment of {card.backend}: {environment.state.value}; mlipguide env build {card.backend}"


def _accuracy(metrics: Metrics | None) -> str:
    if metrics is None:
        return "no comparable figure was published"
    return (
        f"F1 {score(metrics.f1)}, κ_SRME {score(metrics.kappa_srme)}, RMSD {figure(metrics.rmsd)}, "
        f"CPS {score(metrics.cps)}{cited(metrics.sources)}"
    )


def _md_test(metrics: Metrics) -> str:
    return f"force RMSE {md_force_rmse(metrics)} meV/Å; run time {md_run_time(metrics)}"


def _measured(data: ModelDetails, console: Console) -> list[RenderableType]:
    items = data.measured
    if not items and data.environment is None:
        return [Text("Nothing: mlipguide cannot run it.")]
    if not items:
        return [
            Text("Nothing yet. To measure it:"),
            Text(f"  mlipguide bench STRUCTURE --models {data.model.id}", style="cyan"),
        ]
    columns = [
        Column(title="Structure", cells=tuple(item.structure for item in items), rank=0),
        Column(title="Atoms", cells=tuple(f"{item.result.atoms:,}" for item in items), rank=0, right=True),
        Column(title="Step", cells=tuple(map(step_time, items)), rank=0, right=True),
        Column(title="Memory", cells=tuple(map(peak_memory, items)), rank=1, right=True),
        Column(title="On", cells=tuple(item.taken_at[:10] for item in items), rank=2),
    ]
    parts: list[RenderableType] = []
    for words in dict.fromkeys(map(conditions, items)):
        rows = [position for position, item in enumerate(items) if conditions(item) == words]
        shown = [
            Column(
                title=column.title,
                cells=tuple(column.cells[position] for position in rows),
                rank=column.rank,
                right=column.right,
            )
            for column in columns
        ]
        parts += [Text(words), fitted_table(shown, console.width)[0]]
    return parts
