"""One table for hardware that is not here: a row for each model on each device, every number with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, memory, number
from mlipguide.records.advice import Candidate, HardwareAnswer, Verdict
from mlipguide.records.estimate import Estimate
from mlipguide.records.hardware_profile import HardwareProfile
from mlipguide.report.formatting import estimated, spread

VERDICT_STYLES = {Verdict.FEASIBLE: "green", Verdict.UNKNOWN: "yellow", Verdict.INFEASIBLE: "red"}
SHOWN = 6
"""Models shown for each device, beside those on the front and the choice."""
ELSEWHERE_LEGEND = (
    "† published for this model on this device; ≈≈ transferred: from published timings of other models and devices and "
    "from this machine's own. After each number its 90 % interval."
)


def answers_table(answers: Sequence[HardwareAnswer], console: Console) -> RenderableType:
    """Return the table of all profiles, with what it leaves out in a line below each."""
    wide = console.width >= WIDE_FROM
    table = hardware_table(wide=wide)
    left_out: list[str] = []
    for answer in answers:
        shown = shown_models(answer)
        for candidate in shown:
            add_row(table, answer.profile, candidate, chosen=candidate.model == answer.choice, wide=wide)
        table.add_section()
        left_out.append(f"{answer.profile.name}: {_left_out(answer, shown)}")
    return Group(table, Text("\n".join([ELSEWHERE_LEGEND, *left_out]), style="dim"))


WIDE_FROM = 150


def hardware_table(*, wide: bool) -> Table:
    """Return an empty table."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    table.add_column("Hardware", no_wrap=True)
    table.add_column("Model", no_wrap=True)
    for title in ("Step", "Run", *(("ns/day",) if wide else ()), "Memory", *(("Fits up to", "Cost") if wide else ())):
        table.add_column(title, justify="right", no_wrap=True)
        if title != "Cost":
            table.add_column("", no_wrap=True, style="dim")
    table.add_column("κ", justify="right", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    return table


def add_row(table: Table, profile: HardwareProfile, candidate: Candidate, *, chosen: bool, wide: bool) -> None:
    """Add one model on one profile."""
    name = Text(("▸ " if chosen else "  ") + candidate.model, style="bold" if chosen else "")
    cells: list[str | Text] = [profile.name, name]
    cells += _pair(candidate.step_time_s, duration)
    cells += _pair(candidate.run_time_s, duration)
    if wide:
        cells += _pair(candidate.ns_per_day, number)
    cells += _pair(candidate.peak_memory_bytes, memory)
    if wide:
        cells += _pair(candidate.max_atoms, number)
        cells.append(cost_words(candidate))
    kappa = candidate.evidence.kappa_srme
    cells.append(f"{'◆' if candidate.on_pareto_front else ' '} {'–' if kappa is None else f'{kappa:.2f}'}")
    words = candidate.verdict.value
    if candidate.rejections:
        words = "no: " + ", ".join(rejection.constraint for rejection in candidate.rejections)
    cells.append(Text(words, style=VERDICT_STYLES[candidate.verdict]))
    table.add_row(*cells)


def cost_words(candidate: Candidate) -> str:
    """Return device-hours, and price and energy where they are known."""
    cost = candidate.run_cost
    if cost is None:
        return "–"
    words = [f"{number(cost.device_hours.value)} device-h"]
    if cost.price is not None:
        words.append(f"{number(cost.price.value)} {cost.currency}")
    if cost.energy_kwh is not None:
        words.append(f"{number(cost.energy_kwh.value)} kWh")
    return ", ".join(words)


def _pair(estimate: Estimate | None, formatter: Callable[[float], str]) -> list[str | Text]:
    return [estimated(estimate, formatter), spread(estimate)]


def shown_models(answer: HardwareAnswer) -> list[Candidate]:
    """Return the models that the table names: the first of those with a time, the front, the choice."""
    timed = [one for one in answer.candidates if one.step_time_s is not None]
    first = [one.model for one in timed[:SHOWN]]
    return [one for one in timed if one.model in first or one.on_pareto_front or one.model == answer.choice]


def _left_out(answer: HardwareAnswer, shown: Sequence[Candidate]) -> str:
    others = [one for one in answer.candidates if one not in shown]
    counts = {verdict: sum(one.verdict is verdict for one in others) for verdict in Verdict}
    words = [f"{count} {verdict.value}" for verdict, count in counts.items() if count]
    return f"{len(shown)} of {len(answer.candidates)} models shown" + (
        f" (of the others {', '.join(words)}; --json has all)." if words else "."
    )
