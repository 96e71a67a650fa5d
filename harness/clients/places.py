"""Places: a key of a history is a topic and a partition, written with a hyphen between them."""

from __future__ import annotations

from collections.abc import Mapping


def key_of(topic: str, partition: int) -> str:
    """Return the key of a partition."""
    return f"{topic}-{partition}"


def place(key: str) -> tuple[str, int]:
    """Return the topic and the partition of a key; a topic may have hyphens of its own."""
    topic, partition = key.rsplit("-", 1)
    return topic, int(partition)


def keys_of(topics: Mapping[str, int]) -> tuple[str, ...]:
    """Return the keys of topics that have so many partitions."""
    return tuple(key_of(topic, partition) for topic, count in topics.items() for partition in range(count))
