"""What the guide knows: topics made of claims, each of which says what it stands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.strict import strict


class TopicGroup(StrEnum):
    """What a topic is about; in the order in which the groups are listed."""

    TYPES = "types"
    SPEED = "speed"
    CHOOSING = "choosing"
    DATA = "data"
    TRAINING = "training"
    LIMITATION = "limitation"
    USES = "uses"
    FUTURE = "future"


@strict
@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement and what it stands on: sources, or else one of the two marks.

    Attributes:
        text: One or two sentences.
        sources: Keys in ``sources.bib``.
        practice: Common usage, for which there is no source.
        own: Says what mlipguide itself does or means.
    """

    text: str
    sources: tuple[str, ...] = ()
    practice: bool = False
    own: bool = False


@strict
@dataclass(frozen=True, kw_only=True)
class CommandHint:
    """A command line that acts on a topic, and what it does; words in capitals are the user's to fill in."""

    command: str
    purpose: str


@strict
@dataclass(frozen=True, kw_only=True)
class Topic:
    """One thing to know, short enough for a terminal.

    Attributes:
        id: The name used everywhere, for example ``long-range``.
        title: The name for people.
        group: What it is about.
        summary: One or two sentences.
        claims: What is known.
        mitigation: What to do about it.
        commands: Commands that act on it.
        related: Ids of other topics.
        aliases: Other names that find it.
        caveat: What ``recommend`` says when the topic bears on a task: a claim whose text has fields in
            braces, such as ``{name}``; None where it never does.
    """

    id: str
    title: str
    group: TopicGroup
    summary: str
    claims: tuple[Claim, ...]
    mitigation: tuple[Claim, ...] = field(default=())
    commands: tuple[CommandHint, ...] = field(default=())
    related: tuple[str, ...] = field(default=())
    aliases: tuple[str, ...] = field(default=())
    caveat: Claim | None = None


@strict
@dataclass(frozen=True)
class TopicEntry:
    """A line of the list of topics."""

    id: str
    title: str
    group: TopicGroup
    summary: str


@strict
@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The answer of ``mlipguide explain``.

    Attributes:
        index: Every topic there is, by group.
        topics: Those that were asked for; none when only the list was.
        sources: Where their claims can be read, in the order in which they are first named.
    """

    index: tuple[TopicEntry, ...]
    topics: tuple[Topic, ...]
    sources: tuple[SourceFact, ...]
