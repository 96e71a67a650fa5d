"""Producers: plain ones, which never retry, and idempotent ones, which do and send ahead."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.ops import OpType
from harness.rehearsal.bugs import Bug
from harness.rehearsal.clients.client import BACKOFF_NS, Client
from harness.rehearsal.clock import MS, Task
from harness.rehearsal.network import Reply
from harness.rehearsal.records import NO_PRODUCER, Answer, Batch, Failure
from harness.rehearsal.stage import Stage

DELIVERY_NS = 450 * MS
"""After which time a producer gives a record up."""

UNWRITTEN = frozenset({Failure.TOO_FEW, Failure.OUT_OF_ORDER, Failure.TOO_LARGE, Failure.FENCED_PRODUCER})
"""The answers that say that this attempt surely wrote nothing."""


@dataclass(slots=True, eq=False)
class Sending:
    """One operation under way: a batch for one key, and whether an attempt may have written it."""

    key: str
    values: tuple[int, ...]
    batch: Batch
    deadline_ns: int
    maybe_written: bool = False
    told: list[int] = field(default_factory=list)

    def asked(self) -> list[object]:
        return [["send", self.key, value] for value in self.values]

    def acknowledged(self, base: int) -> list[object]:
        where = {value: base + step for step, value in enumerate(self.batch.values)}
        return [["send", self.key, [where[value], value]] for value in self.values]


class Producer(Client):
    """One producer, until it loses track of what it has written; it sends ahead up to `ahead` batches per key."""

    def __init__(self, stage: Stage, *, keys: tuple[str, ...], idempotent: bool, pace_ns: int) -> None:
        super().__init__(stage)
        self.keys = keys
        self.pace_ns = pace_ns
        self.ahead = 3 if idempotent else 1
        self.number = self.process if idempotent else NO_PRODUCER
        self.sequences = dict.fromkeys(keys, 0)
        self.under_way: list[Sending] = []
        self.alive = True

    def run(self) -> Task:
        """Send until the traffic ends or this producer has to be replaced."""
        world = self.world
        while self.alive and not world.traffic_ends:
            yield world.between(self.pace_ns // 2, self.pace_ns * 3 // 2)
            key = self.keys[world.between(0, len(self.keys))]
            if self.alive and sum(one.key == key for one in self.under_way) < self.ahead:
                self._begin(key)
        while self.alive and self.under_way:
            yield BACKOFF_NS

    def _begin(self, key: str) -> None:
        world = self.world
        values = world.new_values(world.between(1, world.plan.batch_most + 1))
        if world.chance(0.02) or world.ripe(Bug.FAILURE_CALLED_SUCCESS):
            return self._refuse(key, values)
        first = self.sequences[key]
        self.sequences[key] += len(values)
        written = values
        if len(values) > 1 and self.number != NO_PRODUCER and world.ripe(Bug.BATCH_BACKWARDS):
            world.fire(Bug.BATCH_BACKWARDS)
            written = values[::-1]
        batch = Batch(self.number, 0, first, written, world.clock.now_ns)
        sending = Sending(key, values, batch, world.clock.now_ns + DELIVERY_NS)
        self.under_way.append(sending)
        world.note(self.process, OpType.INVOKE, "send", sending.asked())
        return world.clock.spawn(self._deliver(sending))

    def _refuse(self, key: str, values: tuple[int, ...]) -> None:
        """Refuse a record that is too large before anything is sent."""
        micros = [["send", key, value] for value in values]
        self.world.note(self.process, OpType.INVOKE, "send", micros)
        if self.world.ripe(Bug.FAILURE_CALLED_SUCCESS):
            self.world.fire(Bug.FAILURE_CALLED_SUCCESS)
            micros = [["send", key, [None, value]] for value in values]
            return self.world.note(self.process, OpType.OK, "send", micros)
        return self.world.note(self.process, OpType.FAIL, "send", micros, error=Failure.TOO_LARGE.value)

    def _deliver(self, sending: Sending) -> Task:
        world = self.world
        while self.alive:
            answer = yield from self._attempt(sending)
            if not self.alive:
                return
            if answer.failure is None:
                return self._succeed(sending, answer.content)
            if answer.failure not in UNWRITTEN:
                sending.maybe_written = True
                self.forget_leader(sending.key)
            if self.number == NO_PRODUCER or world.clock.now_ns >= sending.deadline_ns:
                return self._give_up(sending, answer.failure)
            yield BACKOFF_NS

    def _attempt(self, sending: Sending) -> Task:
        leader = self.leader(sending.key)
        if leader is None:
            yield BACKOFF_NS
            return Answer(Failure.TOO_FEW)
        replica = self.replica(sending.key, leader)

        def act(reply: Reply) -> None:
            replica.produce(sending.batch, reply)

        return (yield self.connections.ask(replica.broker, act))

    def _succeed(self, sending: Sending, base: int) -> None:
        self.under_way.remove(sending)
        if self.world.bugs:
            self.world.strikes.acknowledged.update(dict.fromkeys(sending.values, self.world.clock.now_ns))
        self.world.note(self.process, OpType.OK, "send", sending.acknowledged(base))

    def _give_up(self, sending: Sending, failure: Failure) -> None:
        """End an operation without an answer that counts; whoever retries has lost track and is replaced."""
        world = self.world
        self.under_way.remove(sending)
        ending = OpType.INFO if sending.maybe_written else OpType.FAIL
        world.note(self.process, ending, "send", sending.asked(), error=failure.value)
        if ending is OpType.INFO or self.number != NO_PRODUCER:
            self.alive = False
            for other in self.under_way:
                world.note(self.process, OpType.INFO, "send", other.asked(), error="CLOSED")
            self.under_way.clear()


def producers(stage: Stage, *, keys: tuple[str, ...], idempotent: bool, pace_ns: int) -> Task:
    """Send until the traffic ends, with a new process whenever the last one has to be replaced."""
    while not stage.world.traffic_ends:
        yield from Producer(stage, keys=keys, idempotent=idempotent, pace_ns=pace_ns).run()
