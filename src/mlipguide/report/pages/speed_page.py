"""The answer of ``mlipguide bench --compare-with`` in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text

from mlipguide.core.readable import duration, number
from mlipguide.records.timing.slowdown import SlowdownCheck
from mlipguide.records.timing.speed_check import SpeedCheck, SpeedVerdict
from mlipguide.report.pages.page_parts import Step, conclusion, facts_grid, next_steps, section
from mlipguide.report.words.formatting import interval
from mlipguide.report.words.speed_words import cause_words, gain_words, speed_headline, speed_words

STYLES = {
    SpeedVerdict.NORMAL: "bold green",
    SpeedVerdict.SLOWER: "bold red",
    SpeedVerdict.FASTER: "bold green",
    SpeedVerdict.UNKNOWN: "bold yellow",
}
MOST_CAUSES, MOST_GAINS, MOST_STEPS = 4, 2, 3
"""Lines without ``--details``."""


def speed_page(data: SpeedCheck, console: Console, *, details: bool = False) -> RenderableType:
    """Return the page: whether it is normal, seen and expected, the reasons that fit, what would be faster, commands.

    Args:
        data: The answer.
        console: Where it is printed.
        details: All reasons, with all their commands.
    """
    causes = data.causes if details else data.causes[:MOST_CAUSES]
    gains = data.gains if details else data.gains[:MOST_GAINS]
    parts: list[RenderableType] = [
        conclusion(*speed_headline(data), style=STYLES[data.verdict]),
        Text(""),
        facts_grid(_facts(data)),
    ]
    title = "Reasons, those that fit best first" if data.verdict is SpeedVerdict.SLOWER else "The log shows"
    parts += section(title, [cause_words(one) for one in causes])
    parts += section("What would be faster", [gain_words(one) for one in gains])
    checks = [one.checks if details else one.checks[:1] for one in causes]
    checks += [one.checks[-1:] for one in gains] if details or not causes else []
    steps = _steps(checks, most=None if details else MOST_STEPS)
    hidden = f"{len(data.causes)} reasons and {len(data.gains)} gains, all commands"
    return Group(*parts, *next_steps(steps, console, hidden=hidden, details=details))


def _facts(data: SpeedCheck) -> list[tuple[str, str]]:
    rows = [("Seen", speed_words(data.seen_step_time_s, data.timestep_s))]
    expected = data.expected_step_time_s
    if expected is not None:
        rows.append(("Expected", f"{interval(expected, duration)}, {expected.basis.value}: {expected.source}"))
    if data.one_device_step_time_s is not None:
        rows.append(("On one device", interval(data.one_device_step_time_s, duration)))
    if data.slowdown is not None:
        rows.append(("Seen/expected", interval(data.slowdown, number)))
    log = data.log
    if log is not None:
        words = [f"{log.steps:,} steps in {duration(log.wall_s)}"]
        words += [f"{log.processes} process{'es' if log.processes > 1 else ''}"] if log.processes else []
        words += [f"{log.threads} thread{'s' if log.threads > 1 else ''} each"] if log.threads else []
        words += [f"pair style {log.style}"] if log.style else []
        words += [f"{log.forces_share:.0%} of the time in forces"] if log.forces_share is not None else []
        rows.append((f"Log of {log.program.value.upper()}", ", ".join(words)))
    return rows


def _steps(found: Sequence[Sequence[SlowdownCheck]], *, most: int | None) -> list[Step]:
    """Return the commands, every one once."""
    steps: dict[str, Step] = {}
    for checks in found:
        for check in checks:
            steps.setdefault(check.command, Step(check.command, check.tells))
    return list(steps.values())[:most]
