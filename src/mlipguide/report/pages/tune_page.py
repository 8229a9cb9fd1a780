"""The answer of ``mlipguide tune`` in the terminal: how much faster, whether it computes the same, what to do next."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.core.readable import duration, memory
from mlipguide.records.estimate import Estimate
from mlipguide.records.timing.axes import Purpose, choice_words
from mlipguide.records.timing.measurement import Weights
from mlipguide.records.timing.tuning import Differences, ModelTuning, SettingOutcome, TriedSetting, TuneData
from mlipguide.report.pages.page_parts import Step, conclusion, next_steps, notes, section
from mlipguide.report.words.command_words import STRUCTURE

STYLES = {
    SettingOutcome.CHOSEN: "bold green",
    SettingOutcome.DEFAULT: "",
    SettingOutcome.WRONG: "red",
    SettingOutcome.FAILED: "yellow",
    SettingOutcome.NOT_FASTER: "dim",
    SettingOutcome.DROPPED: "dim",
    SettingOutcome.NOT_TRIED: "dim",
}
WORDS = {
    Purpose.MD: "molecular dynamics",
    Purpose.SCREEN: "screening many small structures",
    Purpose.EVALUATE: "evaluating many small structures",
}
LEGEND = "Speed-up: the default's time over this one's in the same rounds, 90 % interval in brackets."
MOST_UNAVAILABLE = 3
LEAST_ENERGY_EV = 1e-6
"""Differences below it are told as that."""


def tune_page(data: TuneData, console: Console, *, given: str = STRUCTURE, details: bool = False) -> RenderableType:
    """Return the page.

    Args:
        data: What was found.
        console: Where it is printed.
        given: The structure as it was given, for the next commands.
        details: Memory of each setting, and every value that cannot be chosen here with the reason.
    """
    parts: list[RenderableType] = [_conclusion(data), Text(""), Text(_task(data))]
    for one in data.results:
        parts += [Text(""), _head(one), _table(one, details=details)]
    parts += notes([LEGEND, _limits(data)])
    parts += _unavailable(data, details=details)
    hidden = "memory, what cannot be chosen here and why"
    return Group(*parts, *next_steps(_next(data, given), console, hidden=hidden, details=details))


def _conclusion(data: TuneData) -> Text:
    sentences = [model_sentence(one) for one in data.results]
    if data.interrupted:
        sentences.append("Interrupted: this is the answer so far, and it is not kept.")
    gained = any(one.speed_up is not None for one in data.results)
    return conclusion(*sentences, style="bold green" if gained else "bold")


def model_sentence(one: ModelTuning) -> str:
    """Return what was found of a model in one sentence, which a user can act on."""
    if one.speed_up is None:
        return f"{one.model}: the default stays, {_why_none(one)}."
    found = one.differences
    assert found is not None
    return (
        f"{one.model}: {speed_words(one.speed_up)} with {choice_words(one.changed)}; energies within "
        f"{energy_words(found.energy_ev_per_atom)}."
    )


def _why_none(one: ModelTuning) -> str:
    if not one.complete:
        return "for the search did not come to its end"
    if one.reference is None:
        return "since results could not be compared with those of a plain setting"
    if not any(tried.changed for tried in one.tried):
        return "for nothing else can be chosen here"
    if not any(tried.rounds for tried in one.tried if tried.changed):
        return "for the budget ended before another setting was timed"
    return "nothing that computes the same was clearly faster"


def speed_words(speed_up: Estimate) -> str:
    """Return a gain as ``1.6 × faster than the default (1.5 to 1.7)``."""
    if speed_up.low is None or speed_up.high is None:
        return f"{speed_up.value:.2g} × faster than the default"
    digits = 1 if speed_up.high - speed_up.low >= 0.1 else 2  # noqa: PLR2004  # so that the ends differ
    low, high = (f"{end:.{digits}f}" for end in (speed_up.low, speed_up.high))
    return f"{speed_up.value:.{digits}f} × faster than the default ({low} to {high})"


def energy_words(difference_ev: float) -> str:
    """Return a difference of energies in meV per atom."""
    return f"{1e3 * max(difference_ev, LEAST_ENERGY_EV):.1g} meV/atom"


def _task(data: TuneData) -> str:
    sizes = sorted({atoms for one in data.results for atoms in one.atoms})
    counts = ", ".join(map(str, sizes))
    return f"{data.structure.formula}, {WORDS[data.purpose]}, {counts} atoms ({data.structure.source})"


def _head(one: ModelTuning) -> Text:
    synthetic = ", random weights" if one.weights is Weights.SYNTHETIC else ""
    reference = one.reference
    against = (
        "results could not be compared with anything"
        if reference is None
        else f"differences from plain {reference.dtype}"
    )
    words = f"  {', '.join(map(str, one.atoms))} atoms{synthetic}; {against}; {duration(one.wall_time_s)}"
    return Text.assemble((one.model, "bold"), words)


def _table(one: ModelTuning, *, details: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Setting", overflow="fold")
    for title in ("Step", "Speed-up", "Energy", "Force", "Stress"):
        table.add_column(title, justify="right", no_wrap=True)
    if details:
        table.add_column("Memory", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for tried in sorted(one.tried, key=_order):
        cells = [
            choice_words(tried.changed) if tried.changed else f"default ({_default_words(one)})",
            "–" if tried.step_time_s is None else duration(tried.step_time_s),
            _speed_cell(tried.speed_up),
            *_difference_cells(tried.differences),
        ]
        if details:
            cells.append("–" if tried.peak_memory_bytes is None else memory(tried.peak_memory_bytes))
        reason = f": {tried.reason}" if tried.reason else ""
        said = "" if tried.outcome is SettingOutcome.DEFAULT else f"{tried.outcome.value}{reason}"
        if tried.outcome is SettingOutcome.DEFAULT and tried.differences and not tried.differences.within_limits:
            said = "beyond the limits itself"
        table.add_row(*cells, said, style=STYLES[tried.outcome])
    return table


def _order(tried: TriedSetting) -> tuple[int, float]:
    first = {SettingOutcome.CHOSEN: 0, SettingOutcome.DEFAULT: 1}
    last = tried.step_time_s is None
    return first.get(tried.outcome, 3 if last else 2), -1.0 if tried.speed_up is None else -tried.speed_up.value


def _default_words(one: ModelTuning) -> str:
    settings = one.default
    count = settings.ranks if settings.ranks > 1 else settings.threads
    what = "MPI rank" if settings.ranks > 1 else "thread"
    return f"{count} {what}{'' if count == 1 else 's'}, {settings.dtype}, {settings.device}"


def _speed_cell(speed_up: Estimate | None) -> str:
    if speed_up is None:
        return "–"
    if speed_up.low is None or speed_up.high is None:
        return f"{speed_up.value:.2f}"
    return f"{speed_up.value:.2f} ({speed_up.low:.2f}–{speed_up.high:.2f})"


def _difference_cells(found: Differences | None) -> tuple[str, str, str]:
    if found is None:
        return "–", "–", "–"
    stress = found.stress_max_ev_per_angstrom3
    missing = "none" if found.lacks_stress else "–"
    return (
        f"{1e3 * found.energy_ev_per_atom:.1g} meV",
        f"{1e3 * found.force_max_ev_per_angstrom:.1g} meV/Å",
        missing if stress is None else f"{stress:.0e}",
    )


def _limits(data: TuneData) -> str:
    limits = data.limits
    return (
        f"Limits: energy {1e3 * limits.energy_ev_per_atom:g} meV/atom, force "
        f"{1e3 * limits.force_mae_ev_per_angstrom:g} meV/Å on average and "
        f"{1e3 * limits.force_max_ev_per_angstrom:g} at most, stress {limits.stress_ev_per_angstrom3:g} eV/Å³. "
        "A setting beyond one of them is never recommended."
    )


def _unavailable(data: TuneData, *, details: bool) -> list[RenderableType]:
    by_reason: dict[str, dict[str, None]] = {}
    for one in data.results:
        for value in one.unavailable:
            by_reason.setdefault(value.reason, {})[f"{value.axis} {value.value}"] = None
    if not by_reason:
        return []
    if details:
        return section("Cannot be chosen here", [f"{', '.join(values)}: {why}" for why, values in by_reason.items()])
    named = [f"{', '.join(values)} ({why})" for why, values in list(by_reason.items())[:MOST_UNAVAILABLE]]
    return notes([f"Not tried, since it cannot be chosen here: {'; '.join(named)}."])


def _next(data: TuneData, given: str) -> list[Step]:
    names = ",".join(one.model for one in data.results)
    tuned = [one for one in data.results if one.speed_up is not None]
    if data.interrupted:
        return [Step(f"mlipguide tune {given} --models {names}", "the whole search")]
    steps = []
    if tuned and data.purpose is Purpose.MD:
        steps.append(
            Step(
                f"mlipguide recommend {given} --models {names} --write run.py",
                "how long a run takes with these settings, and its script",
            )
        )
    elif tuned:
        steps.append(Step(f"mlipguide recommend {given} --models {names} --kind screen", "what a screen takes"))
    unfinished = any(_lacks_time(tried) for one in data.results for tried in one.tried)
    if unfinished:
        longer = duration(4 * data.budget_s).replace(" ", "")
        steps.append(
            Step(f"mlipguide tune {given} --models {names} --budget {longer}", "with time for what was not tried")
        )
    if not steps:
        steps.append(Step(f"mlipguide bench {given} --models {names}", "how the time grows with the size"))
    return steps


def _lacks_time(tried: TriedSetting) -> bool:
    return tried.outcome is SettingOutcome.NOT_TRIED or "not ready within" in (tried.reason or "")
