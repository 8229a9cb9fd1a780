"""One model in the terminal: its card with sources, and what is known of it on this machine."""

from __future__ import annotations

import shlex

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.records.hardware.environment import Environment, EnvironmentState
from mlipguide.records.models.model_card import Metrics, ModelCard
from mlipguide.records.models.model_listings import ModelDetails
from mlipguide.records.models.terms import CommercialUse, LifeCycle
from mlipguide.report.pages.page_parts import Step, conclusion, facts_grid, next_steps, notes
from mlipguide.report.tables.fitted_table import Column, fitted_table
from mlipguide.report.words.glossary_words import explained
from mlipguide.report.words.model_words import (
    capabilities,
    cited,
    conditions,
    figure,
    force_words,
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

SHORT = frozenset({"State", "Architecture", "Gives", "Trained on", "Get it", "Run it", "Accuracy", "MD test"})
"""Facts of the short page."""
MOST_REMARKS = 2
COMMERCIAL_WORDS = {
    CommercialUse.YES: "allowed",
    CommercialUse.NO: "not allowed",
    CommercialUse.CONDITIONS: "allowed on conditions",
    CommercialUse.CONFLICT: "not clear (sources disagree)",
    CommercialUse.UNKNOWN: "not known",
}


def model_page(data: ModelDetails, console: Console, *, details: bool = False) -> RenderableType:
    """Return what one model is good for, and what is measured of it.

    Args:
        data: The card and what is known of it here.
        console: Where it is printed.
        details: Everything that the card says, with its sources.
    """
    card = data.model
    known = _facts(data)
    rows = known if details else [(name, value) for name, value in known if name in SHORT]
    parts: list[RenderableType] = [_conclusion(data), Text(""), facts_grid(rows)]
    parts += [Text(f"· {remark}") for remark in (card.remarks if details else card.remarks[:MOST_REMARKS])]
    parts += [Text(""), Text("Measured on this machine", style="bold"), *_measured(data, console)]
    if details:
        parts += [Text(""), Text("Sources", style="bold"), *map(source_line, data.sources)]
    parts += notes([explained("F1", "κ_SRME", "CPS"), snapshot_note([card])])
    hidden = "elements, domains, licences in full, remarks, sources"
    return Group(*parts, *next_steps(_next(data), console, hidden=hidden, details=details))


def _conclusion(data: ModelDetails) -> Text:
    """Return whether to take the model: what has taken its place, what it may be used for, whether it runs here."""
    card = data.model
    words = [f"{card.name} ({card.id}): commercial use {COMMERCIAL_WORDS[card.licences.commercial]};"]
    environment = data.environment
    if environment is None:
        words.append("mlipguide cannot run it.")
    elif environment.state is EnvironmentState.READY:
        words.append("ready to run here.")
    else:
        words.append(f"its environment is {environment.state.value}.")
    if card.life_cycle is not LifeCycle.ACTIVE:
        instead = "" if card.superseded_by is None else f"; take {card.superseded_by}"
        words.insert(0, f"{card.life_cycle.value.capitalize()}{instead}.")
    return conclusion(*words)


def _next(data: ModelDetails) -> list[Step]:
    card, environment = data.model, data.environment
    if environment is None:
        return [Step("mlipguide models list --available", "models that run here")]
    steps = []
    if environment.state is not EnvironmentState.READY:
        steps.append(Step(f"mlipguide env build {card.backend}", "what it runs in"))
    steps.append(Step(f"mlipguide bench STRUCTURE --models {card.id}", "how fast it is here"))
    if card.superseded_by is not None:
        steps.append(
            Step(f"mlipguide models compare {card.id} {card.superseded_by}", "what is better in its successor")
        )
    return steps


def _facts(data: ModelDetails) -> list[tuple[str, str]]:
    card = data.model
    architecture, training = card.architecture, card.training
    count = "unknown number of" if architecture.parameters is None else f"{architecture.parameters:,}"
    head = f"; head {training.head}" if training.head else ""
    sets = ", ".join(training.sets) or ("labels of your own" if card.tells_all else "what is not stated")
    elements = "not known" if training.elements is None else f"{len(training.elements)}: {' '.join(training.elements)}"
    rows = [
        ("State", state(card)),
        ("Aliases", ", ".join(card.aliases) or "none"),
        ("Backend", card.backend),
        (
            "Architecture",
            (
                f"{architecture.family}, {count} parameters, cutoff {length(architecture.cutoff_angstrom)}, "
                f"{architecture.layers or '?'} layers, {force_words(card)} forces"
            ),
        ),
        ("Gives", f"energy, forces, {capabilities(card)}"),
        (
            "Trained on",
            f"{sets}; {training.level_of_theory or 'level of theory not known'}{head}{cited(training.sources)}",
        ),
        ("Elements", elements),
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
        return [Text("Nothing yet.")]
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
