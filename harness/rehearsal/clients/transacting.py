"""Transactional clients: they write several keys at once, read, process and write, or read what others wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.ops import OpType
from harness.rehearsal.bugs import Bug
from harness.rehearsal.clients.client import BACKOFF_NS
from harness.rehearsal.clients.reading import Reading
from harness.rehearsal.clock import MS, Task
from harness.rehearsal.network import Reply
from harness.rehearsal.plan import LEDGERS, ORDERS
from harness.rehearsal.records import Answer, Batch, Failure, Kind
from harness.rehearsal.replica import Reader
from harness.rehearsal.stage import Stage

GROUP = "etl"
"""The group for which transactions commit what they have read."""

FATAL = frozenset({Failure.FENCED_PRODUCER, Failure.WRONG_STATE})
"""The answers after which a transactional producer has to be replaced."""


@dataclass(frozen=True, kw_only=True)
class Role:
    """What the transactions of one transactional id do; `group` is set for those that commit what they read."""

    name: str
    writes: tuple[str, ...] = LEDGERS
    reads: tuple[str, ...] = ()
    group: str | None = None
    reads_again: bool = False


WRITER = Role(name="writer")
ETL = Role(name="etl", reads=ORDERS, group=GROUP)
MIXED = Role(name="mixed", reads=LEDGERS, reads_again=True)
PARTNER = Role(name="partner", reads=LEDGERS, reads_again=True)


@dataclass(slots=True, eq=False)
class Transaction:
    """One transaction under way: its micro-operations as asked, and as far as they are known to have ended."""

    asked: list[list[object]]
    done: list[list[object]] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    keys: frozenset[str] = frozenset()
    added: bool = False
    offsets: dict[str, int] = field(default_factory=dict)
    failure: Failure | None = None

    def ended(self) -> list[list[object]]:
        """Return what is known: what was done, and the rest as it was asked."""
        return self.done + self.asked[len(self.done) :]


class TransactionalClient(Reading):
    """One process under a transactional id."""

    def __init__(self, stage: Stage, role: Role, *, pace_ns: int) -> None:
        super().__init__(stage, reader=Reader())
        self.role = role
        self.pace_ns = pace_ns
        self.epoch = -1
        self.producer = -1
        self.sequences: dict[str, int] = {}
        self.alive = True
        self.paused = False
        self.owed: dict[str, int] = {}

    def run(self) -> Task:
        """Run transactions until the traffic ends or this process has to be replaced."""
        world = self.world
        ready = yield from self._begin_producer()
        if not ready:
            return
        if self.role.reads:
            world.note(self.process, OpType.OK, "assign", list(self.role.reads))
        while self.alive and not world.traffic_ends:
            yield self._pause_ns()
            yield from self._transact()

    def _pause_ns(self) -> int:
        if self.world.plan.duet and self.role.reads_again:
            return 100 * MS - self.world.clock.now_ns % (100 * MS)
        return self.world.between(self.pace_ns // 2, self.pace_ns * 3 // 2)

    def _begin_producer(self) -> Task:
        name = self.role.name
        while not self.world.traffic_ends:
            answer = yield from self.coordinate(lambda reply: self.stage.transactions.begin_producer(name, reply))
            if answer.failure is None:
                self.producer, self.epoch = answer.content
                self.reader = Reader(producer=self.producer)
                return (yield from self._find_positions())
            yield BACKOFF_NS
        return False

    def _find_positions(self) -> Task:
        """Begin where the group is, or at the start."""
        self.positions = dict.fromkeys(self.role.reads, 0)
        group = self.role.group
        if group is None:
            return True
        while not self.world.traffic_ends:
            answer = yield from self.coordinate(lambda reply: self.stage.transactions.stable_offsets(group, reply))
            if answer.failure is None:
                self.positions = {key: answer.content.get(key, 0) for key in self.role.reads}
                return True
            yield BACKOFF_NS
        return False

    def _script(self) -> Transaction:
        """Decide what the next transaction does."""
        world = self.world
        count = world.between(2, 4)
        values = list(world.new_values(count))
        writes = self.role.writes
        keys = [writes[world.between(0, len(writes))] for _ in values]
        keys[:2] = writes[:2]
        sends: list[list[object]] = [["send", key, value] for key, value in zip(keys, values, strict=True)]
        poll: list[object] = ["poll"]
        asked = [poll, *sends] if self.role.reads else sends
        if self.role.reads_again:
            asked = [*sends[:1], poll, *sends[1:], ["poll"]]
        return Transaction(asked, values=values, keys=frozenset(keys))

    def _transact(self) -> Task:
        before = dict(self.positions)
        yield from self._carry_out(self._script(), before)

    def _carry_out(self, transaction: Transaction, before: dict[str, int]) -> Task:
        """Do what a transaction is to do, and end it; after an abort, go back to the positions before it."""
        world = self.world
        if world.bugs:
            world.strikes.writers.update(dict.fromkeys(transaction.values, transaction))
        world.note(self.process, OpType.INVOKE, "txn", transaction.asked)
        yield from self._do(transaction)
        wish = Kind.COMMIT
        if transaction.failure is None and world.chance(world.plan.abort_chance) and not self.paused:
            transaction.failure = Failure.ABORTED
        if transaction.failure is not None:
            wish = Kind.ABORT
        yield from self._end(transaction, wish)
        if self.alive and wish is Kind.ABORT:
            self.positions = before
            if self.role.group is not None:
                yield from self._find_positions()
                self._note_jump(before)
        if self.paused:
            self.alive = False

    def _note_jump(self, before: dict[str, int]) -> None:
        """Remember which keys an aborted transaction has moved on, for then its input is never processed."""
        if Bug.OFFSETS_OF_ABORTED in self.world.bugs:
            self.owed.update({key: at for key, at in self.positions.items() if at > before[key]})

    def _do(self, transaction: Transaction) -> Task:
        """Do one micro-operation after another, until one fails."""
        for micro in transaction.asked:
            if micro[0] == "poll":
                yield from self._read(transaction)
            else:
                yield from self._write(transaction, str(micro[1]), int(str(micro[2])))
                yield from self._maybe_pause(transaction)
            if transaction.failure is not None:
                return
        group = self.role.group
        if group is not None and transaction.offsets:
            yield from self._retry(transaction, self._adding_offsets(transaction, group))

    def _read(self, transaction: Transaction) -> Task:
        if self.world.plan.duet and self.role.reads_again:
            yield 20 * MS
        fetched = yield from self.fetch(self.positions)
        if isinstance(fetched, Failure):
            fetched = {}
        if self.role.group is not None:
            transaction.offsets = {key: self.positions[key] for key in fetched}
        if self.world.bugs:
            self.world.strikes.read_in_transaction(transaction, fetched)
        transaction.done.append(["poll", fetched] if fetched else ["poll"])

    def _write(self, transaction: Transaction, key: str, value: int) -> Task:
        if not transaction.added:
            yield from self._retry(transaction, self._adding(transaction))
            if transaction.failure is not None:
                return
            transaction.added = True
        sequence = self.sequences.get(key, 0)
        self.sequences[key] = sequence + 1
        batch = Batch(self.producer, self.epoch, sequence, (value,), self.world.clock.now_ns, True)
        deadline_ns = self.world.clock.now_ns + 250 * MS
        while True:
            answer = yield from self._produce(key, batch)
            if answer.failure is None:
                transaction.done.append(["send", key, [answer.content, value]])
                return
            late = self.world.clock.now_ns >= deadline_ns or not self.world.plan.retries_in_transactions
            if answer.failure in FATAL or late:
                transaction.failure = answer.failure
                return
            self.forget_leader(key)
            yield BACKOFF_NS

    def _produce(self, key: str, batch: Batch) -> Task:
        leader = self.leader(key)
        if leader is None:
            yield BACKOFF_NS
            return Answer(Failure.NOT_LEADER)
        replica = self.replica(key, leader)
        return (yield self.connections.ask(replica.broker, lambda reply: replica.produce(batch, reply)))

    def _maybe_pause(self, transaction: Transaction) -> Task:
        """Stand still for so long that another process takes over."""
        world = self.world
        name = self.role.name
        if transaction.failure is not None or name in world.paused or not self._may_pause(transaction):
            return
        if world.chance(world.plan.pause_chance):
            self.paused = True
            world.paused.add(name)
            world.clock.after(60 * MS, world.clock.spawn, self._successors())
            yield world.between(200 * MS, 400 * MS)
            world.clock.after(100 * MS, world.paused.discard, name)

    def _successors(self) -> Task:
        return clients(self.stage, self.role, pace_ns=self.pace_ns)

    def _may_pause(self, transaction: Transaction) -> bool:
        at_end = self.world.plan.pause_at_end
        written = sum(one[0] == "send" for one in transaction.done)
        return at_end is None or written == (len(transaction.values) if at_end else 1)

    def _adding(self, transaction: Transaction) -> Callable[[Reply], None]:
        name, epoch = self.role.name, self.epoch
        return lambda reply: self.stage.transactions.add(name, epoch, transaction.keys, reply)

    def _adding_offsets(self, transaction: Transaction, group: str) -> Callable[[Reply], None]:
        name, epoch, offsets = self.role.name, self.epoch, dict(transaction.offsets)
        return lambda reply: self.stage.transactions.add_offsets(name, epoch, group, offsets, reply)

    def _retry(self, transaction: Transaction, act: Callable[[Reply], None]) -> Task:
        """Ask the coordinator until it agrees, refuses for good, or too much time has gone."""
        deadline_ns = self.world.clock.now_ns + 250 * MS
        while True:
            answer = yield from self.coordinate(act)
            if answer.failure is None:
                return
            if answer.failure in FATAL or self.world.clock.now_ns >= deadline_ns:
                transaction.failure = answer.failure
                return
            yield BACKOFF_NS

    def _end(self, transaction: Transaction, wish: Kind) -> Task:
        """Commit or abort, and record how it ended: only what cannot have been committed is a failure."""
        if transaction.failure in FATAL:
            self.alive = False
            return self._note(transaction, OpType.FAIL)
        if not transaction.added and not transaction.offsets:
            return self._note(transaction, OpType.FAIL)
        name, epoch, doubt = self.role.name, self.epoch, False
        for _ in range(5):
            answer = yield from self.coordinate(lambda reply: self.stage.transactions.end(name, epoch, wish, reply))
            if answer.failure is None:
                return self._ended(transaction, wish, epoch=answer.content)
            if answer.failure in FATAL:
                self.alive = False
                transaction.failure = transaction.failure or answer.failure
                return self._note(transaction, OpType.INFO if doubt and wish is Kind.COMMIT else OpType.FAIL)
            doubt = True
            yield BACKOFF_NS
        transaction.failure = transaction.failure or Failure.TIMEOUT
        self.alive = False
        return self._note(transaction, OpType.INFO)

    def _ended(self, transaction: Transaction, wish: Kind, *, epoch: int) -> None:
        if epoch != self.epoch:
            self.epoch = epoch
            self.sequences = {}
        self._note(transaction, OpType.OK if wish is Kind.COMMIT else OpType.FAIL)

    def _note(self, transaction: Transaction, ending: OpType) -> None:
        extra: dict[str, object] = {"txn-id": self.role.name}
        if transaction.failure is not None:
            extra["error"] = transaction.failure.value
        if self.role.group is not None:
            extra["group"] = self.role.group
            if transaction.offsets:
                extra["committed"] = transaction.offsets
        if self.world.bugs:
            self._tell_strikes(transaction, ending)
        self.world.note(self.process, ending, "txn", transaction.ended(), **extra)

    def _tell_strikes(self, transaction: Transaction, ending: OpType) -> None:
        if ending is OpType.FAIL:
            self.world.failed_values.update(transaction.values)
        if ending is OpType.OK:
            self.world.strikes.transaction_succeeded(transaction)
            if any(key in self.owed for key in transaction.offsets):
                self.world.fire(Bug.OFFSETS_OF_ABORTED)
                self.owed.clear()


def clients(stage: Stage, role: Role, *, pace_ns: int) -> Task:
    """Run the transactions of one transactional id, with a new process whenever the last has to be replaced."""
    paused = False
    while not stage.world.traffic_ends and not paused:
        client = TransactionalClient(stage, role, pace_ns=pace_ns)
        yield from client.run()
        paused = client.paused
        yield BACKOFF_NS
