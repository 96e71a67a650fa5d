"""Consumer groups as the admin protocol shows and changes them: members, shares, offsets and lag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]

from harness.clients.admin import TIMEOUT_S, Admin
from harness.waiting import wait_until

SESSION_S = 60
"""Longer than the session time-out of every documented client: by then a member that left without a word is gone."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """One group now: whether its shares are settled, and which partitions each member has (by member id)."""

    stable: bool
    empty: bool
    shares: Mapping[str, tuple[str, ...]]


class Groups:
    """Asks and changes consumer groups."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    def names(self) -> tuple[str, ...]:
        """Return the names of all groups of the cluster."""
        listing = self._admin.raw.list_consumer_groups(request_timeout=TIMEOUT_S).result()
        return tuple(sorted(group.group_id for group in listing.valid))

    def describe(self, group: str) -> Group:
        described = self._admin.raw.describe_consumer_groups([group], request_timeout=TIMEOUT_S)[group].result()
        return Group(
            stable=described.state is ConsumerGroupState.STABLE,
            empty=described.state in (ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD),
            shares={
                member.member_id: tuple(
                    f"{tp.topic}-{tp.partition}" for tp in (member.assignment.topic_partitions or ())
                )
                for member in described.members
            },
        )

    def commit(self, group: str, topic: str, offsets: Mapping[int, int]) -> None:
        """Set the committed offsets of a group that has no members, by partition."""
        partitions = [TopicPartition(topic, index, offset) for index, offset in offsets.items()]
        request = [ConsumerGroupTopicPartitions(group, partitions)]
        result = self._admin.raw.alter_consumer_group_offsets(request, request_timeout=TIMEOUT_S)[group].result()
        for partition in result.topic_partitions:
            if partition.error is not None:
                raise KafkaException(partition.error)

    def commit_end(self, group: str, topic: str) -> None:
        """Commit the present end of every partition, so that a consumer reads exactly what comes from now on."""
        self.commit(group, topic, self.ends(topic))

    def ends(self, topic: str) -> dict[int, int]:
        """Return the end offset of each partition of a topic."""
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        request = {TopicPartition(topic, partition.index): latest for partition in self._admin.describe(topic)}
        futures = self._admin.raw.list_offsets(request, request_timeout=TIMEOUT_S)
        return {partition.partition: int(future.result().offset) for partition, future in futures.items()}

    def lag(self, group: str, topic: str) -> dict[int, int]:
        """Return how many records of each partition the group has not committed yet."""
        committed = self._admin.committed(group, topic)
        return {index: end - committed.get(index, 0) for index, end in self.ends(topic).items()}

    def delete(self, group: str) -> None:
        """Delete a group once its last member is gone; one that is not there is fine."""
        wait_until(
            lambda: self.describe(group).empty, what=f"the last member leaving group {group}", timeout_s=SESSION_S
        )
        try:
            self._admin.delete_groups([group])
        except KafkaException as error:
            if error.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
                raise
