"""Settings of topics: what a topic says of itself, whether it says so itself, and changing it while it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    ResourceType,
)

from harness.clients.admin import TIMEOUT_S, Admin


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
