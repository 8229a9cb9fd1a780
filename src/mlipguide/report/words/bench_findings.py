"""What ``bench`` found beyond times: the largest system, how far settings agree, and the setting to run with."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, memory, number
from mlipguide.records.timing.bench import Agreement, BenchData, Capacity, RanksCheck
from mlipguide.records.timing.measurement import Settings
from mlipguide.report.tables.series import differing, settings_words
from mlipguide.report.words.formatting import spread

Section = tuple[str, list[RenderableType]]
CAPACITY, AGREEMENT = "Largest systems that fit", "Agreement with the plain setting"
FASTEST, RANKS = "Fastest settings", "Several MPI ranks, predicted and measured"


def findings(data: BenchData) -> list[Section]:
    """Return titles with what stands below them; nothing for what was not asked for."""
    fields = differing(item.settings for item in data.measurements)
    sections: list[Section] = []
    if data.capacity:
        sections.append((CAPACITY, _capacity(data, fields)))
    if data.agreements:
        units = Text("ΔE in meV/atom, ΔF in meV/Å.", style="dim")
        sections.append((AGREEMENT, [_agreements(data.agreements), units]))
    if data.fastest:
        lines: list[RenderableType] = [
            Text(
                f"{item.model}: {settings_words(item.settings, fields) or 'as measured'}, "
                f"{item.speed_up.told(number)} times as fast {spread(item.speed_up)}".rstrip()
                + f". {item.reason}"
            )
            for item in data.fastest
        ]
        sections.append((FASTEST, lines))
    if data.ranks:
        words = "Predicted from the times of one rank alone: each of several has its share of the atoms, and ghosts."
        sections.append((RANKS, [_ranks(data.ranks), Text(words, style="dim")]))
    return sections


def _capacity(data: BenchData, fields: tuple[str, ...]) -> list[RenderableType]:
    table = _empty_table("Model", *(["Setting"] if fields else []))
    for title in ("Ran", "Ran out", "With headroom", "Memory"):
        table.add_column(title, justify="right", no_wrap=True)
    for item in data.capacity:
        table.add_row(
            item.model,
            *([settings_words(item.settings, fields)] if fields else []),
            _atoms(item.largest_fitting_atoms),
            _atoms(item.smallest_failing_atoms),
            _atoms(item.with_headroom_atoms),
            memory(item.memory_bytes),
        )
    return [table, Text(_headroom_words(data.capacity), style="dim")]


def _headroom_words(capacity: tuple[Capacity, ...]) -> str:
    shares = sorted({item.headroom for item in capacity})
    return f"Atoms. Headroom: for a cell that becomes {' or '.join(f'{share:.0%}' for share in shares)} denser (NPT)."


def _agreements(agreements: tuple[Agreement, ...]) -> Table:
    fields = differing(settings for item in agreements for settings in (item.settings, item.reference))
    table = _empty_table("Model", "Setting", "Against")
    for title in ("ΔE", "ΔF mean", "ΔF max"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for item in agreements:
        table.add_row(
            item.model,
            _setting(item.settings, fields),
            _setting(item.reference, fields),
            f"{item.energy_difference_ev_per_atom * 1e3:.2g}",
            f"{item.force_mae_ev_per_angstrom * 1e3:.2g}",
            f"{item.force_max_ev_per_angstrom * 1e3:.2g}",
            Text("agrees", style="green") if item.within_tolerance else Text("too far", style="red"),
        )
    return table


def _ranks(checks: tuple[RanksCheck, ...]) -> Table:
    table = _empty_table("Model")
    for title in ("Ranks", "Atoms", "Predicted", "", "Measured", "", "Measured/predicted"):
        table.add_column(title, justify="right", no_wrap=True)
    for item in checks:
        table.add_row(
            item.model,
            str(item.settings.ranks),
            f"{item.atoms:,}",
            item.predicted_s.told(duration),
            spread(item.predicted_s),
            item.measured_s.told(duration),
            spread(item.measured_s),
            f"{item.ratio:.2f}",
        )
    return table


def _setting(settings: Settings, fields: tuple[str, ...]) -> str:
    return settings_words(settings, fields) if fields else settings_words(settings)


def _empty_table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for title in titles:
        table.add_column(title, no_wrap=title == "Model")
    return table


def _atoms(count: int | None) -> str:
    return "–" if count is None else f"{count:,}"
