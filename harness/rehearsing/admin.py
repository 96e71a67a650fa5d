"""The rehearsed admin: topics, leaders and in-sync sets of the in-memory cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from harness.clients.admin import OFFSETS_TOPIC, Partition
from harness.rehearsal.clock import MS
from harness.rehearsal.controller import NOTICE_NS
from harness.rehearsing.cluster import NOT_HERE, RehearsedCluster
from harness.verdict import Inconclusive
from harness.waiting import wait_until

INTERNAL = (OFFSETS_TOPIC, "__transaction_state")
"""Topics of one partition here, led by the broker that hosts the coordinators of the model."""

REPLICAS = 3


class KnownSettings(dict[str, str]):
    """The settings that the model has; asked for another one, nobody guesses."""

    def __missing__(self, name: str) -> NoReturn:
        raise Inconclusive(NOT_HERE)


class RehearsedAdmin:
    """What `harness.clients.admin.Admin` is for brokers."""

    def __init__(self, cluster: RehearsedCluster) -> None:
        self._cluster = cluster
        self._model = cluster.model
        self._topics: dict[str, int] = {}

    @property
    def bootstrap(self) -> str:
        raise Inconclusive(NOT_HERE)

    def seen_by(self, address: str) -> RehearsedAdmin:  # noqa: ARG002 (the model's brokers are of one opinion)
        return self

    def brokers(self) -> tuple[int, ...]:
        return tuple(sorted(self._model.controller.live))

    def controller(self) -> int:
        return self._cluster.controller

    def topics(self) -> tuple[str, ...]:
        return tuple(sorted((*self._topics, *INTERNAL)))

    def partitions(self) -> tuple[Partition, ...]:
        """Return every partition of every topic, the internal ones included."""
        own = (self._partition(topic, index) for topic, count in self._topics.items() for index in range(count))
        return (*(self._internal(topic) for topic in INTERNAL), *own)

    def _partition(self, topic: str, index: int) -> Partition:
        known = self._model.partitions[f"{topic}-{index}"]
        return Partition(
            topic=topic,
            index=index,
            leader=known.leader,
            replicas=tuple(known.replicas),
            isr=tuple(number for number in known.replicas if number in known.isr),
        )

    def _internal(self, topic: str) -> Partition:
        coordinator = self._model.coordinator()
        return Partition(
            topic=topic,
            index=0,
            leader=None if coordinator is None else coordinator.number,
            replicas=tuple(self._model.brokers),
            isr=self.brokers(),
        )

    def describe(self, topic: str) -> tuple[Partition, ...]:
        return tuple(partition for partition in self.partitions() if partition.topic == topic)

    def out_of_sync(self) -> tuple[Partition, ...]:
        return tuple(partition for partition in self.partitions() if not partition.in_sync)

    def create_topic(
        self, name: str, *, partitions: int, replication_factor: int, config: Mapping[str, str] | None = None
    ) -> str:
        """Create a topic with the settings of the model, and wait until its leaders know that they lead."""
        if config or replication_factor not in (REPLICAS, -1):
            raise Inconclusive(NOT_HERE)
        keys = [f"{name}-{index}" for index in range(partitions)]
        for key in keys:
            self._model.add(key)
        self._topics[name] = partitions
        wait_until(
            lambda: all(self._model.leading(key) is not None for key in keys),
            what=f"topic {name} having leaders",
            timeout_s=30,
        )
        return name

    def delete_topic(self, name: str) -> None:
        """Forget a topic; its partitions stay with the brokers, where nobody asks for them any more."""
        self._topics.pop(name, None)

    def broker_config(self, broker: int) -> KnownSettings:  # noqa: ARG002 (all brokers are alike)
        """Return how soon the model's controller misses a broker, in the words of the real settings."""
        noticed_ms = str(NOTICE_NS // MS)
        return KnownSettings(
            {"zookeeper.session.timeout.ms": noticed_ms, "replica.lag.time.max.ms": noticed_ms},
        )

    def warm_up_transactions(self) -> None:
        """Do nothing: the model's coordinators are there from the start."""

    def group_coordinator(self, group: str) -> int | None:  # noqa: ARG002 (one broker coordinates all groups)
        coordinator = self._model.coordinator()
        return None if coordinator is None else coordinator.number

    if not TYPE_CHECKING:  # or every attribute would seem to be there

        def __getattr__(self, name: str) -> NoReturn:
            raise Inconclusive(NOT_HERE)
