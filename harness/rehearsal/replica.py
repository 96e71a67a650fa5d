"""A replica: one broker's copy of a partition, and what it does as leader and as follower."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from harness.rehearsal.bugs import Bug
from harness.rehearsal.clock import Call
from harness.rehearsal.log import Log
from harness.rehearsal.records import NO_PRODUCER, Answer, Batch, Failure, Kind, Record

if TYPE_CHECKING:
    from harness.rehearsal.cluster import Broker, Cluster
    from harness.rehearsal.network import Reply


class Reader(NamedTuple):
    """Who reads: its isolation, its producer id if it reads within transactions, and what is particular about it."""

    committed: bool = True
    producer: int | None = None
    assigned: bool = False


class Waiting(NamedTuple):
    """A produce request that waits until its records are replicated."""

    last: int
    base: int
    batch: Batch
    reply: Callable[[Answer], None]


class Replica:
    """One copy of a partition; `high_watermark` is what it knows, `ends` how far its followers are, as a leader."""

    def __init__(self, cluster: Cluster, broker: Broker, key: str) -> None:
        self.cluster = cluster
        self.world = cluster.world
        self.broker = broker
        self.key = key
        self.log = Log()
        self.high_watermark = 0
        self.checkpoint = 0
        self.epoch = -1
        self.version = -1
        self.leader: int | None = None
        self.leads = False
        self.isr: frozenset[int] = frozenset()
        self.ends: dict[int, int] = {}
        self.epoch_start = 0
        self.settled = False
        self.fetch_is_due = False
        self._waiting: list[Waiting] = []

    def told(self, *, leader: int | None, epoch: int, isr: frozenset[int], version: int) -> None:
        """Take in what the controller says; an older word than the last is ignored."""
        if version <= self.version:
            return
        self.version = version
        if epoch > self.epoch or leader != self.leader:
            self.epoch = epoch
            self.leader = leader
            self.drop_waiting(Failure.NOT_LEADER)
            if leader == self.broker.number:
                self._lead(isr)
            else:
                self.leads = self.settled = False
                self.cluster.fetch_soon(self)
        elif self.leads:
            self.isr = isr
            self.advance()

    def _lead(self, isr: frozenset[int]) -> None:
        if Bug.LEADER_DROPS_ABOVE_CHECKPOINT in self.world.bugs and self.key == self.world.plan.victim:
            self._drop_above_checkpoint()
        self.leads = True
        self.isr = isr
        self.ends = {}
        self.epoch_start = self.log.end
        self.log.begin_epoch(self.epoch, self.log.end)
        if self.world.bugs:
            self.world.strikes.elected(self)
        self.advance()
        for replica in self.cluster.followers(self):
            self.cluster.fetch_soon(replica)

    def _drop_above_checkpoint(self) -> None:
        acknowledged = self.world.strikes.acknowledged
        gone = self.log.truncate(max(self.checkpoint, self.log.start))
        self.high_watermark = min(self.high_watermark, self.log.end)
        if any(record.value in acknowledged for record in gone):
            self.world.fire(Bug.LEADER_DROPS_ABOVE_CHECKPOINT)

    def restart(self) -> None:
        """Come back from a crash: the log is still there, everything else is forgotten."""
        self.version = -1
        self.leader = None
        self.leads = self.settled = False
        self.high_watermark = max(min(self.checkpoint, self.log.end), self.log.start)

    def drop_waiting(self, failure: Failure) -> None:
        """Tell everybody who waits for replication that it is not to be."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.reply(Answer(failure))

    def produce(self, batch: Batch, reply: Reply) -> None:
        """Append what a producer sent, and answer when it is replicated, or at once (acks=1)."""
        if not self.leads:
            return reply(Answer(Failure.NOT_LEADER))
        if len(self.isr) < self.world.plan.min_insync and self.world.plan.acks_all:
            return reply(Answer(Failure.TOO_FEW))
        if self.world.bugs and self.world.strikes.swallows(self, batch, reply):
            return None
        base: int | None = None
        if batch.producer != NO_PRODUCER:
            base, refusal = self._known(batch)
            if refusal is not None:
                return reply(Answer(refusal))
        if base is None:
            base = self.world.strikes.append(self, batch) if self.world.bugs else self.append(batch)
        if not self.world.plan.acks_all:
            reply(Answer(None, base))
            return self.advance()
        self._waiting.append(Waiting(base + len(batch.values) - 1, base, batch, reply))
        if self.world.bugs:
            self.world.strikes.appended(self, batch, base, reply)
        return self._answer_waiting() if base < self.high_watermark else self.advance()

    def _known(self, batch: Batch) -> tuple[int | None, Failure | None]:
        verdict = self.log.producers().check(batch)
        if self.world.bugs:
            verdict = self.world.strikes.checked(self, batch, verdict)
        if isinstance(verdict, Failure):
            return None, verdict
        return verdict, None

    def append(self, batch: Batch) -> int:
        """Write a batch to the leader's log and let the followers know that there is something to fetch."""
        base = self.log.append(batch, epoch=self.epoch)
        for replica in self.cluster.followers(self):
            self.cluster.fetch_soon(replica)
        return base

    def mark(self, batch: Batch, call: Call) -> None:
        """Write the end of a transaction, and say so when it is replicated."""
        if len(self.isr) < self.world.plan.min_insync:
            return call.resolve(Answer(Failure.TOO_FEW))
        base = self.append(batch)
        self._waiting.append(Waiting(base, base, batch, call.resolve))
        return self.advance()

    def fetched_by(self, follower: int, *, end: int) -> None:
        """Note how far a follower is: it asked for the record at `end`."""
        self.ends[follower] = end
        if follower not in self.isr and end >= self.high_watermark and end >= self.epoch_start:
            self.cluster.controller.expand(self, follower)
        self.advance()

    def advance(self) -> None:
        """Move the high watermark to what every in-sync replica has, and answer those who waited for that."""
        low = self.log.end
        ends = self.ends
        for number in self.isr:
            if number != self.broker.number:
                low = min(low, ends.get(number, -1))
        if low <= self.high_watermark:
            return
        self.high_watermark = low
        if self._waiting:
            self._answer_waiting()

    def _answer_waiting(self) -> None:
        done = [one for one in self._waiting if one.last < self.high_watermark]
        if not done:
            return
        self._waiting = [one for one in self._waiting if one.last >= self.high_watermark]
        enough = len(self.isr) >= self.world.plan.min_insync
        for one in done:
            if self.world.bugs and self.world.strikes.replicated(self, one):
                continue
            one.reply(Answer(None, one.base) if enough else Answer(Failure.TOO_FEW_AFTER))

    def fetch(self, leader: Replica) -> bool:
        """Copy what is new from the leader, as a follower; say whether there is more to ask for."""
        if not self.settled:
            return self._settle(leader)
        leader.fetched_by(self.broker.number, end=self.log.end)
        if not leader.leads:
            return False
        if self.log.end < leader.log.start:
            self.log.restart_at(leader.log)
        new = leader.log.between(self.log.end, leader.log.end)
        if new or self.log.end < leader.log.end:
            if self.world.bugs:
                new = self.world.strikes.copied(self, leader, new)
            self.log.extend(new, end=leader.log.end)
        self.log.delete_before(min(leader.log.start, leader.high_watermark))
        known = min(leader.high_watermark, self.log.end)
        self.high_watermark = max(known, self.high_watermark)
        return bool(new)

    def _settle(self, leader: Replica) -> bool:
        """Cut off what the leader of a newer epoch does not have; one step for each epoch that differs."""
        self.settled = True
        if Bug.NO_TRUNCATION in self.world.bugs and self.world.strikes.keep_tail(self, leader):
            return True
        epoch, end = leader.log.end_of(self.log.last_epoch)
        while epoch < self.log.last_epoch:
            self.log.truncate(self.log.end_of(epoch)[1])
            if self.log.last_epoch == epoch:
                break
            epoch, end = leader.log.end_of(self.log.last_epoch)
        self.log.truncate(end)
        self.high_watermark = min(self.high_watermark, self.log.end)
        return True

    def last_stable(self) -> int:
        """Return the offset up to which a reader of committed records may read."""
        return self.log.producers().last_stable(self.high_watermark)

    def read(self, position: int, *, most: int, reader: Reader) -> tuple[list[Record], int] | Failure:
        """Return what a consumer gets from a position on, and its next position."""
        log = self.log
        if position < log.start or position > log.end:
            return Failure.OUT_OF_RANGE
        high = self.last_stable() if reader.committed else self.high_watermark
        if self.world.bugs:
            high = self.world.strikes.readable(self, reader, position, high)
        if position >= high:
            return [], position
        records = log.between(position, min(high, position + most))
        if self.world.bugs:
            return self.world.strikes.read(self, reader, records), min(high, position + most)
        return self.visible(records, reader), min(high, position + most)

    def visible(self, records: Sequence[Record], reader: Reader) -> list[Record]:
        """Leave out what is not data, and for a reader of committed records what was aborted."""
        if reader.committed:
            aborted = self.log.producers().aborted
            return [record for record in records if record.kind is Kind.DATA and record.offset not in aborted]
        return [record for record in records if record.kind is Kind.DATA]

    def watermarks(self) -> tuple[int, int] | Failure:
        """Return the log's start and the high watermark; a new leader waits until it knows better (KIP-207)."""
        if not self.leads:
            return Failure.NOT_LEADER
        if self.high_watermark < self.epoch_start and Bug.HIGH_WATERMARK_FALLS not in self.world.bugs:
            return Failure.NOT_AVAILABLE
        if self.world.bugs:
            return self.log.start, self.world.strikes.described_end(self)
        return self.log.start, self.high_watermark
