"""The retention laboratory: topics with short lives, filled once, all watched at the same time.

Retention is mostly waiting. So every topic is made and filled first, one observer watches all of them, and the clauses
judge their part of what it saw, each as soon as its part is complete.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType

from harness.budget import Budget
from harness.checkers.retention import Written
from harness.checkers.segments import SegmentFile
from harness.clients.admin import Admin
from harness.clients.groups import Groups
from harness.clients.log_starts import LogStarts
from harness.clients.snapshots import Snapshots
from harness.clients.stamped import Entry, StampedWriter, Trickle
from harness.clients.topics import change_settings
from harness.cluster.pods import Cluster
from harness.cluster.segments import replicas_of
from harness.retention_bounds import Rhythm, seconds
from harness.run import Run
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until

IDLE, BUSY = 0, 1
OLD, YOUNG = 0, 1
BROKER_TIME = {"message.timestamp.type": "LogAppendTime"}
TIMED = {"retention.ms": "6000", "segment.ms": "2000", **BROKER_TIME}
LIMIT: Mapping[str, str | None] = {"retention.bytes": "262144"}
SIZED = {
    "retention.bytes": "-1",
    "segment.bytes": "65536",
    "retention.ms": "-1",
    "file.delete.delay.ms": "1000",
    **BROKER_TIME,
}
COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "1000",
    "min.cleanable.dirty.ratio": "0.0",
    "delete.retention.ms": "2000",
    **BROKER_TIME,
}
COMMITTED = 1
KIB = "x" * 1024
SIZED_RECORDS = 1024
TRICKLE_EVERY_S, TRICKLE_RECORDS = 0.2, 25
BEAT_EVERY_S, BEATS_AT_MOST = 0.5, 2400
KEPT_KEYS, DELETED_KEYS = ("amber", "blue", "cyan"), ("drab", "ecru")
ROUNDS = 3
DAY_S = 86_400.0
STEADY_BUDGET_S = 60.0
PATIENCE_S = 400.0
"""The longest that anything is waited for: Kafka's default check interval of five minutes fits in."""


@dataclass(kw_only=True)
class Filled:
    """What was written into each topic, and when the size limit was set.

    `own_retention_s` is the retention of a topic that sets none, None when that is infinite.
    """

    own_retention_s: float | None = None
    old: tuple[Written, ...] = ()
    young: tuple[Written, ...] = ()
    idle: tuple[Written, ...] = ()
    sized: tuple[Written, ...] = ()
    limited_s: float = 0.0
    keyed: tuple[Written, ...] = ()
    full_replicas: Mapping[str, Sequence[SegmentFile]] = field(default_factory=dict)


class Laboratory:
    """A context that makes, fills and watches the topics, and deletes them in the end."""

    def __init__(self, cluster: Cluster, admin: Admin, run: Run) -> None:
        self._cluster, self._admin, self._clock = cluster, admin, run.clock
        tag = run.settings.run_id[-4:]
        self.default, self.timed, self.sized, self.compacted = (
            f"ret-{name}-{tag}" for name in ("default", "timed", "sized", "compacted")
        )
        self.behind = f"ret-behind-{tag}"
        self.filled = Filled()
        self.rhythm = Rhythm.of(admin.broker_config(broker) for broker in admin.brokers())
        self.starts = LogStarts(cluster.bootstrap, clock=run.clock)
        self._writer = StampedWriter(cluster.bootstrap, clock=run.clock)
        self._stack = ExitStack()

    def __enter__(self) -> Laboratory:
        with ExitStack() as stack:
            self.await_quietly(
                lambda: self._cluster.all_ready() and not self._admin.out_of_sync(),
                what="the steady state from which retention can be judged",
                timeout_s=STEADY_BUDGET_S,
            )
            stack.callback(self._delete_everything)
            stack.enter_context(self.starts)
            self._make()
            self.snapshots = stack.enter_context(
                Snapshots(self._cluster.bootstrap, self.compacted, partition=0, clock=self._clock)
            )
            self._fill(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def now_s(self) -> float:
        """Return the moment of the run."""
        return self._clock.now_s()

    @property
    def sized_bytes(self) -> int:
        """How many bytes were written to the topic with the size limit."""
        return sum(len(record.value or "") for record in self.filled.sized)

    def config(self, topic: str) -> dict[str, str]:
        """Return a topic's live configuration."""
        return self._admin.topic_config(topic)

    def await_end(self, what: str, records: Sequence[Written], bound: Budget) -> None:
        """Wait until the records are seen gone, or until long enough after their bound to know that they stayed."""
        last_s = max((record.acked_s for record in records), default=self._clock.now_s()) + bound.seconds
        places = {record.place: max(r.offset for r in records if r.place == record.place) for record in records}

        def over() -> bool:
            self.require_observers()
            samples = self.starts.observation
            gone = all(place in samples and samples[place][-1].log_start > offset for place, offset in places.items())
            return gone or self._clock.now_s() > last_s + 1.0

        self.await_quietly(over, what=what, timeout_s=max(0.0, last_s - self._clock.now_s()) + 10.0)

    def await_quietly(self, condition: Callable[[], bool], *, what: str, timeout_s: float) -> None:
        """Wait for something without which nothing can be judged."""
        if timeout_s > PATIENCE_S:
            raise Inconclusive(f"{what} may take {timeout_s:.0f} s, and nobody waits longer than {PATIENCE_S:g} s")
        try:
            wait_until(condition, what=what, timeout_s=timeout_s)
        except TimedOut as late:
            raise Inconclusive(str(late)) from late

    def require_observers(self) -> None:
        """Raise when an observer or a writer has died: what it did not see did not happen."""
        for part in (self.starts, self.snapshots, self.trickle, self.beat):
            if part.crash is not None:
                raise Inconclusive(f"{type(part).__name__} of the harness died: {part.crash!r}")

    def _make(self) -> None:
        for topic, partitions, config in (
            (self.default, 2, {}),
            (self.timed, 2, TIMED),
            (self.sized, 1, SIZED),
            (self.compacted, 1, COMPACTED),
        ):
            self._admin.create_topic(topic, partitions=partitions, replication_factor=3, config=config)
            if topic != self.compacted:
                self.starts.watch(topic, range(partitions))

    def _fill(self, stack: ExitStack) -> None:
        write = self._writer.write
        self.filled.idle = write(self.timed, [Entry(value=str(n), partition=IDLE) for n in range(20)])
        self.trickle = self._begin(stack, self.timed, _busy, every_s=TRICKLE_EVERY_S, at_most=TRICKLE_RECORDS)
        self.filled.keyed = write(self.compacted, _keyed())
        self.beat = self._begin(stack, self.compacted, _beat, every_s=BEAT_EVERY_S, at_most=BEATS_AT_MOST)
        self._fill_default()
        self.filled.sized = write(self.sized, [Entry(value=KIB) for _ in range(SIZED_RECORDS)])
        self.filled.full_replicas = replicas_of(self._cluster, self._admin, f"{self.sized}-0")
        Groups(self._admin).commit(self.behind, self.sized, {0: COMMITTED})
        change_settings(self._admin, self.sized, LIMIT)
        self.filled.limited_s = self._clock.now_s()

    def _begin(
        self, stack: ExitStack, topic: str, entry: Callable[[int], Entry], *, every_s: float, at_most: int
    ) -> Trickle:
        writer = StampedWriter(self._cluster.bootstrap, clock=self._clock)
        trickle = Trickle(writer, topic, entry=entry, every_s=every_s, at_most=at_most)
        stack.callback(trickle.stop)
        trickle.start()
        return trickle

    def _fill_default(self) -> None:
        """Write a record that is just older than the broker's own retention, and one that is just younger."""
        retention_s = seconds(self.config(self.default), "retention.ms")
        if retention_s <= 0:
            return
        margin_s = min(DAY_S, retention_s / 4)
        self.filled.own_retention_s = retention_s
        ages = {OLD: retention_s + margin_s, YOUNG: retention_s - margin_s}
        entries = [
            Entry(value="x", partition=partition, timestamp_ms=int((time.time() - age_s) * 1000))
            for partition, age_s in ages.items()
        ]
        records = self._writer.write(self.default, entries)
        self.filled.old, self.filled.young = records[:1], records[1:]

    def _delete_everything(self) -> None:
        # The group goes with its topic: without members, it is no more than its offsets.
        for topic in (self.default, self.timed, self.sized, self.compacted):
            self._admin.delete_topic(topic)


def _busy(number: int) -> Entry:
    return Entry(value=str(number), partition=BUSY)


def _beat(number: int) -> Entry:
    return Entry(key="beat", value=str(number))


def _keyed() -> list[Entry]:
    """Every key in every round, then the end of those that are deleted."""
    rounds = [
        Entry(key=key, value=f"{key}-{number}") for number in range(ROUNDS) for key in (*KEPT_KEYS, *DELETED_KEYS)
    ]
    return [*rounds, *(Entry(key=key, value=None) for key in DELETED_KEYS)]
