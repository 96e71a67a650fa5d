"""The cluster as its own admin protocol describes it: topics, leaders, in-sync sets, live configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import ClusterMetadata, ConfigResource, NewTopic, ResourceType

from harness.clients.handles import AdminClient, Consumer
from harness.clients.settings import common, transactional_producer
from harness.clients.transaction import TransactionalClient
from harness.waiting import wait_until

T = TypeVar("T")
TIMEOUT_S = 15
NoAnswer = KafkaException
"""What a question raises that the cluster refuses or does not answer."""
OFFSETS_TOPIC = "__consumer_offsets"
SHARES = (0.2, 0.3, 0.5)
"""Of the time for a question: what each of those gets who are asked one after the other."""

NOT_SAID = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._PARTIAL,
    }
)
"""Errors of the client itself: the broker that it had asked ended, has no name while its pod is replaced, stood still,
or knows nothing yet."""


def coordinator_partition(name: str, *, partitions: int) -> int:
    """Return the partition of the offsets topic that a group belongs to: Java's hash of the name, without its sign.

    Source: kafka.coordinator.group.GroupMetadataManager.partitionFor and org.apache.kafka.common.utils.Utils.abs, for
    which the one number that has no positive counterpart is zero.
    """
    value = 0
    for unit in _utf16_units(name):
        value = (31 * value + unit) & 0xFFFFFFFF
    signed = value - (1 << 32) if value >> 31 else value
    return 0 if signed == -(1 << 31) else abs(signed) % partitions


def _utf16_units(name: str) -> list[int]:
    raw = name.encode("utf-16-be")
    return [raw[at] << 8 | raw[at + 1] for at in range(0, len(raw), 2)]


@dataclass(frozen=True, kw_only=True)
class Partition:
    """One partition as the controller sees it; `leader` is None while there is none."""

    topic: str
    index: int
    leader: int | None
    replicas: tuple[int, ...]
    isr: tuple[int, ...]

    @property
    def key(self) -> str:
        return f"{self.topic}-{self.index}"

    @property
    def in_sync(self) -> bool:
        return self.leader is not None and set(self.isr) == set(self.replicas)


def _partitions(metadata: ClusterMetadata) -> tuple[Partition, ...]:
    return tuple(
        Partition(
            topic=name,
            index=index,
            leader=None if partition.leader < 0 else partition.leader,
            replicas=tuple(partition.replicas),
            isr=tuple(partition.isrs),
        )
        for name, topic in sorted(metadata.topics.items())
        for index, partition in sorted(topic.partitions.items())
    )


def _knowing(metadata: ClusterMetadata) -> ClusterMetadata:
    """Return what a broker tells; one that knows no broker, not even itself, has just started and knows no topic."""
    if not metadata.brokers:
        raise KafkaException(KafkaError(KafkaError._PARTIAL, "a broker that has just started knows no other"))
    return metadata


class Admin:
    """Asks and changes the cluster through the Kafka admin protocol.

    What it asks of any broker is answered while there is one that can: the client library sends a question to one
    broker and waits for it, even when that one has just ended, so another client, which chooses anew, asks again.
    """

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.raw = AdminClient(common(bootstrap))

    def _answer(self, ask: Callable[[AdminClient, float], T], *, timeout_s: float = TIMEOUT_S) -> T:
        """Return the answer to a question that changes nothing; raise `NoAnswer` when nobody gave one in time."""
        for share in SHARES[:-1]:
            try:
                return ask(self.raw, share * timeout_s)
            except KafkaException as error:
                if error.args[0].code() not in NOT_SAID:
                    raise
            self.raw = AdminClient(common(self.bootstrap))
        return ask(self.raw, SHARES[-1] * timeout_s)

    def _metadata(self, *, timeout_s: float = TIMEOUT_S) -> ClusterMetadata:
        return self._answer(
            lambda client, patience_s: _knowing(client.list_topics(timeout=patience_s)), timeout_s=timeout_s
        )

    def seen_by(self, address: str) -> Admin:
        """Return the cluster as the broker at this address describes it.

        A client asks the broker again that it has asked last (librdkafka prefers the least idle one), so one that has
        just begun asks this one, and one that has met a broker which is cut off goes on to believe it.
        """
        return Admin(address)

    def brokers(self) -> tuple[int, ...]:
        """Return the ids of the brokers that are registered now."""
        return tuple(sorted(self._metadata().brokers))

    def advertised(self) -> dict[int, str]:
        """Return the address that each registered broker tells its clients, by broker id."""
        brokers = self._metadata().brokers
        return {broker: f"{node.host}:{node.port}" for broker, node in sorted(brokers.items())}

    def controller(self) -> int:
        """Return the broker id of the active controller."""
        cluster = self._answer(lambda client, patience_s: client.describe_cluster(request_timeout=patience_s).result())
        if cluster.controller is None:
            raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE, "the cluster has no controller now"))
        return int(cluster.controller.id)

    def topics(self) -> tuple[str, ...]:
        return tuple(sorted(self._metadata().topics))

    def partitions(self, *, timeout_s: float = TIMEOUT_S) -> tuple[Partition, ...]:
        """Return every partition of every topic, the internal ones included."""
        return _partitions(self._metadata(timeout_s=timeout_s))

    def describe(self, topic: str) -> tuple[Partition, ...]:
        """Return the partitions of one topic; empty when it does not exist."""
        return tuple(partition for partition in self.partitions() if partition.topic == topic)

    def out_of_sync(self) -> tuple[Partition, ...]:
        """Return the partitions whose in-sync set is not their replica set."""
        return tuple(partition for partition in self.partitions() if not partition.in_sync)

    def create_topic(
        self, name: str, *, partitions: int, replication_factor: int, config: Mapping[str, str] | None = None
    ) -> str:
        """Create a topic and wait until every broker knows it, with a leader and a full in-sync set everywhere.

        A broker with little CPU hears late of a new topic and answers that it has no partitions; a client that asked
        just this one would check nothing.
        """
        topic = NewTopic(name, partitions, replication_factor, config=dict(config or {}))
        self._ask_controller(lambda: self.raw.create_topics([topic], operation_timeout=TIMEOUT_S)[name].result())
        for address in self.advertised().values():

            def known(address: str = address) -> bool:
                described = _partitions(AdminClient(common(address)).list_topics(name, timeout=TIMEOUT_S))
                return len(described) == partitions and all(partition.in_sync for partition in described)

            wait_until(
                known, what=f"{address} knowing topic {name}", timeout_s=30, detail=lambda: str(self.describe(name))
            )
        return name

    def _ask_controller(self, ask: Callable[[], object]) -> None:
        """Ask what only the controller answers; a broker that says that it is not (any more) has done nothing."""

        def answered() -> bool:
            try:
                ask()
            except KafkaException as error:
                if error.args[0].code() != KafkaError.NOT_CONTROLLER:
                    raise
                self.raw.list_topics(timeout=TIMEOUT_S)  # the client learns of another controller only when it asks
                return False
            return True

        wait_until(answered, what="an answer of the controller", timeout_s=30)

    def delete_topic(self, name: str) -> None:
        """Delete a topic and wait until it is gone; one that is not there is fine."""
        try:
            self._ask_controller(lambda: self.raw.delete_topics([name], operation_timeout=TIMEOUT_S)[name].result())
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
        wait_until(lambda: name not in self.topics(), what=f"topic {name} going away", timeout_s=30)

    def broker_config(self, broker: int) -> dict[str, str]:
        """Return the live configuration of one broker, by property name."""
        resource = ConfigResource(ResourceType.BROKER, str(broker))
        entries = self.raw.describe_configs([resource], request_timeout=TIMEOUT_S)[resource].result()
        return {name: entry.value for name, entry in entries.items() if entry.value is not None}

    def topic_config(self, topic: str) -> dict[str, str]:
        resource = ConfigResource(ResourceType.TOPIC, topic)
        entries = self.raw.describe_configs([resource], request_timeout=TIMEOUT_S)[resource].result()
        return {name: entry.value for name, entry in entries.items() if entry.value is not None}

    def has_group_coordinator(self) -> bool:
        """Say whether a coordinator answers; asking makes the brokers create their offsets topic.

        Asks as a consumer does. The admin requests for groups end the process (an assertion in librdkafka 2.16,
        rd_kafka_enq_once_del_source_return) when they time out while no coordinator is available.
        """
        consumer = Consumer({**common(self.bootstrap), "group.id": "harness-warm-up"})
        try:
            consumer.committed([TopicPartition(OFFSETS_TOPIC, 0)], timeout=1)
        finally:
            consumer.close()
        return True

    def warm_up_transactions(self) -> None:
        """Begin and end a client: the first one makes the brokers create the topic in which they keep transactions."""
        with TransactionalClient(transactional_producer(self.bootstrap, transactional_id="warm-up")) as client:
            client.take_over()

    def group_coordinator(self, group: str) -> int | None:
        """Return a group's coordinator: the broker that leads the offsets partition that its name hashes to."""
        offsets = self.describe(OFFSETS_TOPIC)
        return offsets[coordinator_partition(group, partitions=len(offsets))].leader if offsets else None

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """Return a group's committed offsets on a topic by partition; a partition without one is left out.

        Asks as a consumer does, for the reason given at `has_group_coordinator`.
        """
        consumer = Consumer({**common(self.bootstrap), "group.id": group})
        try:
            wanted = [TopicPartition(topic, partition.index) for partition in self.describe(topic)]
            offsets = consumer.committed(wanted, timeout=TIMEOUT_S)
        finally:
            consumer.close()
        return {position.partition: position.offset for position in offsets if position.offset >= 0}

    def delete_groups(self, groups: Sequence[str]) -> None:
        for future in self.raw.delete_consumer_groups(list(groups), request_timeout=TIMEOUT_S).values():
            future.result()
