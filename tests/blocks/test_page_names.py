"""The page's own names: what exists already is never touched, what was taken is always removed."""

from __future__ import annotations

from typing import Any

import pytest

from harness.verdict import Inconclusive
from suites.documented.page import PageGroups, PageTopics


class _Cluster:
    """Stands in for an admin client, its raw client and its groups; remembers what exists."""

    def __init__(self, *names: str) -> None:
        self.existing = list(names)
        self.raw: Any = self

    def topics(self) -> tuple[str, ...]:
        return tuple(self.existing)

    names = topics

    def create_topic(self, name: str, **_: object) -> str:
        self.existing.append(name)
        return name

    def create_topics(self, topics: list[Any], **_: object) -> dict[str, Any]:
        return {topic.topic: self for topic in topics}

    def result(self) -> None:
        return None

    def delete_topic(self, name: str) -> None:
        if name in self.existing:
            self.existing.remove(name)

    delete = delete_topic


def _topics(cluster: Any) -> PageTopics:
    return PageTopics(cluster)


def _groups(cluster: Any) -> PageGroups:
    return PageGroups(cluster)


def test_a_topic_that_exists_is_somebodys() -> None:
    cluster = _Cluster("events")
    topics = _topics(cluster)
    with pytest.raises(Inconclusive, match="topic 'events' exists and may be somebody's"):
        topics.create("events")
    topics.remove()
    assert cluster.existing == ["events"]


def test_topics_that_were_taken_are_removed_and_no_other() -> None:
    cluster = _Cluster("payments")
    topics = _topics(cluster)
    topics.create("events")
    cluster.create_topic(topics.take("my-topic"))
    topics.take("never-made")
    topics.remove()
    assert cluster.existing == ["payments"]


def test_a_group_that_exists_is_somebodys() -> None:
    cluster = _Cluster("my-group")
    groups = _groups(cluster)
    with pytest.raises(Inconclusive, match="group 'my-group' exists and may be somebody's"):
        groups.take("my-group")
    groups.remove()
    assert cluster.existing == ["my-group"]


def test_groups_that_were_taken_are_removed_and_no_other() -> None:
    cluster = _Cluster("billing")
    groups = _groups(cluster)
    cluster.create_topic(groups.take("my-group"))
    groups.remove()
    assert cluster.existing == ["billing"]
