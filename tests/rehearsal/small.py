"""A small cluster without clients, and requests whose answers are caught."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.rehearsal.clock import MS, Call
from harness.rehearsal.cluster import Cluster
from harness.rehearsal.network import Reply
from harness.rehearsal.plan import Plan
from harness.rehearsal.records import NO_PRODUCER, Answer, Batch, Kind
from harness.rehearsal.replica import Replica
from harness.rehearsal.world import World

KEY = "orders-0"


def still(**changes: float) -> Plan:
    """Return a plan in which nothing goes wrong."""
    return Plan(lost_requests=0.0, lost_answers=0.0, late_requests=0.0, random_faults=0, **changes)  # type: ignore[arg-type]


@dataclass
class Caught(Reply):
    """An answer, as soon as it is given."""

    answers: list[Answer] = field(default_factory=list)

    def __call__(self, answer: Answer) -> None:
        self.answers.append(answer)

    @property
    def answer(self) -> Answer | None:
        return self.answers[0] if self.answers else None


class Small:
    """One partition on three brokers."""

    def __init__(self, *, seed: int = 0, plan: Plan | None = None) -> None:
        self.world = World(seed=seed, bugs=frozenset(), plan=plan or still())
        self.cluster = Cluster(self.world, (KEY,))
        self.rest()

    def rest(self, ms: int = 100) -> None:
        """Let everything happen that follows from what was done."""
        self.world.clock.run(until_ns=self.world.clock.now_ns + ms * MS)

    @property
    def replicas(self) -> dict[int, Replica]:
        return self.cluster.partitions[KEY].replicas

    @property
    def leader(self) -> Replica:
        leader = self.cluster.leading(KEY)
        assert leader is not None
        return leader

    def produce(self, *values: int, at: Replica | None = None, batch: Batch | None = None) -> Caught:
        """Send records to a leader, by a plain producer unless a batch is given."""
        caught = Caught()
        sent = batch or Batch(NO_PRODUCER, 0, -1, values, self.world.clock.now_ns)
        (at or self.leader).produce(sent, caught)
        return caught

    def write(self, *values: int) -> None:
        """Write records and wait until they are replicated."""
        caught = self.produce(*values)
        self.rest()
        assert caught.answer is not None
        assert caught.answer.failure is None

    def mark(self, producer: int, kind: Kind, *, epoch: int = 1) -> None:
        """End a transaction in the partition."""
        batch = Batch(producer, epoch, -1, (-1,), self.world.clock.now_ns, True, kind)
        self.leader.mark(batch, Call(self.world.clock))
        self.rest()


def written(*values: int, producer: int = 7, sequence: int = 0, epoch: int = 0, transactional: bool = False) -> Batch:
    """Make a batch of an idempotent producer."""
    return Batch(producer, epoch, sequence, values, 0, transactional)


def values_of(replica: Replica) -> list[int]:
    """Return the values of a replica's log."""
    return [record.value for record in replica.log.records]
