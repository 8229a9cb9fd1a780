"""Why one model got its verdict: every number with its interval, its basis and what it stands on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, memory, number, simulated_time
from mlipguide.records.advice.advice import Candidate
from mlipguide.records.advice.reasons import ModelReasons
from mlipguide.records.estimate import Estimate
from mlipguide.report.tables.hardware_table import verdict_words
from mlipguide.report.words.engine_words import engine_words
from mlipguide.report.words.formatting import VERDICT_STYLES, interval
from mlipguide.report.words.reason_words import reason_words


def why_page(reasons: Sequence[ModelReasons]) -> RenderableType:
    """Return the page: for each hardware the verdict with its reasons and the numbers, then the sources."""
    parts: list[RenderableType] = []
    for one in reasons:
        parts += [_head(one), *_why(one.candidate), Text(""), _numbers(one.candidate), Text("")]
    files = list(dict.fromkeys(file for one in reasons for file in one.record_files))
    if files:
        parts += [Text("Measurements", style="bold"), *(Text(file, overflow="fold") for file in files), Text("")]
    sources = {source.key: source for one in reasons for source in one.sources}
    parts.append(Text("Sources", style="bold"))
    parts += [Text(f"[{key}] {one.title or ''} {one.link or ''}".strip()) for key, one in sources.items()]
    return Group(*parts)


def _head(one: ModelReasons) -> Text:
    where = "" if one.hardware is None else f" on {one.hardware}"
    candidate = one.candidate
    return Text.assemble(
        (f"{candidate.name} ({candidate.model}){where}: ", "bold"),
        (verdict_words(candidate), VERDICT_STYLES[candidate.verdict]),
    )


def _numbers(candidate: Candidate) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    rows: tuple[tuple[str, Estimate | None, Callable[[float], str]], ...] = (
        ("Step", candidate.step_time_s, duration),
        ("Run", candidate.run_time_s, duration),
        ("ns/day", candidate.ns_per_day, number),
        ("Memory", candidate.peak_memory_bytes, memory),
        ("Fits up to", candidate.max_atoms, number),
        ("In time up to", candidate.affordable_atoms, number),
    )
    for title, estimate, words in rows:
        table.add_row(title, "not known" if estimate is None else _in_full(estimate, words))
    if candidate.timestep_s is not None:
        table.add_row("Time step", simulated_time(candidate.timestep_s))
    evidence = candidate.evidence
    figures = {"F1": evidence.f1, "κ_SRME": evidence.kappa_srme, "RMSD": evidence.rmsd, "CPS": evidence.cps}
    known = ", ".join(f"{name} {value:.3g}" for name, value in figures.items() if value is not None)
    if evidence.force_mae_ev_per_angstrom is not None:
        mae = _in_full(evidence.force_mae_ev_per_angstrom.scaled(1e3), "{:.3g} meV/Å".format)
        table.add_row("Force MAE", mae)
    if evidence.energy_mae_ev_per_atom is not None:
        table.add_row("Energy MAE", _in_full(evidence.energy_mae_ev_per_atom.scaled(1e3), "{:.3g} meV/atom".format))
    if evidence.force_slope is not None:
        table.add_row("Force slope", _in_full(evidence.force_slope, "{:.3g}".format))
    table.add_row("Accuracy", f"{known or 'nothing comparable was published'}; {evidence.source or 'no source'}")
    licence = candidate.license
    table.add_row("Licence", f"code {licence.code}, weights {licence.weights}; commercial: {licence.commercial.value}")
    engines = engine_words(candidate)
    if engines is not None:
        table.add_row("Engine", engines)
    if candidate.measured_as is not None:
        table.add_row("Timed as", f"{candidate.measured_as}, of the same architecture")
    return table


def _in_full(estimate: Estimate, words: Callable[[float], str]) -> str:
    return f"{interval(estimate, words)}, {estimate.basis.value}: {estimate.source}"


def _why(candidate: Candidate) -> list[Text]:
    lines = [*map(reason_words, (*candidate.rejections, *candidate.doubts)), *candidate.remarks]
    return [Text(f"· {line}") for line in lines] or [Text("· Nothing stands against it.")]
