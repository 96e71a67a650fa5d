"""The transaction coordinator: who may write under a transactional id, and how each transaction ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from harness.rehearsal.clock import MS, Call, Task
from harness.rehearsal.cluster import Cluster
from harness.rehearsal.groups import Groups
from harness.rehearsal.network import Reply
from harness.rehearsal.records import Answer, Batch, Failure, Kind

TRANSACTION_TIMEOUT_NS = 300 * MS
"""After which time the coordinator aborts a transaction that has not ended."""


FIRST_PRODUCER = 1_000_000
"""Producer ids of transactional ids begin here; those of other producers are their process's number."""


class State(Enum):
    """Where the transaction of a transactional id stands."""

    IDLE = "idle"
    OPEN = "open"
    ENDING = "ending"


@dataclass(slots=True)
class Transaction:
    """What the coordinator knows of one transactional id; `ended` is the epoch and the wish that ended the last."""

    name: str
    producer: int
    epoch: int = -1
    state: State = State.IDLE
    keys: set[str] = field(default_factory=set)
    offsets: dict[str, dict[str, int]] = field(default_factory=dict)
    begun: int = 0
    ended: tuple[int, Kind] | None = None


class Transactions:
    """The coordinator of all transactional ids; what it writes down is never lost.

    Every end of a transaction raises the producer's epoch (KIP-890), so that no late write joins the next one.
    """

    def __init__(self, cluster: Cluster, groups: Groups) -> None:
        self.world = cluster.world
        self.cluster = cluster
        self.groups = groups
        self.known: dict[str, Transaction] = {}

    def idle(self) -> bool:
        """Say whether no transaction is open or ending."""
        return all(transaction.state is State.IDLE for transaction in self.known.values())

    def stable_offsets(self, group: str, reply: Reply) -> None:
        """Say how far a group is, unless a transaction is about to move it (requireStable)."""
        if any(group in transaction.offsets for transaction in self.known.values()):
            return reply(Answer(Failure.BUSY_TRANSACTION))
        return self.groups.offsets(group, reply)

    def begin_producer(self, name: str, reply: Reply) -> None:
        """Give a new producer its id and epoch; whoever had the id before is fenced and its transaction aborted."""
        transaction = self.known.setdefault(name, Transaction(name, FIRST_PRODUCER + len(self.known)))
        if transaction.state is State.OPEN:
            self.finish(transaction, Kind.ABORT, wished=False)
        if transaction.state is State.ENDING:
            return reply(Answer(Failure.BUSY_TRANSACTION))
        transaction.epoch += 1
        transaction.ended = None
        return reply(Answer(None, (transaction.producer, transaction.epoch)))

    def _refusal(self, transaction: Transaction, epoch: int) -> Failure | None:
        if epoch != transaction.epoch and not (self.world.bugs and self.world.strikes.lets_zombie(transaction, epoch)):
            return Failure.FENCED_PRODUCER
        return Failure.BUSY_TRANSACTION if transaction.state is State.ENDING else None

    def add(self, name: str, epoch: int, keys: frozenset[str], reply: Reply) -> None:
        """Take partitions into a transaction; the first opens it."""
        transaction = self.known[name]
        refusal = self._refusal(transaction, epoch)
        if refusal is None:
            self._open(transaction)
            transaction.keys |= keys
        reply(Answer(refusal))

    def add_offsets(self, name: str, epoch: int, group: str, offsets: dict[str, int], reply: Reply) -> None:
        """Take offsets of a group into a transaction; they count when it commits."""
        transaction = self.known[name]
        refusal = self._refusal(transaction, epoch)
        if refusal is None:
            self._open(transaction)
            transaction.offsets.setdefault(group, {}).update(offsets)
        elif self.world.bugs and self.world.strikes.takes_zombie_offsets(self.groups, group, offsets):
            refusal = None
        reply(Answer(refusal))

    def _open(self, transaction: Transaction) -> None:
        if transaction.state is State.IDLE:
            transaction.state = State.OPEN
            transaction.begun += 1
            self.world.clock.after(TRANSACTION_TIMEOUT_NS, self._time_out, transaction, transaction.begun)

    def _time_out(self, transaction: Transaction, begun: int) -> None:
        if transaction.state is State.OPEN and transaction.begun == begun:
            self.finish(transaction, Kind.ABORT, wished=False)

    def end(self, name: str, epoch: int, wish: Kind, reply: Reply) -> None:
        """End a transaction; the answer is the producer's next epoch. Asked again, it gives the same answer."""
        transaction = self.known[name]
        if epoch == transaction.epoch and transaction.state is State.OPEN:
            self.finish(transaction, wish, wished=True)
        elif transaction.ended != (epoch, wish):
            if self.world.bugs and self.world.strikes.lets_end(self, transaction, epoch, wish):
                return reply.surely(Answer(None, transaction.epoch))
            fenced = epoch != transaction.epoch
            return reply(Answer(Failure.FENCED_PRODUCER if fenced else Failure.WRONG_STATE))
        return reply(Answer(None, transaction.epoch))

    def finish(self, transaction: Transaction, wish: Kind, *, wished: bool) -> None:
        """Decide how a transaction ends, and write that into every partition it touched."""
        transaction.ended = (transaction.epoch, wish) if wished else None
        transaction.state = State.ENDING
        transaction.epoch += 0 if self.world.bugs and self.world.strikes.keeps_epoch(wished=wished) else 1
        kinds = dict.fromkeys(sorted(transaction.keys), wish)
        if self.world.bugs:
            kinds = self.world.strikes.markers(transaction, wish, kinds)
        self.world.clock.spawn(self._write_markers(transaction, wish, kinds))

    def _write_markers(self, transaction: Transaction, wish: Kind, kinds: dict[str, Kind]) -> Task:
        for key, kind in kinds.items():
            yield from self._write_marker(transaction, key, kind)
        offsets = transaction.offsets
        if self.world.bugs:
            wish = self.world.strikes.offsets_end(self.groups, transaction, wish)
        if wish is Kind.COMMIT:
            for group, committed in offsets.items():
                self.groups.committed(group).update(committed)
        transaction.keys = set()
        transaction.offsets = {}
        transaction.state = State.IDLE

    def _write_marker(self, transaction: Transaction, key: str, kind: Kind) -> Task:
        """Write one marker, until it is replicated; written twice it does no harm."""
        batch = Batch(transaction.producer, transaction.epoch, -1, (-1,), self.world.clock.now_ns, True, kind)
        answer = Answer(Failure.NOT_LEADER)
        while answer.failure is not None:
            yield self.world.between(MS // 5, 2 * MS)
            leader = self.cluster.leading(key)
            if leader is not None:
                call = Call(self.world.clock)
                leader.mark(batch, call)
                answer = yield call
