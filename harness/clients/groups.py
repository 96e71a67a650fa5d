"""Consumer groups from outside: which there are, where they stand, how far behind they are.

Coordinators are reached as a consumer reaches them. The admin requests for groups end the whole process (an assertion
in librdkafka 2.16) when they time out while no coordinator is available; the one that cannot be avoided, deleting a
group, is sent only after its coordinator has just answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from harness.clients.admin import TIMEOUT_S, Admin
from harness.clients.handles import Consumer
from harness.clients.settings import plain_consumer
from harness.clients.topics import partitions_of
from harness.waiting import wait_until

SESSION_S = 60
"""Longer than the session time-out of every documented client: by then a member that left without a word is gone."""


class Groups:
    """Asks and changes consumer groups."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    def names(self) -> tuple[str, ...]:
        """Return the names of all groups of the cluster."""
        return tuple(sorted(str(group.id) for group in self._admin.raw.list_groups(timeout=TIMEOUT_S)))

    def is_empty(self, group: str) -> bool:
        """Say whether a group has no member, or does not exist."""
        return not any(found.members for found in self._admin.raw.list_groups(group, timeout=TIMEOUT_S))

    def commit(self, group: str, topic: str, offsets: Mapping[int, int]) -> None:
        """Set the committed offsets of a group that has no members, by partition."""
        positions = [TopicPartition(topic, index, offset) for index, offset in offsets.items()]
        with self._outsider(group) as consumer:
            for position in consumer.commit(offsets=positions, asynchronous=False) or ():
                if position.error is not None:
                    raise KafkaException(position.error)

    def commit_end(self, group: str, topic: str) -> None:
        """Commit the present end of every partition, so that a consumer reads exactly what comes from now on."""
        self.commit(group, topic, self.ends(topic))

    def ends(self, topic: str) -> dict[int, int]:
        """Return the end offset of each partition of a topic."""
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        request = {TopicPartition(topic, index): latest for index in partitions_of(self._admin.raw, topic)}
        futures = self._admin.raw.list_offsets(request, request_timeout=TIMEOUT_S)
        return {partition.partition: int(future.result().offset) for partition, future in futures.items()}

    def lag(self, group: str, topic: str) -> dict[int, int]:
        """Return how many records of each partition the group has not committed yet."""
        with self._outsider(group) as consumer:
            wanted = [TopicPartition(topic, index) for index in partitions_of(consumer, topic)]
            committed = {found.partition: found.offset for found in consumer.committed(wanted, timeout=TIMEOUT_S)}
        return {index: end - max(0, committed[index]) for index, end in self.ends(topic).items()}

    def delete(self, group: str) -> None:
        """Delete a group once its last member is gone; one that is not there is fine."""
        wait_until(lambda: self.is_empty(group), what=f"the last member leaving group {group}", timeout_s=SESSION_S)
        with self._outsider(group) as consumer:
            consumer.committed([TopicPartition("any", 0)], timeout=TIMEOUT_S)
        try:
            self._admin.delete_groups([group])
        except KafkaException as error:
            if error.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
                raise

    @contextmanager
    def _outsider(self, group: str) -> Iterator[Consumer]:
        """A client that speaks to the group's coordinator without being a member."""
        consumer = Consumer(plain_consumer(self._admin.bootstrap, group=group))
        try:
            yield consumer
        finally:
            consumer.close()
