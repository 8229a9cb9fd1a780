"""What the guide knows, in the terminal and as Markdown; sources are numbered in the order of their naming."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.models.topic import Claim, Explanation, Topic, TopicEntry, TopicGroup

GROUP_TITLES = {
    TopicGroup.TYPES: "Types of potential",
    TopicGroup.SPEED: "Speed and numbers",
    TopicGroup.CHOOSING: "Choosing",
    TopicGroup.DATA: "Data",
    TopicGroup.TRAINING: "Training",
    TopicGroup.LIMITATION: "Limitations, and what to do about them",
    TopicGroup.USES: "Uses of universal potentials",
    TopicGroup.FUTURE: "Future",
}
PARTS = ("What is known", "What to do")
PRACTICE = "practice"
OWN = "mlipguide"
LEGENDS = {PRACTICE: "common usage, without a source", OWN: "what mlipguide itself does or means"}
INDENT = "  "
LIST_HINT = "mlipguide explain TOPIC, or 'all'"


def explain_page(data: Explanation, console: Console) -> RenderableType:
    """Return the topics that were asked for, or the list of all, laid out for the width of ``console``."""
    if not data.topics:
        return _index_page(data)
    numbers = _numbers(data)
    parts: list[RenderableType] = []
    for topic in data.topics:
        parts += [*_topic_parts(topic, numbers, console.width), Text("")]
    if data.sources:
        parts += [Text("Sources", style="bold"), _grid((_label(key, numbers), _opened(data, key)) for key in numbers)]
    return Group(*parts, Text(_legend(data), style="dim"))


def as_markdown(data: Explanation) -> str:
    """Return the same as Markdown, with numbered sources that link to where they can be opened."""
    if not data.topics:
        return "\n".join(_markdown_index(data))
    numbers = _numbers(data)
    lines = [line for topic in data.topics for line in _markdown_topic(topic, numbers)]
    if data.sources:
        lines += ["## Sources", ""]
        lines += [f"{numbers[source.key]}. {_markdown_source(source)}" for source in data.sources]
        lines.append("")
    return "\n".join([*lines, _legend(data)])


def _numbers(data: Explanation) -> dict[str, int]:
    return {source.key: number for number, source in enumerate(data.sources, start=1)}


def _by_group(data: Explanation) -> Iterator[tuple[str, list[TopicEntry]]]:
    for group, entries in groupby(data.index, key=lambda entry: entry.group):
        yield GROUP_TITLES[group], list(entries)


def _parts(topic: Topic) -> list[tuple[str, tuple[Claim, ...]]]:
    return [(title, claims) for title, claims in zip(PARTS, (topic.claims, topic.mitigation), strict=True) if claims]


def _standing(claim: Claim, numbers: Mapping[str, int]) -> str:
    if claim.sources:
        return "".join(_label(key, numbers) for key in claim.sources)
    return f"[{PRACTICE}]" if claim.practice else f"[{OWN}]"


def _legend(data: Explanation) -> str:
    """Return what the marks mean that some claim bears."""
    claims = [claim for topic in data.topics for _, claims in _parts(topic) for claim in claims]
    used = {PRACTICE: any(claim.practice for claim in claims), OWN: any(claim.own for claim in claims)}
    return " ".join(f"[{mark}]: {LEGENDS[mark]}." for mark, is_used in used.items() if is_used)


def _label(key: str, numbers: Mapping[str, int]) -> str:
    return f"[{numbers[key]}]"


def _index_page(data: Explanation) -> RenderableType:
    parts: list[RenderableType] = []
    for title, entries in _by_group(data):
        parts += [Text(title, style="bold"), _grid(((f"  {entry.id}", entry.title) for entry in entries), width=28)]
    return Group(*parts, Text(""), Text(LIST_HINT, style="cyan"))


def _topic_parts(topic: Topic, numbers: Mapping[str, int], width: int) -> Iterator[RenderableType]:
    yield Text.assemble((topic.title, "bold"), f"  ({topic.id})")
    yield Text(topic.summary)
    for title, claims in _parts(topic):
        yield Text(title, style="bold")
        yield _grid(("·", f"{claim.text} {_standing(claim, numbers)}") for claim in claims)
    if topic.commands:
        yield Text("Commands", style="bold")
        for hint in topic.commands:
            fits = len(hint.command) + len(hint.purpose) + 2 * len(INDENT) <= width
            yield Text.assemble(INDENT, (hint.command, "cyan"), INDENT if fits else f"\n{2 * INDENT}", hint.purpose)
    if topic.related:
        yield Text.assemble(("See also ", "bold"), ", ".join(topic.related))


def _opened(data: Explanation, key: str) -> Text:
    source = next(source for source in data.sources if source.key == key)
    return Text.assemble(f"{source.title or source.key}  ", (source.link or "", "dim"))


def _grid(rows: Iterator[tuple[str, str | Text]], *, width: int | None = None) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, width=width)
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return grid


def _markdown_index(data: Explanation) -> Iterator[str]:
    yield "# What the guide knows"
    for title, entries in _by_group(data):
        yield from ("", f"## {title}", "")
        yield from (f"- `{entry.id}` – {entry.title}: {entry.summary}" for entry in entries)


def _markdown_topic(topic: Topic, numbers: Mapping[str, int]) -> Iterator[str]:
    yield from (f"## {topic.title}", "", topic.summary, "")
    for title, claims in _parts(topic):
        yield from (f"### {title}", "")
        yield from (f"- {claim.text} {_markdown_standing(claim, numbers)}" for claim in claims)
        yield ""
    if topic.commands:
        yield from ("### Commands", "")
        yield from (f"- `{hint.command}` – {hint.purpose}" for hint in topic.commands)
        yield ""
    if topic.related:
        yield from (f"See also: {', '.join(f'`{name}`' for name in topic.related)}", "")


def _markdown_standing(claim: Claim, numbers: Mapping[str, int]) -> str:
    standing = _standing(claim, numbers)
    return standing if claim.sources else f"_{standing}_"


def _markdown_source(source: SourceFact) -> str:
    title = source.title or source.key
    return f"[{title}]({source.link})" if source.link else title
