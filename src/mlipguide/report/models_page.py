"""The catalogue in the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.records.listings import ModelDetails, ModelList, Validation
from mlipguide.records.model_card import LicenceFact, ModelCard


def models_page(data: ModelList) -> RenderableType:
    """Return the table of models."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("Model", no_wrap=True)
    table.add_column("Backend", no_wrap=True)
    for title in ("Cutoff", "Elem.", "F1", "κ_SRME"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("Commercial", no_wrap=True)
    table.add_column("State", no_wrap=True)
    for card in data.models:
        metrics = card.metrics
        table.add_row(
            card.id,
            card.backend,
            _distance(card.architecture.cutoff_angstrom),
            str(len(card.training.elements)),
            _figure(None if metrics is None else metrics.f1),
            _figure(None if metrics is None else metrics.kappa_srme),
            card.licences.weights.commercial.value,
            card.life_cycle.value,
        )
    dates = sorted({card.metrics.read_on for card in data.models if card.metrics is not None})
    note = f"F1 and κ_SRME: Matbench Discovery, read {', '.join(dates)}; – is not published." if dates else ""
    return Group(table, Text(note, style="dim"))


def model_page(data: ModelDetails) -> RenderableType:
    """Return everything on one card."""
    card = data.model
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _facts(card):
        table.add_row(name, value)
    parts: list[RenderableType] = [Text(f"{card.name}  ({card.id})", style="bold"), table]
    parts += [Text(f"· {remark}") for remark in card.remarks]
    parts += [Text(""), Text("Sources", style="bold")]
    parts += [Text(f"[{source.key}] {source.title or ''} {source.link or ''}") for source in data.sources]
    return Group(*parts)


def validation_page(data: Validation) -> RenderableType:
    """Return the violations, one a line."""
    where = data.folder or "the built-in catalogue"
    if not data.violations:
        return Text(f"{data.cards} cards in {where}: all valid.", style="green")
    lines = [Text(f"{item.file}: {item.field}: {item.message}", style="red") for item in data.violations]
    return Group(*lines, Text(f"{len(data.violations)} violations in {where}."))


def _facts(card: ModelCard) -> list[tuple[str, str]]:
    architecture, training, metrics = card.architecture, card.training, card.metrics
    parameters = "unknown" if architecture.parameters is None else f"{architecture.parameters:,}"
    successor = f", superseded by {card.superseded_by}" if card.superseded_by else ""
    rows = [
        ("State", card.life_cycle.value + successor),
        ("Aliases", ", ".join(card.aliases) or "none"),
        ("Backend", card.backend),
        (
            "Architecture",
            (
                f"{architecture.family}, {parameters} parameters, cutoff {_distance(architecture.cutoff_angstrom)}, "
                f"{architecture.layers or '?'} layers, {architecture.forces.value} forces"
            ),
        ),
        ("Gives", ", ".join(need.value for need in card.provides) or "energies and forces"),
        ("Trained on", f"{', '.join(training.sets)}; {training.level_of_theory}"),
        ("Elements", f"{len(training.elements)}: {' '.join(training.elements)}"),
        ("Code", _licence(card.licences.code)),
        ("Weights", _licence(card.licences.weights)),
        ("Get it", card.weights.url or f"in the package {card.backend}"),
    ]
    if metrics is not None:
        rows.append(
            (
                "Accuracy",
                (
                    f"F1 {_figure(metrics.f1)}, κ_SRME {_figure(metrics.kappa_srme)}, RMSD {_figure(metrics.rmsd)}, "
                    f"CPS {_figure(metrics.cps)} (Matbench Discovery, read {metrics.read_on})"
                ),
            )
        )
    else:
        rows.append(("Accuracy", "no comparable figure was published"))
    return rows


def _licence(fact: LicenceFact) -> str:
    remark = f" {fact.remark}" if fact.remark else ""
    return f"{fact.name}; commercial use: {fact.commercial.value} (read {fact.read_on}).{remark}"


def _distance(angstrom: float | None) -> str:
    return "–" if angstrom is None else f"{angstrom:g} Å"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
