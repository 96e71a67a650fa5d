"""The rehearsed traffic: the model's own clients, at the pace and for as long as a clause wants it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from harness.checkers import windows
from harness.clients.company import Transactions
from harness.clients.places import keys_of
from harness.clients.settings import durable_producer
from harness.clients.traffic import Load
from harness.evidence import Window
from harness.histories import jsonl
from harness.histories.building import history_of
from harness.histories.history import History
from harness.ops import Op, OpType
from harness.probed import Unprobed
from harness.protocols import Admin
from harness.rehearsal.clients.consuming import consumers
from harness.rehearsal.clients.observing import Observer, read_everything
from harness.rehearsal.clients.producing import producers
from harness.rehearsal.clients.transacting import Role, clients
from harness.rehearsal.clients.transforming import Made, transformers
from harness.rehearsal.clock import MS, Task
from harness.rehearsal.replica import Reader
from harness.rehearsal.stage import Stage
from harness.rehearsing.clock import RehearsalClock
from harness.rehearsing.cluster import NOT_HERE
from harness.rehearsing.naming import named
from harness.rehearsing.staging import close_curtain, open_curtain, raise_again
from harness.rehearsing.watcher import RehearsedWatcher
from harness.runclock import NS_PER_S
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until

REST_S = 1.0
"""After which time nobody has anything under way any more: twice as long as a producer tries."""

IDLE_BUDGET_S = 10.0
DRAIN_BUDGET_S = 30.0
TRANSFORMING_PACE_NS = 4 * MS


class RehearsedTraffic:
    """What `harness.clients.traffic.Traffic` is for brokers.

    The model's clients have habits of their own: how often they abort, fall silent, crash or lose an answer is in
    `harness.rehearsal.plan`. Transactional traffic comes without the members of the subscribing group, and has one
    transformer at most.
    """

    def __init__(self, load: Load, *, stage: Stage, clock: RehearsalClock, path: Path) -> None:
        if load.producing is not durable_producer or len(_transformer_ids(load)) > 1:
            raise Inconclusive(NOT_HERE)
        self.load = load
        self._made: Made = {}
        self._stage, self._clock, self._path = stage, clock, path
        self._world = stage.world
        self._observer: Observer | None = None
        self._counted = 0
        self._acknowledged: Counter[str] = Counter()
        self.stopped_s = 0.0
        self.generator_lateness_s = 0.0

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that the paced producers write to."""
        return keys_of({self.load.topic: self.load.partitions})

    @property
    def _all_keys(self) -> tuple[str, ...]:
        return keys_of(self.load.topics)

    def __enter__(self) -> RehearsedTraffic:
        transactions = self.load.transactions
        self._world.ops = []
        self._observer = open_curtain(
            self._stage, keys=self._all_keys, groups=transactions.groups if transactions else ()
        )
        for task in self._tasks():
            self._world.clock.spawn(task)
        return self

    def _tasks(self) -> Iterator[Task]:
        load, stage = self.load, self._stage
        for _ in range(load.consumers):
            yield consumers(stage, keys=self.keys, committed=True)
        if load.transactions is not None:
            yield from self._transactional(load.transactions)
        for _ in range(load.producers):
            yield producers(stage, keys=self.keys, idempotent=True, pace_ns=self._pace_ns)

    def _transactional(self, company: Transactions) -> Iterator[Task]:
        for committed in (True, False):
            yield consumers(self._stage, keys=self._all_keys, committed=committed)
        for name in company.writer_ids:
            role = Role(name=name, writes=self.keys)
            yield clients(self._stage, role, pace_ns=round(company.pause_s * NS_PER_S))
        yield from self._transformers(company)

    def _transformers(self, company: Transactions) -> Iterator[Task]:
        for name in company.transformer_ids:
            writes = keys_of(dict.fromkeys(company.targets, self.load.partitions))
            role = Role(name=name, reads=self.keys, writes=writes, group=company.transforming_group)
            yield transformers(self._stage, role, pace_ns=TRANSFORMING_PACE_NS, made=self._made)

    @property
    def _pace_ns(self) -> int:
        """How often a producer sends: a batch has any number of records up to the plan's."""
        load = self.load
        rate_hz = load.rate_per_partition_hz * load.partitions / load.producers
        return round((1 + self._world.plan.batch_most) / 2 / rate_hz * NS_PER_S)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped_s = self._clock.now_s()
        close_curtain(self._stage)
        self._clock.pause_s(REST_S)
        if kind is None and self.load.transactions is not None and _transformer_ids(self.load):
            self._drain(self.load.transactions)

    def _drain(self, company: Transactions) -> None:
        """Let transformers go on alone until they have put everything behind them."""
        raise_again(self._stage)
        for task in self._transformers(company):
            self._world.clock.spawn(task)
        progress = self._stage.groups.committed(company.transforming_group)

        def drained() -> bool:
            return all(self._nothing_after(key, progress.get(key, 0)) for key in self.keys)

        with suppress(TimedOut):  # the checker says what was not reached
            wait_until(drained, what="everything being transformed", timeout_s=DRAIN_BUDGET_S)
        close_curtain(self._stage)
        self._clock.pause_s(REST_S)

    def _nothing_after(self, key: str, offset: int) -> bool:
        leader = self._stage.cluster.leading(key)
        if leader is None:
            return False
        end = leader.last_stable()
        return not leader.visible(leader.log.between(offset, end), Reader())

    def watcher(self, admin: Admin) -> RehearsedWatcher:
        """Return a context in which the leaders of the traffic's topic are watched."""
        return RehearsedWatcher(admin, simulated=self._world.clock, topic=self.load.topic)

    def probes(self, admin: Admin) -> Unprobed:  # noqa: ARG002 (nobody is asked)
        """Return no probes: of a rehearsal the windows of those who produce are judged, and no others."""
        return Unprobed()

    def acknowledged_by_partition(self) -> dict[str, int]:
        """Count the acknowledged records of each partition so far."""
        for op in self._world.ops[self._counted :]:
            if op.f == "send" and op.type is OpType.OK:
                self._acknowledged.update(micro[1] for micro in op.value)  # type: ignore[attr-defined]
        self._counted = len(self._world.ops)
        return {key: self._acknowledged[key] for key in self.keys}

    def await_acknowledgements(self, more: int, *, timeout_s: float) -> None:
        """Wait until every partition has acknowledged this many more records; raise TimedOut otherwise."""
        wanted = {key: count + more for key, count in self.acknowledged_by_partition().items()}

        def reached() -> bool:
            now = self.acknowledged_by_partition()
            return all(now[key] >= count for key, count in wanted.items())

        what = f"{more} more acknowledgements on each of {len(wanted)} partitions"
        wait_until(reached, what=what, timeout_s=timeout_s, every_s=0.05)

    def another_is_served(self, *, timeout_s: float) -> bool:  # noqa: ARG002 (what the model's clients do is its doing)
        """Say no: in the model no client is stuck by itself."""
        return False

    def settle(self) -> History:
        """After the traffic has stopped: read every partition to its end and return the whole history."""
        wait_until(self._is_at_rest, what="the last transaction ending", timeout_s=IDLE_BUDGET_S)
        self._read_back()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        ops = self.ops()
        jsonl.write_lines(ops, self._path)
        return history_of(ops)

    def _is_at_rest(self) -> bool:
        """Say whether no transaction is under way, and every partition has a leader that can be read from."""
        leaders = [self._stage.cluster.leading(key) for key in self._all_keys]
        return self._stage.transactions.idle() and None not in leaders

    def _read_back(self) -> None:
        """Note where the groups stand, and read everything; what is planned for meanwhile happens after it."""
        simulated, transactions = self._world.clock, self.load.transactions
        begun_ns = simulated.now_ns
        if transactions is not None and self._observer is not None:
            for group in transactions.groups:
                self._observer.saw_group(group, dict(self._stage.groups.committed(group)))
            read_everything(self._stage, keys=self._all_keys, committed=False)
        read_everything(self._stage, keys=self._all_keys)
        read_ns, simulated.now_ns = simulated.now_ns, begun_ns
        simulated.run(until_ns=read_ns)

    def ops(self) -> tuple[Op, ...]:
        """Return the whole history."""
        return tuple(named(self._world.ops, self._made))

    def windows(self, history: History, *, from_s: float, until_s: float) -> tuple[Window, ...]:
        """Return the windows without acknowledgements between two moments of the run, worst first."""
        return windows.find(history, keys=self.keys, start_s=from_s, end_s=until_s)


def _transformer_ids(load: Load) -> tuple[str, ...]:
    return load.transactions.transformer_ids if load.transactions else ()
