"""A watcher of leaders and in-sync sets: it samples the metadata and keeps what changed, on the run's clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from confluent_kafka import KafkaException

from harness.clients.admin import Admin, Partition
from harness.evidence import Event
from harness.runclock import RunClock

SAMPLE_EVERY_S = 0.2
ANSWER_TIMEOUT_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Leaders and in-sync sets of the watched partitions at one moment."""

    time_s: float
    partitions: tuple[Partition, ...]

    @property
    def brokers_out_of_sync(self) -> frozenset[int]:
        """The brokers that are missing from the in-sync set of a partition that they hold."""
        return frozenset(
            broker for partition in self.partitions for broker in set(partition.replicas) - set(partition.isr)
        )


class Bootstrapped(Protocol):
    """Whoever knows where the brokers are."""

    @property
    def bootstrap(self) -> str: ...


class Watcher:
    """A context that samples until it is left; a moment without an answer is no sample, never a good one.

    With `each` every sample is handed on as it comes, from the watcher's own thread, and is not kept: in an hour the
    partitions of a cluster would take up a hundred megabytes.
    """

    def __init__(
        self,
        admin: Bootstrapped,
        *,
        clock: RunClock,
        topics: frozenset[str] | None = None,
        every_s: float = SAMPLE_EVERY_S,
        each: Callable[[Sample], None] | None = None,
    ) -> None:
        self._admin, self._clock, self._topics = Admin(admin.bootstrap), clock, topics
        self._every_s = every_s
        self._samples: list[Sample] = []
        self._take = each or self._samples.append
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=20)

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                partitions = self._admin.partitions(timeout_s=ANSWER_TIMEOUT_S)
            except KafkaException:
                continue
            seen = tuple(p for p in partitions if self._topics is None or p.topic in self._topics)
            if seen:  # a broker that does not know the topic says nothing about it
                self._take(Sample(time_s=self._clock.now_s(), partitions=seen))

    @property
    def samples(self) -> tuple[Sample, ...]:
        return tuple(self._samples)

    def events(self) -> list[Event]:
        """Return the moments at which leaders moved and in-sync sets shrank or were full again."""
        return transitions(self._samples)


def transitions(samples: Iterable[Sample]) -> list[Event]:
    """Turn samples into the moments at which leaders moved and in-sync sets shrank or were full again. Pure."""
    events: list[Event] = []
    before: dict[str, Partition] = {}
    full: bool | None = None
    for sample in samples:
        moved = [p for p in sample.partitions if p.key in before and p.leader != before[p.key].leader]
        if moved:
            where = ", ".join(f"{p.key}: {before[p.key].leader}→{p.leader}" for p in moved[:3])
            more = f" and {len(moved) - 3} more" if len(moved) > 3 else ""
            events.append(Event(time_s=sample.time_s, kind="leader-moved", what=where + more))
        now_full = all(partition.in_sync for partition in sample.partitions)
        if full is not None and now_full != full:
            missing = sorted(sample.brokers_out_of_sync)
            kind, what = ("isr-full", "every partition in sync") if now_full else ("isr-shrank", f"without {missing}")
            events.append(Event(time_s=sample.time_s, kind=kind, what=what))
        full = now_full
        before = {partition.key: partition for partition in sample.partitions}
    return events
