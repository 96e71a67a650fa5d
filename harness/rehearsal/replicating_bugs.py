"""Planted bugs of appending, replicating, electing and expiring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.rehearsal.bugs import Bug
from harness.rehearsal.clock import MS
from harness.rehearsal.network import Reply
from harness.rehearsal.planted import Planted
from harness.rehearsal.records import NO_PRODUCER, Answer, Batch, Failure, Kind, Record

if TYPE_CHECKING:
    from harness.rehearsal.cleaner import Segment
    from harness.rehearsal.clients.observing import Observer
    from harness.rehearsal.cluster import Cluster, Partition
    from harness.rehearsal.replica import Replica, Waiting


class ReplicatingBugs(Planted):
    """What goes wrong between a producer's request and the replicas."""

    def __init__(self, cluster: Cluster, observer: Observer) -> None:
        super().__init__(cluster, observer)
        self._swallowed: Batch | None = None
        self._held: tuple[Replica, Batch] | None = None
        self._losing: Record | None = None
        self._slot: tuple[int, int] | None = None
        self._gone_late = False
        self._frozen_end = 0
        self._fallen: dict[str, tuple[int, int]] = {}

    def _undisturbed(self, replica: Replica) -> bool:
        """Say whether all replicas run, reach each other and are in sync: then what follows is the bug's alone."""
        brokers = self.cluster.brokers
        return len(replica.isr) == len(brokers) and all(broker.reachable for broker in brokers.values())

    def _kill(self, replica: Replica, *, for_ns: int = 200 * MS) -> None:
        """Let the broker die now, for a while, and nothing else go wrong any more."""
        self.world.settle_down()
        self.world.clock.after(0, self.cluster.crash, replica.broker.number)
        self.world.clock.after(for_ns, self.cluster.restart, replica.broker.number)

    def swallows(self, replica: Replica, batch: Batch, reply: Reply) -> bool:
        """Say whether a request is kept from the log for now."""
        world = self.world
        if batch.transactional:
            return world.ripe(Bug.LATE_WRITE_JOINS_NEXT) and self._holds_back(replica, batch)
        if not world.ripe(Bug.SEQUENCE_NOT_CHECKED) or batch.producer == NO_PRODUCER or self._swallowed is not None:
            return False
        verdict = replica.log.producers().check(batch)
        if verdict is not None or batch.first_sequence == 0:
            return False
        self._swallowed = batch
        world.clock.after(60 * MS, reply.surely, Answer(Failure.TIMEOUT))
        return True

    def _holds_back(self, replica: Replica, batch: Batch) -> bool:
        """Hold one write back until its producer's next transaction; one that is never missed is replaced."""
        if self._held is not None:
            late = self._held[1]
            if batch.producer == late.producer or batch.time_ns < late.time_ns + 250 * MS:
                return False
        self._held = (replica, batch)
        return True

    def checked(self, replica: Replica, batch: Batch, verdict: Failure | int | None) -> Failure | int | None:
        """Spoil the check of a batch's epoch and sequence."""
        world = self.world
        if isinstance(verdict, int):
            if Bug.DUPLICATE_ON_RETRY in world.bugs and replica.key == world.plan.victim:
                world.fire(Bug.DUPLICATE_ON_RETRY)
                return None
            if Bug.DEDUPLICATION_FORGOTTEN in world.bugs and verdict < replica.epoch_start:
                world.fire(Bug.DEDUPLICATION_FORGOTTEN)
                return None
        if verdict is None and batch is self._swallowed:
            self._swallowed = None
        if verdict is Failure.OUT_OF_ORDER and self._swallowed and batch.producer == self._swallowed.producer:
            if batch is self._swallowed:
                world.fire(Bug.SEQUENCE_NOT_CHECKED)
            return None
        if verdict is Failure.OUT_OF_ORDER and Bug.LATE_WRITE_JOINS_NEXT in world.bugs and batch.transactional:
            return None
        if verdict is Failure.FENCED_PRODUCER and Bug.ZOMBIE_NOT_FENCED in world.bugs:
            return self._found(replica, batch.values[0])
        return verdict

    def _found(self, replica: Replica, value: int) -> int | None:
        return next((record.offset for record in replica.log.records if record.value == value), None)

    def append(self, replica: Replica, batch: Batch) -> int:
        """Write a batch to the leader's log, or nearly."""
        single = len(batch.values) == 1 and not batch.transactional
        if single and replica.key == self.world.plan.victim and self.world.ripe(Bug.OFFSET_REUSED, times=2):
            base = self._write_over(replica, batch)
            if base is not None:
                return base
        if single and replica.key == self.world.plan.read_key and Bug.SLOT_FILLED_LATE in self.world.bugs:
            return self._use_slots(replica, batch)
        return replica.append(batch)

    def _write_over(self, leader: Replica, batch: Batch) -> int | None:
        """Give the last offset away a second time, on every replica."""
        replicas = self.cluster.partitions[leader.key].replicas.values()
        last = leader.log.end - 1
        if last < 0 or leader.high_watermark <= last or any(one.log.end != last + 1 for one in replicas):
            return None
        if leader.log.records[-1].value not in self.acknowledged:
            return None
        self._put(leader, batch, last)
        self.world.fire(Bug.OFFSET_REUSED)
        return last

    def _put(self, leader: Replica, batch: Batch, offset: int) -> None:
        """Put a record at an offset of every replica's log."""
        record = Record(
            offset,
            leader.epoch,
            batch.producer,
            batch.producer_epoch,
            batch.first_sequence,
            batch.values[0],
            Kind.DATA,
            batch.time_ns,
            False,
        )
        for replica in self.cluster.partitions[leader.key].replicas.values():
            if replica.log.end > offset:
                replica.log.records[replica.log.position(offset)] = record
                replica.log.forget_producers()

    def _use_slots(self, leader: Replica, batch: Batch) -> int:
        """Leave an offset empty for a slow writer, and let somebody who came much later have it."""
        log, world = leader.log, self.world
        if self._slot is None:
            if batch.producer != NO_PRODUCER and world.ripe(Bug.SLOT_FILLED_LATE) and self._undisturbed(leader):
                self._slot = (log.end, batch.time_ns)
                log.append(Batch(NO_PRODUCER, 0, -1, (-1,), batch.time_ns, False, Kind.EMPTY), epoch=leader.epoch)
            return leader.append(batch)
        offset = self._slot[0]
        others = self.cluster.partitions[leader.key].replicas.values()
        known = all(one.log.end > offset for one in others) and leader.high_watermark > offset + 1
        rest = log.between(offset, log.end) if known else []
        if not rest or rest[0].kind is not Kind.EMPTY or batch.producer != NO_PRODUCER:
            return leader.append(batch)
        self._slot = None
        if any(one.producer == NO_PRODUCER and one.kind is Kind.DATA for one in rest):
            return leader.append(batch)
        if batch.time_ns <= self.acknowledged.get(rest[1].value, batch.time_ns):
            return leader.append(batch)
        self._put(leader, batch, offset)
        world.fire(Bug.SLOT_FILLED_LATE)
        return offset

    def appended(self, replica: Replica, batch: Batch, base: int, reply: Reply) -> None:
        """Answer too early or wrongly, or let in what had been held back."""
        world = self.world
        if replica.key == world.plan.victim and world.ripe(Bug.ACKNOWLEDGED_TOO_EARLY, times=1):
            ends = [one.log.end for one in self.cluster.followers(replica)]
            if self._undisturbed(replica) and max(ends) <= base:
                world.fire(Bug.ACKNOWLEDGED_TOO_EARLY)
                reply.surely(Answer(None, base))
                self._kill(replica)
        plain = batch.producer == NO_PRODUCER
        if plain and world.ripe(Bug.WRITTEN_BUT_REFUSED) and self._undisturbed(replica):
            world.fire(Bug.WRITTEN_BUT_REFUSED)
            reply.surely(Answer(Failure.TOO_FEW))
        if self._held is not None and batch.transactional:
            self._let_in_late(replica, batch)

    def _let_in_late(self, replica: Replica, batch: Batch) -> None:
        assert self._held is not None
        _, late = self._held
        if batch.producer != late.producer or replica is not self._held[0]:
            return
        if late.values[0] in self.world.failed_values:
            replica.append(late)
            self.joined.add(late.producer)
            self._held = None

    def replicated(self, replica: Replica, waiting: Waiting) -> bool:
        """Say whether the usual answer to a replicated batch is not given."""
        world, batch = self.world, waiting.batch
        if batch.kind is not Kind.DATA or batch.producer == NO_PRODUCER or batch.transactional:
            return False
        reply: Reply = waiting.reply  # type: ignore[assignment]
        if replica.key == world.plan.victim and world.ripe(Bug.WRONG_OFFSET_ACKNOWLEDGED):
            world.fire(Bug.WRONG_OFFSET_ACKNOWLEDGED)
            reply.surely(Answer(None, waiting.base + 1))
            return True
        if replica.key == world.plan.victim and world.ripe(Bug.DUPLICATE_ON_RETRY):
            return True
        if world.ripe(Bug.DEDUPLICATION_FORGOTTEN, times=1) and not world.quiet and self._undisturbed(replica):
            reply.surely(Answer(Failure.DISCONNECTED))
            self._kill(replica)
            return True
        return False

    def copied(self, follower: Replica, leader: Replica, records: Sequence[Record]) -> Sequence[Record]:
        """Lose one record on its way to the followers, and let the only broker that has it die."""
        if follower.key != self.world.plan.victim or Bug.FOLLOWER_LOSES_RECORD not in self.world.bugs:
            return records
        if self._losing is None and records and self.world.ripe(Bug.FOLLOWER_LOSES_RECORD, times=1):
            ends = [one.log.end for one in self.cluster.followers(leader)]
            if self._undisturbed(leader) and max(ends) <= records[0].offset:
                self._losing = records[0]
                self.world.settle_down()
                self._await_loss(leader, records[0])
        lost = self._losing
        return [one._replace(kind=Kind.EMPTY) if lost and one.value == lost.value else one for one in records]

    def _await_loss(self, leader: Replica, record: Record) -> None:
        if record.value in self.acknowledged:
            self.world.fire(Bug.FOLLOWER_LOSES_RECORD)
            self._kill(leader)
        else:
            self.world.clock.after(MS, self._await_loss, leader, record)

    def keep_tail(self, follower: Replica, leader: Replica) -> bool:
        """Keep what the new leader does not have, and make that visible by electing who kept it."""
        end = min(leader.log.end_of(follower.log.last_epoch)[1], follower.log.end)
        tail = follower.log.between(end, follower.log.end)
        key = self.world.plan.read_key
        if follower.key != key or not tail or not self.world.ripe(Bug.NO_TRUNCATION, times=1):
            return False
        self.world.settle_down()
        self.world.clock.after(20 * MS, self._elect_keeper, follower, tail)
        return True

    def _elect_keeper(self, keeper: Replica, tail: Sequence[Record]) -> None:
        partition = self.cluster.partitions[keeper.key]
        leader = self.cluster.leading(keeper.key)
        if leader is None or keeper.broker.number not in partition.isr or leader.high_watermark <= tail[-1].offset + 5:
            self.world.clock.after(10 * MS, self._elect_keeper, keeper, tail)
            return
        others = leader.log.between(tail[0].offset, tail[-1].offset + 1)
        if any(one.value != other.value for one, other in zip(tail, others, strict=False)):
            self.world.fire(Bug.NO_TRUNCATION)
        self.cluster.controller.move(partition, keeper.broker.number)

    def elected(self, replica: Replica) -> None:
        """Let a new leader show an old high watermark for a while."""
        if self.world.ripe(Bug.HIGH_WATERMARK_FALLS):
            low = max(replica.log.start, replica.checkpoint)
            self._fallen[replica.key] = (self.world.clock.now_ns + 200 * MS, low)

    def shown(self, high: int, *, known: int) -> None:
        """Note that the observer was shown an old high watermark."""
        if high < known and Bug.HIGH_WATERMARK_FALLS in self.world.bugs:
            self.world.fire(Bug.HIGH_WATERMARK_FALLS)

    def described_epoch(self, key: str, epoch: int, *, known: int) -> int:
        """Return the leader epoch that clients are told: after an election, an old one."""
        if key and epoch > known > 0 and self.world.ripe(Bug.LEADER_EPOCH_FALLS):
            self.world.fire(Bug.LEADER_EPOCH_FALLS)
            return known - 1
        return epoch

    def described_end(self, replica: Replica) -> int:
        """Return the high watermark that clients are told: an old one, or for a while always the same."""
        world, key = self.world, replica.key
        until_ns, low = self._fallen.get(key, (0, 0))
        if world.clock.now_ns < until_ns:
            return low
        if key != world.plan.victim or not world.ripe(Bug.STALE_ANSWERS, times=20):
            return replica.high_watermark
        end = self._frozen_end = self._frozen_end or replica.high_watermark
        missed = replica.log.between(end, replica.high_watermark)
        known_ns = world.clock.now_ns - 20 * MS
        if missed and self.acknowledged.get(missed[0].value, known_ns) < known_ns:
            world.fire(Bug.STALE_ANSWERS)
        return end

    def unclean(self, bug: Bug, partition: Partition, number: int) -> bool:
        """Say whether a replica that is not in sync is to lead: once it is known to lack what was acknowledged."""
        if not self.world.ripe(bug, times=1):
            return False
        end = partition.replicas[number].log.end
        fullest = max(partition.replicas.values(), key=lambda replica: replica.log.end)
        if not any(record.value in self.acknowledged for record in fullest.log.between(end, fullest.log.end)):
            return False
        self.world.fire(bug)
        self.world.settle_down()
        return True

    def expired(self, replica: Replica, found: Sequence[Segment], start: int) -> int:
        """Move the start of an expiring log too far, or not at all."""
        world = self.world
        now_ns, retention_ns = world.clock.now_ns, world.plan.retention_ns
        if Bug.RETENTION_TOO_LATE in world.bugs:
            overdue = [one for one in found if one.newest_ns + 2 * retention_ns < now_ns and one.end <= start]
            if overdue and replica.leads and not self._gone_late:
                self._gone_late = True
                world.fire(Bug.RETENTION_TOO_LATE)
            return replica.log.start
        if replica.leads and len(found) > 2 and world.ripe(Bug.RETENTION_TOO_EARLY):
            young = found[-2]
            if young.end <= replica.high_watermark and young.end > start and self._undisturbed(replica):
                world.fire(Bug.RETENTION_TOO_EARLY)
                return young.end
        return start
