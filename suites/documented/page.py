"""The page's own topics and groups, taken with care.

The page's names (`events`, `my-topic`, `my-group` ...) are names that people really use. One that exists already is
somebody's: the clause is then INCONCLUSIVE, and nothing of it is touched. What a clause made is removed after it.
"""

from __future__ import annotations

from functools import partial

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import NewTopic

from harness.clients.admin import Admin
from harness.clients.groups import Groups
from harness.verdict import Inconclusive
from harness.waiting import wait_until

FREE_S = 30


class PageTopics:
    """Topics under the page's own names."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self._taken: list[str] = []

    def take(self, name: str) -> str:
        """Take a name for a topic that the page's own command will create."""
        if name not in self._taken:
            if name in self._admin.topics():
                raise Inconclusive(f"topic {name!r} exists and may be somebody's: delete it to have this clause judged")
            self._taken.append(name)
        return name

    def create(self, name: str, *, partitions: int = 3, replication_factor: int = 3) -> str:
        return self._admin.create_topic(self.take(name), partitions=partitions, replication_factor=replication_factor)

    def remove(self) -> None:
        """Delete what was taken, and wait until the names are free: the next clause may need them."""
        for name in self._taken:
            self._admin.delete_topic(name)
            wait_until(partial(self._is_free, name), what=f"the name {name} being free", timeout_s=FREE_S)

    def _is_free(self, name: str) -> bool:
        """Whether a topic of this name could be made now: a deleted one is out of sight before it is gone."""
        try:
            self._admin.raw.create_topics([NewTopic(name, 1, 1)], validate_only=True)[name].result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
            return False
        return True


class PageGroups:
    """Consumer groups under the page's own names."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._taken: list[str] = []

    def take(self, name: str) -> str:
        """Take a name for a group that a client will join or that gets offsets."""
        if name in self._groups.names():
            raise Inconclusive(f"group {name!r} exists and may be somebody's: delete it to have this clause judged")
        self._taken.append(name)
        return name

    def remove(self) -> None:
        for name in self._taken:
            self._groups.delete(name)
