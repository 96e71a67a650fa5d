"""Group members: they share the keys of a topic, commit how far they are, and give keys back when others come."""

from __future__ import annotations

from harness.ops import OpType
from harness.rehearsal.bugs import Bug
from harness.rehearsal.clients.client import BACKOFF_NS
from harness.rehearsal.clients.reading import Reading
from harness.rehearsal.clock import MS, Task
from harness.rehearsal.network import Reply
from harness.rehearsal.plan import ORDERS
from harness.rehearsal.records import Answer, Failure
from harness.rehearsal.replica import Reader
from harness.rehearsal.stage import Stage

GROUP = "readers"
"""The group that all members belong to."""

UNKNOWN = frozenset({Failure.TIMEOUT, Failure.DISCONNECTED})
"""The failures after which nobody knows whether a commit was written down."""


class Member(Reading):
    """One member of the group."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, reader=Reader())
        self.generation = -1
        self.log: list[dict[str, object]] = []
        self.committed: dict[str, int] = {}
        self.alive = True

    def run(self) -> Task:
        """Read and commit until the traffic ends, the member leaves, or it loses track."""
        world = self.world
        world.note(self.process, OpType.OK, "subscribe", ["orders"])
        while self.alive and not world.traffic_ends:
            yield world.between(14 * MS, 34 * MS)
            if world.chance(world.plan.crash_chance):
                self.alive = False
                return world.note(self.process, OpType.INFO, "crash", None)
            if GROUP not in world.paused and self._uncommitted() and world.chance(world.plan.member_pause_chance):
                world.paused.add(GROUP)
                yield world.between(250 * MS, 500 * MS)
                world.paused.discard(GROUP)
                yield from self._commit()
            yield from self._work()
        return None

    def _work(self) -> Task:
        """Stay in the group, read, and commit now and then."""
        if self.generation < 0:
            yield from self._join()
        answer = yield from self.coordinate(self._beat)
        if answer.failure is Failure.REBALANCING:
            yield from self._commit()
            self._give_back("revoked")
        elif answer.failure in {Failure.OLD_GENERATION, Failure.UNKNOWN_MEMBER}:
            self._give_back("lost")
        elif answer.failure is None and self.positions:
            if self.world.bugs and self.world.ripe(Bug.COMMIT_AHEAD_OF_WORK, times=2):
                yield from self._commit()
                yield MS
            yield from self._poll()
            if self.world.chance(0.3):
                yield from self._commit()

    def _beat(self, reply: Reply) -> None:
        self.stage.groups.beat(GROUP, self.process, self.generation, reply)

    def _give_back(self, how: str) -> None:
        if self.positions:
            self.log.append({"type": how, "keys": list(self.positions)})
        self.positions = {}
        self.generation = -1

    def _join(self) -> Task:
        def act(reply: Reply) -> None:
            self.stage.groups.join(GROUP, self.process, ORDERS, reply)

        answer = yield from self.coordinate(act)
        if answer.failure is not None:
            yield BACKOFF_NS
            return
        generation, keys = answer.content
        offsets: Answer = yield from self.coordinate(lambda reply: self.stage.groups.offsets(GROUP, reply))
        if offsets.failure is not None:
            return
        self.generation = generation
        self.positions = {key: offsets.content.get(key, 0) for key in keys}
        self.committed = dict(self.positions)
        if keys:
            self.log.append({"type": "assigned", "keys": list(keys)})

    def _poll(self) -> Task:
        self.world.note(self.process, OpType.INVOKE, "poll", [["poll"]])
        fetched = yield from self.fetch(self.positions)
        if self.world.bugs and not isinstance(fetched, Failure):
            self.world.strikes.processed_in_group(fetched)
        extra: dict[str, object] = {"group": GROUP}
        if self.log:
            extra["rebalance-log"] = self.log
            self.log = []
        self.note_poll(fetched, **extra)

    def _commit(self) -> Task:
        """Commit the positions that have moved."""
        offsets = self._uncommitted()
        if self.world.bugs:
            offsets = self._ahead_of_work(offsets)
        if not offsets:
            return
        generation = self.generation

        def act(reply: Reply) -> None:
            self.stage.groups.commit(GROUP, self.process, generation, offsets, reply)

        self.world.note(self.process, OpType.INVOKE, "commit", offsets)
        answer = yield from self.coordinate(act)
        if answer.failure is None:
            self.committed.update(offsets)
            return self.world.note(self.process, OpType.OK, "commit", offsets, group=GROUP)
        ending = OpType.INFO if answer.failure in UNKNOWN else OpType.FAIL
        self.alive = ending is OpType.FAIL
        return self.world.note(self.process, ending, "commit", offsets, group=GROUP, error=answer.failure.value)

    def _uncommitted(self) -> dict[str, int]:
        return {key: at for key, at in self.positions.items() if at > self.committed.get(key, 0)}

    def _ahead_of_work(self, offsets: dict[str, int]) -> dict[str, int]:
        """Commit what was fetched in advance rather than what was given out."""
        world, key = self.world, self.world.plan.read_key
        if key not in self.positions or not world.ripe(Bug.COMMIT_AHEAD_OF_WORK, times=2):
            return offsets
        leader = self.stage.cluster.leading(key)
        return offsets if leader is None else world.strikes.commits_ahead(leader, {**self.positions, **offsets})


def members(stage: Stage) -> Task:
    """Keep one member in the group until the traffic ends."""
    world = stage.world
    yield world.between(0, 100 * MS)
    while not world.traffic_ends:
        yield from Member(stage).run()
        yield world.between(10 * MS, 100 * MS)
