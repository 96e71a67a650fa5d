"""Assigned consumers: they read the keys they were given, in order, and are now and then given others."""

from __future__ import annotations

from harness.ops import OpType
from harness.rehearsal.bugs import Bug
from harness.rehearsal.clients.reading import Fetched, Reading
from harness.rehearsal.clock import MS, Task
from harness.rehearsal.records import Failure, Record
from harness.rehearsal.replica import Reader
from harness.rehearsal.stage import Stage


class Consumer(Reading):
    """One consumer with an assignment."""

    def __init__(self, stage: Stage, *, keys: tuple[str, ...], committed: bool) -> None:
        super().__init__(stage, reader=Reader(committed=committed, assigned=True))
        self.keys = keys
        self.last_seen: dict[str, int] = {}
        self._rewound: int | None = None

    def run(self) -> Task:
        """Read until the traffic ends or the consumer crashes."""
        world = self.world
        self._assign(self.keys)
        while not world.traffic_ends:
            yield world.between(12 * MS, 32 * MS)
            if world.chance(world.plan.crash_chance):
                return world.note(self.process, OpType.INFO, "crash", None)
            if world.chance(0.02):
                self._assign(self.keys if len(self.positions) < len(self.keys) else self.keys[:-1])
            yield from self._poll()
        return None

    def _assign(self, keys: tuple[str, ...]) -> None:
        """Replace the assignment; keys that stay go on, others begin at their start."""
        self.positions = {key: self.positions.get(key, 0) for key in keys}
        self.last_seen = {key: seen for key, seen in self.last_seen.items() if key in keys}
        self.world.note(self.process, OpType.OK, "assign", list(keys))

    def _poll(self) -> Task:
        self.world.note(self.process, OpType.INVOKE, "poll", [["poll"]])
        fetched = yield from self.fetch(self.positions)
        if self.world.bugs and self.reader.committed and not isinstance(fetched, Failure):
            self._go_wrong(fetched)
        extra: dict[str, object] = {} if self.reader.committed else {"isolation": "read_uncommitted"}
        self.note_poll(fetched, **extra)
        if isinstance(fetched, dict):
            self._remember(fetched)

    def _remember(self, fetched: Fetched) -> None:
        for key, records in fetched.items():
            self.last_seen[key] = records[-1][0]
        if self.world.bugs and self.reader.committed:
            self.world.strikes.seen.update(value for records in fetched.values() for _, value in records)

    def _take(self, key: str, got: tuple[list[Record], int], fetched: Fetched) -> None:
        if self.world.bugs and self.reader.committed and got[0] and key == self.world.plan.read_key:
            got = self._take_wrongly(key, got)
        super()._take(key, got, fetched)

    def _take_wrongly(self, key: str, got: tuple[list[Record], int]) -> tuple[list[Record], int]:
        """Lose the place in the log, as a consumer does that mixes up what it fetched and what it gave out."""
        world, records = self.world, got[0]
        if world.ripe(Bug.CONSUMER_JUMPS) and key in self.last_seen and len(records) > 1:
            world.fire(Bug.CONSUMER_JUMPS)
            return records[1:], got[1]
        if world.ripe(Bug.CONSUMER_REWINDS) and key in self.last_seen and self.last_seen[key] > 5:
            world.fire(Bug.CONSUMER_REWINDS)
            leader = self.leader(key)
            assert leader is not None
            earlier = self.replica(key, leader).read(self.last_seen[key] - 3, most=40, reader=self.reader)
            return got if isinstance(earlier, Failure) else earlier
        return got

    def _go_wrong(self, fetched: Fetched) -> None:
        """Spoil what is delivered, as a broken consumer would."""
        world, records = self.world, fetched.get(self.world.plan.read_key)
        if not records:
            return
        if world.ripe(Bug.VALUE_CORRUPTED):
            world.fire(Bug.VALUE_CORRUPTED)
            records[0] = [records[0][0], records[0][1] + 1_000_000_000]
        if len(records) > 2 and world.ripe(Bug.CONSUMER_DROPS_WITHIN):
            world.fire(Bug.CONSUMER_DROPS_WITHIN)
            del records[1]
        if len(records) > 1 and world.ripe(Bug.CONSUMER_MIXES_ORDER):
            world.fire(Bug.CONSUMER_MIXES_ORDER)
            records[-2:] = records[:-3:-1]


def consumers(stage: Stage, *, keys: tuple[str, ...], committed: bool) -> Task:
    """Read until the traffic ends, with a new process after each crash."""
    while not stage.world.traffic_ends:
        yield from Consumer(stage, keys=keys, committed=committed).run()
