"""The cleaner: it deletes old segments by time and size; a compacted topic it thins out."""

from __future__ import annotations

from typing import NamedTuple

from harness.rehearsal.bugs import Bug
from harness.rehearsal.cluster import Cluster
from harness.rehearsal.log import Log
from harness.rehearsal.replica import Replica


class Segment(NamedTuple):
    """A stretch of a log, `end` excluded, and the time of its newest record."""

    start: int
    end: int
    newest_ns: int


def segments(log: Log, *, segment_ns: int) -> list[Segment]:
    """Cut a log where a record is `segment_ns` younger than the first of its segment."""
    found: list[Segment] = []
    first_ns = newest_ns = None
    start = log.start
    for record in log.records:
        if first_ns is not None and newest_ns is not None and record.time_ns - first_ns >= segment_ns:
            found.append(Segment(start, record.offset, newest_ns))
            start, first_ns, newest_ns = record.offset, None, None
        first_ns = record.time_ns if first_ns is None else first_ns
        newest_ns = record.time_ns if newest_ns is None else max(newest_ns, record.time_ns)
    if newest_ns is not None:
        found.append(Segment(start, log.end, newest_ns))
    return found


def start_by_time(found: list[Segment], *, start: int, expired_ns: int, high_watermark: int) -> int:
    """Return where a log starts after the segments whose newest record is older than `expired_ns` went."""
    for segment in found:
        if segment.newest_ns >= expired_ns or segment.end > high_watermark:
            break
        start = segment.end
    return start


def start_by_size(found: list[Segment], *, start: int, most: int, high_watermark: int) -> int:
    """Return where a log starts after its oldest segments went, as long as at least `most` records stay."""
    end = found[-1].end if found else start
    for segment in found:
        if end - segment.end < most or segment.end > high_watermark:
            break
        start = segment.end
    return start


class Cleaner:
    """Retention on the topics that have it, on every broker that runs."""

    def __init__(self, cluster: Cluster) -> None:
        self.world = cluster.world
        self.cluster = cluster

    def run(self) -> None:
        """Clean, and again after a while."""
        plan = self.world.plan
        for broker in self.cluster.brokers.values():
            if broker.up:
                for replica in broker.replicas.values():
                    if replica.key == plan.expiring:
                        self._expire(replica)
        if Bug.CLEANER_ON_WRONG_TOPIC in self.world.bugs:
            self._compact_wrongly()
        self.world.clock.after(plan.check_ns, self.run)

    def _expire(self, replica: Replica) -> None:
        plan = self.world.plan
        found = segments(replica.log, segment_ns=plan.segment_ns)
        start = start_by_time(
            found,
            start=replica.log.start,
            expired_ns=self.world.clock.now_ns - plan.retention_ns,
            high_watermark=replica.high_watermark,
        )
        if plan.retention_records is not None:
            by_size = start_by_size(
                found, start=start, most=plan.retention_records, high_watermark=replica.high_watermark
            )
            start = max(start, by_size)
        if self.world.bugs:
            start = self.world.strikes.expired(replica, found, start)
        replica.log.delete_before(start)

    def _compact_wrongly(self) -> None:
        world, key = self.world, self.world.plan.read_key
        leader = self.cluster.leading(key)
        if leader is None or not world.ripe(Bug.CLEANER_ON_WRONG_TOPIC, times=1):
            return
        until = leader.log.end // 2
        before = {record.value for record in leader.log.records}
        for replica in self.cluster.partitions[key].replicas.values():
            replica.log.compact(until=min(until, replica.log.end), keys=7)
        if (before - {record.value for record in leader.log.records}) & world.strikes.seen:
            world.fire(Bug.CLEANER_ON_WRONG_TOPIC)
