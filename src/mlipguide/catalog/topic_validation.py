"""Checking a folder of topics: every claim stands on something, and every name leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from mlipguide.catalog.sources import Source, read_sources
from mlipguide.catalog.topics import TOPICS, as_id, topic_files
from mlipguide.catalog.validation import Violation
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.serialisation import from_plain, violations
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.models.topic import Claim, Topic, TopicGroup

CAVEAT_FIELDS = frozenset(
    {"all", "atoms", "cutoff", "elements", "level_of_theory", "models", "name", "reach", "temperature", "timestep"}
)
"""What ``recommend`` can fill in; see ``advice/caveats.py``."""

PROGRAM = "mlipguide"

_Found = Iterator[tuple[str, str]]
"""Pairs of the path of a field and what is wrong with it."""


@dataclass(frozen=True)
class _Context:
    """What a topic may refer to."""

    sources: Mapping[str, Source]
    owners: Mapping[str, list[Path]]
    ids: frozenset[str]


def validate_topics(folder: Path = TOPICS) -> tuple[Violation, ...]:
    """Check all topics of a folder.

    Returns:
        Every violation of every file, in order of the files; empty when all is well.

    Raises:
        InputError: The bibliography is malformed.
    """
    read = {path: _read(path) for path in topic_files(folder)}
    topics = {path: topic for path, topic in read.items() if isinstance(topic, Topic)}
    owners: dict[str, list[Path]] = {}
    for path, topic in topics.items():
        for name in {topic.id, *topic.aliases}:
            owners.setdefault(name, []).append(path)
    context = _Context(read_sources(), owners, frozenset(topic.id for topic in topics.values()))
    found: list[Violation] = []
    for path, item in read.items():
        pairs = _check(path, item, context) if isinstance(item, Topic) else iter(item)
        found += [Violation(str(path), field, message) for field, message in pairs]
    return tuple(found)


def _read(path: Path) -> Topic | list[tuple[str, str]]:
    """Return the topic, or what keeps it from being one."""
    try:
        plain: Any = read_yaml(path)
    except InputError as error:
        return [("(file)", error.message)]
    try:
        return from_plain(Topic, plain, what=str(path))
    except InputError as error:
        return [(field, message) for field, message in (line.split(": ", 1) for line in violations(error.__cause__))]


def _check(path: Path, topic: Topic, context: _Context) -> _Found:
    yield from _check_names(path, topic, context)
    if not topic.claims:
        yield "claims", "at least one claim is needed"
    if topic.group is TopicGroup.LIMITATION and not topic.mitigation:
        yield "mitigation", "a limitation needs to say what can be done"
    for part, claims in (("claims", topic.claims), ("mitigation", topic.mitigation)):
        for position, claim in enumerate(claims):
            yield from _check_claim(f"{part}.{position}", claim, context)
    if topic.caveat is not None:
        yield from _check_claim("caveat", topic.caveat, context)
        yield from _check_template(topic.caveat)
    for position, hint in enumerate(topic.commands):
        if hint.command.split()[:1] != [PROGRAM]:
            yield f"commands.{position}.command", f"'{hint.command}' does not begin with '{PROGRAM}'"
    for position, name in enumerate(topic.related):
        if name == topic.id or name not in context.ids:
            suggestion = did_you_mean(name, sorted(context.ids - {topic.id}))
            yield f"related.{position}", f"there is no other topic '{name}'.{suggestion}".rstrip(".")


def _check_names(path: Path, topic: Topic, context: _Context) -> _Found:
    if topic.id != path.stem:
        yield "id", f"'{topic.id}' must be the name of the file, '{path.stem}'"
    for position, name in enumerate((topic.id, *topic.aliases)):
        field = "id" if position == 0 else f"aliases.{position - 1}"
        if name != as_id(name):
            yield field, f"'{name}' must be written '{as_id(name)}'"
        others = [owner.name for owner in context.owners[name] if owner != path]
        if others:
            yield field, f"'{name}' is also a name of {', '.join(others)}"


def _check_claim(field: str, claim: Claim, context: _Context) -> _Found:
    if not claim.text.strip():
        yield f"{field}.text", "is empty"
    standings = (bool(claim.sources), claim.practice, claim.own)
    if not any(standings):
        yield f"{field}.sources", "at least one source is needed, or practice: true where there is none"
    elif sum(standings) > 1:
        yield field, "stands on sources, on practice or on mlipguide itself, not on several of them"
    if claim.own and PROGRAM not in claim.text and field != "caveat":
        yield f"{field}.own", "a claim on mlipguide itself must name it"
    for key in claim.sources:
        source = context.sources.get(key)
        if source is None:
            suggestion = did_you_mean(key, sorted(context.sources))
            yield f"{field}.sources", f"there is no source '{key}'.{suggestion}".rstrip(".")
        elif source.link is None:
            yield f"{field}.sources", f"the source '{key}' has nothing a reader could open"


def _check_template(caveat: Claim) -> _Found:
    try:
        names = {name for _, name, _, _ in Formatter().parse(caveat.text) if name is not None}
    except ValueError as error:
        yield "caveat.text", f"is not a template: {error}"
        return
    for name in sorted(names - CAVEAT_FIELDS):
        yield "caveat.text", f"there is no field '{{{name}}}'.{did_you_mean(name, sorted(CAVEAT_FIELDS))}".rstrip(".")
