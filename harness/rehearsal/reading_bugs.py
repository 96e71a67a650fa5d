"""Planted bugs of what brokers give to consumers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.rehearsal.bugs import Bug
from harness.rehearsal.clock import MS
from harness.rehearsal.planted import Planted
from harness.rehearsal.records import NO_PRODUCER, Kind, Record

if TYPE_CHECKING:
    from harness.rehearsal.clients.observing import Observer
    from harness.rehearsal.cluster import Cluster
    from harness.rehearsal.replica import Reader, Replica


class ReadingBugs(Planted):
    """What goes wrong between the replicas and a consumer."""

    def __init__(self, cluster: Cluster, observer: Observer) -> None:
        super().__init__(cluster, observer)
        self.seen: set[int] = set()
        self._must_arrive = False

    def takes_care(self) -> bool:
        """Say, once, whether the answer that was just made up must reach its client."""
        must, self._must_arrive = self._must_arrive, False
        return must

    def readable(self, replica: Replica, reader: Reader, position: int, high: int) -> int:
        """Return the offset up to which a consumer is given records."""
        world = self.world
        if reader.producer is not None and {Bug.OPEN_TRANSACTIONS_READ, Bug.DIRTY_DUET} & world.bugs:
            return replica.high_watermark
        if not (reader.assigned and reader.committed and replica.key == world.plan.read_key):
            return high
        if world.ripe(Bug.DIRTY_READS, times=1) and position > replica.log.end - 30 and self._would_be_lost(replica):
            world.fire(Bug.DIRTY_READS)
            self._must_arrive = True
            world.settle_down()
            world.clock.after(0, self.cluster.crash, replica.broker.number)
            world.clock.after(200 * MS, self.cluster.restart, replica.broker.number)
            return replica.log.end
        return high

    def _would_be_lost(self, leader: Replica) -> bool:
        """Say whether only the leader has its newest records, and somebody would not send his again."""
        followers = list(self.cluster.followers(leader))
        kept = max(replica.log.end for replica in followers)
        tail = leader.log.between(kept, leader.log.end)
        healthy = all(broker.reachable for broker in self.cluster.brokers.values()) and len(leader.isr) == 3
        return healthy and any(record.producer == NO_PRODUCER for record in tail)

    def read(self, replica: Replica, reader: Reader, records: Sequence[Record]) -> list[Record]:
        """Return what a consumer gets of some records."""
        world = self.world
        visible = replica.visible(records, reader)
        if reader.producer is not None and Bug.DIRTY_DUET in world.bugs:
            return [record for record in visible if record.producer != reader.producer]
        if not (reader.assigned and reader.committed):
            return visible
        if world.ripe(Bug.ABORTED_RECORDS_READ):
            return self._with_aborted(records, visible)
        if visible and replica.key == world.plan.read_key and world.ripe(Bug.RECORD_OF_OTHER_PARTITION):
            other = self.cluster.partitions[world.plan.victim].replicas[replica.broker.number].log
            turn = world.fired[Bug.RECORD_OF_OTHER_PARTITION]
            if len(other.records) > turn:
                world.fire(Bug.RECORD_OF_OTHER_PARTITION)
                self._must_arrive = True
                visible[0] = visible[0]._replace(value=other.records[turn].value)
        return visible

    def _with_aborted(self, records: Sequence[Record], visible: list[Record]) -> list[Record]:
        shown = {record.offset for record in visible}
        hidden = [one for one in records if one.kind is Kind.DATA and one.offset not in shown]
        if not any(record.value in self.world.failed_values for record in hidden):
            return visible
        self.world.fire(Bug.ABORTED_RECORDS_READ)
        self._must_arrive = True
        return [record for record in records if record.kind is Kind.DATA]
