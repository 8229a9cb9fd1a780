"""A comparison for GitHub Actions: annotations on the log, and a page for the job's summary.

An annotation is a workflow command, ``::error title=…::message``, printed on a line of its own. In the message ``%``,
carriage return and line feed are written as ``%25``, ``%0D`` and ``%0A``; in a property ``:`` and ``,`` are too, as
``%3A`` and ``%2C`` (the rules of the actions toolkit, packages/core/src/command.ts in github.com/actions/toolkit). A
step shows ten annotations of each kind (docs.github.com, "Workflow commands for GitHub Actions"), so what is beyond
shares the last one. The summary is Markdown appended to the file that ``GITHUB_STEP_SUMMARY`` names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlipguide.core.paths import storage_error
from mlipguide.core.readable import duration
from mlipguide.records.timing.comparison import Change, ChangeVerdict, Comparison, Side
from mlipguide.report.tables.bench_table import markdown_table
from mlipguide.report.tables.series import agreeing, differing, settings_words
from mlipguide.report.words.comparison_words import (
    change_percent,
    change_sentence,
    headline,
    how,
    subject,
    version_changes,
)

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
SHOWN_OF_A_KIND = 10
LEVELS = {
    ChangeVerdict.SLOWER: ("error", "Slower"),
    ChangeVerdict.UNCLEAR: ("warning", "Unclear"),
    ChangeVerdict.FASTER: ("notice", "Faster"),
}
SIGNS = {
    ChangeVerdict.SLOWER: "❌",
    ChangeVerdict.FASTER: "🚀",
    ChangeVerdict.UNCHANGED: "✅",
    ChangeVerdict.UNCLEAR: "❔",
}


def annotation_commands(data: Comparison) -> list[str]:
    """Return one workflow command for each change that is worth one, the largest first, and for what is missing.

    Slower is an error, unclear and missing are warnings, faster is a notice; what did not change has none.
    """
    fields = differing(change.settings for change in data.changes)
    lines = [command("notice", "Performance", headline(data))]
    for verdict, (level, word) in LEVELS.items():
        found = [change for change in data.changes if change.verdict is verdict]
        found.sort(key=lambda change: change.ratio.value, reverse=verdict is not ChangeVerdict.FASTER)
        # one place of the ten is left for the other annotation of that kind: the headline, what is missing
        lines += _commands(found, level, word, fields)
    if data.only_in_baseline:
        lines.append(command("warning", "Not compared", "\n".join(data.only_in_baseline)))
    return lines


def command(level: str, title: str, message: str) -> str:
    """Return a workflow command: ``level`` is ``error``, ``warning`` or ``notice``."""
    return f"::{level} title={_property(title)}::{_message(message)}"


def summary(data: Comparison) -> str:
    """Return the comparison as Markdown."""
    fields = differing(change.settings for change in data.changes)
    lines = [f"## {'❌' if data.regressions else '✅' if data.changes else '❔'} Performance", "", headline(data), ""]
    if data.changes:
        titles = ["Model", *(["Setting"] if fields else []), "", "Atoms", "Before", "Now", "Change", "CPU time"]
        rows = [
            [
                change.model,
                *([settings_words(change.settings, fields)] if fields else []),
                f"{SIGNS[change.verdict]} {change.verdict.value}",
                f"{change.atoms:,}",
                duration(change.baseline_s.value),
                duration(change.current_s.value),
                change_percent(change.ratio),
                "–" if change.cpu_ratio is None else change_percent(change.cpu_ratio),
            ]
            for change in data.changes
        ]
        lines += [*markdown_table(titles, rows, left=3 if fields else 2), ""]
    if data.only_in_baseline:
        lines += ["Not compared, for want of a measurement now:", ""]
        lines += [*(f"- {missing}" for missing in data.only_in_baseline), ""]
    lines += [f"- Before: {_side(data.baseline)}", f"- Now: {_side(data.current)}"]
    lines += [f"- Versions: {line}" for line in version_changes(data)]
    if data.changes:
        common = agreeing(change.settings for change in data.changes)
        lines.append(f"- Settings: {settings_words(data.changes[0].settings, common)}")
    lines.append(f"- {how(data)}")
    return "\n".join(lines) + "\n"


def append_summary(data: Comparison, path: Path) -> None:
    """Append the summary to the file of a job's step, which may hold those of other commands.

    Raises:
        StorageError: The file cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(summary(data))
    except OSError as error:
        raise storage_error(path, error) from error


def _commands(changes: Sequence[Change], level: str, word: str, fields: Sequence[str]) -> list[str]:
    shown, beyond = changes, changes[:0]
    most = SHOWN_OF_A_KIND - 1
    if len(changes) > most:
        shown, beyond = changes[: most - 1], changes[most - 1 :]
    lines = [command(level, f"{word}: {subject(change, fields)}", change_sentence(change)) for change in shown]
    if beyond:
        named = "\n".join(f"{subject(change, fields)}: {change_percent(change.ratio)}" for change in beyond)
        lines.append(command(level, f"{word}: {len(beyond)} more", named))
    return lines


def _side(side: Side) -> str:
    return f"`{side.name}`, {side.taken_at}, machine `{side.fingerprint}`"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
