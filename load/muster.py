"""The muster: which engines the user classes of a locustfile ask for, and the traffic that follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.clients.engine.orders import LoadOrder
from harness.clients.engine.records import STAMP
from harness.errors import UsageError
from harness.measuring.traffic import Traffic
from load.options import Asked


@dataclass(frozen=True, kw_only=True)
class Muster:
    """How many users there are, and how many engines of each kind; a user of another kind than ours has none."""

    users: int
    producers: int
    consumers: int

    def traffic(self, asked: Asked) -> Traffic:
        """Return the traffic of a test; UsageError for engines that cannot work together."""
        if not self.producers:
            raise UsageError(
                "got user classes that write nothing, and the topic is made for the test",
                remedy="add a class of KafkaProducer, KafkaEndToEnd or KafkaMixed to the locustfile",
            )
        groups = asked.groups if self.consumers else 0
        members = self.consumers // max(1, groups) if self.consumers else 1
        if groups and (self.consumers % groups or members > asked.partitions):
            raise UsageError(
                f"got {self.consumers} consumers for {groups} groups of a topic with {asked.partitions} partitions",
                remedy="give each group as many consumers, and each consumer a partition at least",
            )
        return Traffic(
            partitions=asked.partitions,
            replication_factor=asked.replication_factor,
            producers=self.producers,
            groups=groups,
            consumers=members,
        )


def muster(classes: Iterable[Any]) -> Muster:
    """Count what user classes ask for; UsageError for records that nobody can make."""
    users = producers = consumers = 0
    for user in classes:
        records, count = getattr(user, "records", ()), int(user.fixed_count)
        small = [one.value_bytes for one in records if one.value_bytes < STAMP.itemsize]
        if small:
            raise UsageError(
                f"got records of {small[0]} bytes in {user.__name__}",
                remedy=f"give them {STAMP.itemsize} at least, in which each says of itself when it was due",
            )
        users += count
        producers += count * len(records)
        consumers += count * int(getattr(user, "readers", 0))
    return Muster(users=users, producers=producers, consumers=consumers)


def obey(classes: Iterable[Any], order: LoadOrder) -> list[Any]:
    """Make user classes send and read as an order says, and return those that it wants any of."""
    traffic = order.traffic
    wanted: list[Any] = []
    for user in classes:
        writes, readers = bool(getattr(user, "records", ())), int(getattr(user, "readers", 0))
        if writes == bool(readers):
            raise UsageError(
                f"got --load-order and {user.__name__}, which is no producer and no consumer alone",
                remedy="use classes of KafkaProducer and KafkaConsumer with it",
            )
        user.fixed_count = traffic.producers if writes else traffic.groups * traffic.consumers // readers
        if writes:
            user.records, user.sending = (traffic.records,), traffic.sending
        if user.fixed_count:
            wanted.append(user)
    return wanted
