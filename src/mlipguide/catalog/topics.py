"""Loading what the guide knows, one YAML file a topic, and finding topics by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mlipguide.catalog.locations import DATA
from mlipguide.catalog.sources import Source, read_sources
from mlipguide.core.errors import InputError, did_you_mean
from mlipguide.core.look import once_a_look
from mlipguide.core.serialisation import from_plain, once_per_state
from mlipguide.core.yaml_files import read_yaml
from mlipguide.records.models.source_fact import SourceFact
from mlipguide.records.models.topic import Claim, Topic, TopicGroup

TOPICS = DATA / "topics"
LIST_HINT = "`mlipguide explain` lists the topics."


@dataclass(frozen=True)
class Knowledge:
    """The topics and the bibliography that their claims name.

    Attributes:
        topics: In the order of the groups, and by id within a group.
        sources: By key.
    """

    topics: tuple[Topic, ...]
    sources: Mapping[str, Source]

    @cached_property
    def _by_name(self) -> dict[str, Topic]:
        return {name: topic for topic in self.topics for name in (topic.id, *topic.aliases)}

    def find(self, name: str) -> Topic:
        """Return the topic with this id or alias, in whatever case, with spaces or hyphens.

        Raises:
            InputError: There is none; the closest known name is suggested.
        """
        wanted = as_id(name)
        topic = self._by_name.get(wanted)
        if topic is None:
            raise InputError(
                f"There is no topic '{name}'.{did_you_mean(wanted, list(self._by_name))}",
                hint=LIST_HINT,
                kind="unknown_topic",
            )
        return topic

    def facts(self, keys: Iterable[str]) -> tuple[SourceFact, ...]:
        """Return where each source can be read, in the order given, each once; one that is not known has no link."""
        return tuple(
            SourceFact(key, self.sources[key].title, self.sources[key].link)
            if key in self.sources
            else SourceFact(key, None, None)
            for key in dict.fromkeys(keys)
        )

    def reference(self, key: str) -> str:
        """Return the shortest text that finds a source, or the key itself where it is not known."""
        return self.sources[key].reference if key in self.sources else key


@once_a_look
def load_knowledge(folder: Path = TOPICS) -> Knowledge:
    """Load the topics of a folder, by default the built-in ones.

    Raises:
        InputError: A file cannot be read or a topic is malformed.
            :func:`mlipguide.catalog.topic_validation.validate_topics` lists all problems at once.
    """
    topics = [_read_topic(path) for path in topic_files(folder)]
    order = list(TopicGroup)
    return Knowledge(tuple(sorted(topics, key=lambda topic: (order.index(topic.group), topic.id))), read_sources())


@once_per_state
def _read_topic(path: Path) -> Topic:
    return from_plain(Topic, read_yaml(path), what=str(path))


def topic_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of a folder of topics, sorted by name."""
    return tuple(sorted(folder.glob("*.yaml")))


def claims_of(topic: Topic) -> tuple[Claim, ...]:
    """Return all that a topic claims: what is known, then what to do about it."""
    return (*topic.claims, *topic.mitigation)


def as_id(name: str) -> str:
    """Return how a topic of this name would be spelt: ``Long range`` is ``long-range``."""
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())
