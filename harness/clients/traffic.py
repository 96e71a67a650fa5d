"""Traffic: paced producers and following consumers, and transactions if wanted, journalled and read back whole."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from harness.checkers import windows
from harness.clients.company import Transactions
from harness.clients.consumer import FollowingConsumer, read_everything
from harness.clients.places import keys_of
from harness.clients.probes import Probes, plan_for
from harness.clients.processes import Process, Scene
from harness.clients.producer import Pace, PacedProducer
from harness.clients.settings import Isolation, Settings, durable_producer
from harness.clients.watcher import Bootstrapped, Watcher
from harness.evidence import Series, Window
from harness.histories import jsonl
from harness.histories.building import history_of
from harness.histories.history import History
from harness.histories.pace import acknowledged_s
from harness.journal import Journal
from harness.ops import Op
from harness.protocols import Admin
from harness.runclock import RunClock
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until


@dataclass(frozen=True, kw_only=True)
class Load:
    """How much traffic: the rate is per partition, all paced producers together; transactions come on top of it.

    `producing` gives the settings of the paced producers for a bootstrap address.
    """

    topic: str
    partitions: int
    rate_per_partition_hz: float = 50.0
    producers: int = 2
    consumers: int = 2
    transactions: Transactions | None = None
    producing: Callable[[str], Settings] = durable_producer

    @property
    def topics(self) -> dict[str, int]:
        """The topics that are written to, with their numbers of partitions."""
        targets = self.transactions.targets if self.transactions else ()
        return dict.fromkeys((self.topic, *targets), self.partitions)


class Traffic:
    """A context in which clients write and read; leaving it stops them, and `settle` reads everything back."""

    def __init__(self, load: Load, *, bootstrap: str, journal_path: Path, clock: RunClock) -> None:
        self.load, self.clock, self.bootstrap = load, clock, bootstrap
        self.journal = Journal(journal_path, clock=clock)
        self._scene = scene = Scene(bootstrap=bootstrap, journal=self.journal, numbers=itertools.count())
        self._producers = [self._producer() for _ in range(load.producers)]
        self._clients: tuple[Process, ...] = (
            *(self._consumer(next(scene.numbers)) for _ in range(load.consumers)),
            *(load.transactions.processes(scene, load.topic, partitions=load.partitions) if load.transactions else ()),
            *self._producers,
        )
        """From the last reader to the first writer: in this order they start, in the other they stop."""
        self.started_s = self.stopped_s = 0.0

    def _producer(self) -> PacedProducer:
        load = self.load
        rate_hz = load.rate_per_partition_hz / load.producers
        return PacedProducer(
            scene=self._scene,
            pace=Pace(topic=load.topic, partitions=load.partitions, rate_per_partition_hz=rate_hz),
            settings=load.producing(self.bootstrap),
            clock=self.clock,
        )

    def _consumer(self, process: int) -> FollowingConsumer:
        return FollowingConsumer(
            process, topics={self.load.topic: self.load.partitions}, bootstrap=self.bootstrap, journal=self.journal
        )

    def __enter__(self) -> Traffic:
        for client in self._clients:
            client.start()
        self.started_s = self.clock.now_s()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped_s = self.clock.now_s()
        for client in reversed(self._clients):
            client.stop()
        if kind is not None:
            self.journal.close()

    def watcher(self, admin: Bootstrapped) -> Watcher:
        """Return a context in which the leaders of the traffic's topic are watched."""
        return Watcher(admin, clock=self.clock, topics=frozenset({self.load.topic}))

    def probes(self, admin: Admin) -> Probes:
        """Return a context in which the services that the traffic's clients need are probed; its log is kept."""
        load, history = self.load, self.journal.path
        log = history.parent.parent / "probes" / history.name
        plan = plan_for(load.topic, partitions=load.partitions, admin=admin, clock=self.clock, log=log)
        return Probes(plan, clock=self.clock)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that the paced producers write to."""
        return keys_of({self.load.topic: self.load.partitions})

    @property
    def generator_lateness_s(self) -> float:
        """How late the worst record was sent; its cause is the generator, never the cluster."""
        return max(producer.worst_lateness_s for producer in self._producers)

    def acknowledged_by_partition(self) -> dict[str, int]:
        """Count the acknowledged records of each partition so far."""
        return {key: sum(producer.acknowledged[key] for producer in self._producers) for key in self.keys}

    def await_acknowledgements(self, more: int, *, timeout_s: float) -> None:
        """Wait until every partition has acknowledged this many more records; raise TimedOut otherwise."""
        wanted = {key: count + more for key, count in self.acknowledged_by_partition().items()}

        def reached() -> bool:
            now = self.acknowledged_by_partition()
            return all(now[key] >= count for key, count in wanted.items())

        what = f"{more} more acknowledgements on each of {len(wanted)} partitions"
        wait_until(reached, what=what, timeout_s=timeout_s, every_s=0.05)

    def another_is_served(self, *, timeout_s: float) -> bool:
        """Let a new producer write, and say whether every partition takes its records."""
        witness = self._producer()
        witness.start()
        try:
            what = "an acknowledgement of every partition for a new client"
            wait_until(lambda: all(witness.acknowledged[key] for key in self.keys), what=what, timeout_s=timeout_s)
        except TimedOut:
            return False
        finally:
            witness.stop()
        return witness.crash is None

    def settle(self) -> History:
        """After the traffic has stopped: read every partition to its end and return the whole history."""
        for client in self._clients:
            if client.crash is not None:
                raise Inconclusive(f"process {client.name} of the harness died: {client.crash!r}")
        if (transactions := self.load.transactions) is not None:
            transactions.settle(self.bootstrap, self.load.topic, partitions=self.load.partitions, journal=self.journal)
        isolations = Isolation if transactions else (Isolation.COMMITTED,)
        for isolation in isolations:
            read_everything(
                topics=self.load.topics, bootstrap=self.bootstrap, journal=self.journal, isolation=isolation
            )
        self.journal.close()
        return history_of(self.ops())

    def ops(self) -> tuple[Op, ...]:
        """Return the whole history as it stands in its file."""
        return tuple(jsonl.read(self.journal.path))

    def windows(self, history: History, *, from_s: float, until_s: float) -> tuple[Window, ...]:
        """Return the windows without acknowledgements between two moments of the run, worst first."""
        return windows.find(history, keys=self.keys, start_s=from_s, end_s=until_s)


def throughput(history: History) -> Series:
    """Count the records per second that paced producers had acknowledged, for the report's timeline."""
    times = np.concatenate([np.zeros(0), *acknowledged_s(history).values()]).astype(np.int64)
    if not len(times):
        return Series(name="acknowledged", unit="records/s", points=())
    first = int(times.min())
    counts = np.bincount(times - first)
    points = tuple((float(first + second), float(count)) for second, count in enumerate(counts))
    return Series(name="acknowledged", unit="records/s", points=points)
