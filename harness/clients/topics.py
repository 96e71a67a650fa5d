"""Topics as clients meet them: known to some brokers before others, with settings of their own or the cluster's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    ResourceType,
)

from harness.clients.admin import TIMEOUT_S, Admin, Partition
from harness.clients.handles import AdminClient, Consumer
from harness.waiting import wait_until


def partitions_of(client: AdminClient | Consumer, topic: str) -> tuple[int, ...]:
    """Return the partitions of a topic that exists.

    Any broker may be the one that answers, and a broker with little CPU hears late of a new topic: it answers with no
    partitions. Whoever went on with that answer would check nothing, and call it a success.
    """
    found: tuple[int, ...] = ()

    def known() -> bool:
        nonlocal found
        found = tuple(sorted(client.list_topics(topic, timeout=TIMEOUT_S).topics[topic].partitions))
        return bool(found)

    wait_until(known, what=f"an answer of a broker that knows {topic}", timeout_s=TIMEOUT_S, every_s=0.05)
    return found


def settled(admin: Admin, topic: str, *, partitions: int) -> tuple[Partition, ...]:
    """Wait until the topic is seen with so many partitions, all in sync, and return them as they were seen then."""
    seen: tuple[Partition, ...] = ()

    def complete() -> bool:
        nonlocal seen
        seen = admin.describe(topic)
        return len(seen) == partitions and all(partition.in_sync for partition in seen)

    wait_until(
        complete,
        what=f"{topic} with {partitions} partitions, all in sync",
        timeout_s=TIMEOUT_S,
        every_s=0.05,
        detail=lambda: str(seen),
    )
    return seen


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting of a topic; `own` says that the topic has it itself, not from the broker's defaults."""

    value: str | None
    own: bool


def settings_of(admin: Admin, topic: str) -> dict[str, Setting]:
    """Return all settings of a topic as the cluster reports them now."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    entries = admin.raw.describe_configs([resource], request_timeout=TIMEOUT_S)[resource].result()
    own = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
    return {name: Setting(value=entry.value, own=entry.source == own) for name, entry in entries.items()}


def change_settings(admin: Admin, topic: str, settings: Mapping[str, str | None]) -> None:
    """Change the named settings of a topic; None gives one back to the broker's default."""
    changes = [
        ConfigEntry(
            name,
            value,
            incremental_operation=AlterConfigOpType.DELETE if value is None else AlterConfigOpType.SET,
        )
        for name, value in settings.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=changes)
    admin.raw.incremental_alter_configs([resource], request_timeout=TIMEOUT_S)[resource].result()
