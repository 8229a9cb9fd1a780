"""``mlipguide explain``: the guide's knowledge, one topic, all of them, or the list."""

from __future__ import annotations

from mlipguide.catalog.topics import Knowledge, claims_of, load_knowledge
from mlipguide.records.models.topic import Explanation, Topic, TopicEntry
from mlipguide.records.notice import Result

ALL = "all"


def explain(name: str | None = None) -> Result[Explanation]:
    """Return a topic with its sources spelt out.

    Args:
        name: Id or alias of a topic, or ``all``; None for the list of topics alone.

    Raises:
        InputError: There is no such topic.
    """
    knowledge = load_knowledge()
    topics = _chosen(name, knowledge)
    index = tuple(TopicEntry(topic.id, topic.title, topic.group, topic.summary) for topic in knowledge.topics)
    keys = [key for topic in topics for claim in claims_of(topic) for key in claim.sources]
    return Result(Explanation(index=index, topics=topics, sources=knowledge.facts(keys)))


def _chosen(name: str | None, knowledge: Knowledge) -> tuple[Topic, ...]:
    if name is None:
        return ()
    return knowledge.topics if name.strip().lower() == ALL else (knowledge.find(name),)
