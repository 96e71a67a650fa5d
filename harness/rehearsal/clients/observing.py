"""Observers: one asks for watermarks and committed offsets all the time, one reads everything in the end."""

from __future__ import annotations

from collections.abc import Sequence

from harness.ops import OpType
from harness.rehearsal.clients.client import Client
from harness.rehearsal.clock import MS, Task
from harness.rehearsal.network import Reply
from harness.rehearsal.plan import KEYS
from harness.rehearsal.records import Answer, Failure
from harness.rehearsal.replica import Reader
from harness.rehearsal.stage import Stage

GROUPS = ("readers", "etl")
"""The groups whose committed offsets are asked for."""


class Observer(Client):
    """An independent observer; it never believes a leader of an older epoch than one it has heard of.

    `witness` is a second process, for what planted bugs want to be seen at once.
    """

    def __init__(self, stage: Stage, *, keys: Sequence[str] = KEYS, groups: Sequence[str] = GROUPS) -> None:
        super().__init__(stage)
        self.keys = keys
        self.groups = groups
        self.witness = stage.world.new_process()
        self.highs: dict[str, int] = {}
        self.epochs: dict[str, int] = {}

    def run(self) -> Task:
        """Ask in turn, until everything has come to rest."""
        turn = 0
        while not self._is_over():
            yield self.world.between(5 * MS, 11 * MS)
            turn += 1
            if turn % 5 == 4 and self.groups:
                yield from self._ask_group(self.groups[turn // 5 % len(self.groups)])
            else:
                yield from self._ask_key(self.keys[turn % len(self.keys)])

    def _is_over(self) -> bool:
        plan = self.world.plan
        return self.world.clock.now_ns >= plan.traffic_ns + plan.settle_ns * 3 // 4

    def _ask_key(self, key: str) -> Task:
        self.forget_leader(key)
        leader = self.leader(key)
        if leader is None or leader.epoch < self.epochs.get(key, -1):
            return
        replica = self.replica(key, leader)

        def act(reply: Reply) -> None:
            known = replica.watermarks() if replica.epoch == leader.epoch else Failure.FENCED_LEADER
            reply(Answer(known) if isinstance(known, Failure) else Answer(None, known))

        asked = [["watermarks", key, {}]]
        self.world.note(self.process, OpType.INVOKE, "observe", asked)
        answer: Answer = yield self.connections.ask(replica.broker, act)
        if answer.failure is not None:
            self.world.note(self.process, OpType.FAIL, "observe", asked, error=answer.failure.value)
        else:
            self.saw(key, epoch=leader.epoch, low=answer.content[0], high=answer.content[1])

    def saw(self, key: str, *, epoch: int, low: int, high: int) -> None:
        """Record the watermarks of a key."""
        if self.world.bugs:
            epoch = self.world.strikes.described_epoch(key, epoch, known=self.epochs.get(key, -1))
            self.world.strikes.shown(high, known=self.highs.get(key, 0))
        self.epochs[key] = epoch
        self.highs[key] = high
        seen = {"high": high, "leader-epoch": epoch}
        if key == self.world.plan.expiring:
            seen["low"] = low
        self.world.note(self.process, OpType.OK, "observe", [["watermarks", key, seen]])

    def _ask_group(self, group: str) -> Task:
        def act(reply: Reply) -> None:
            self.stage.transactions.stable_offsets(group, reply)

        asked = [["committed", group, {}]]
        self.world.note(self.process, OpType.INVOKE, "observe", asked)
        answer: Answer = yield from self.coordinate(act)
        if answer.failure is not None:
            self.world.note(self.process, OpType.FAIL, "observe", asked, error=answer.failure.value)
        else:
            self.saw_group(group, answer.content)

    def saw_group(self, group: str, offsets: dict[str, int], *, process: int | None = None) -> None:
        """Record the committed offsets of a group."""
        said_to = self.process if process is None else process
        self.world.note(said_to, OpType.OK, "observe", [["committed", group, offsets]])


def read_everything(stage: Stage, *, keys: Sequence[str] = KEYS, committed: bool = True) -> None:
    """Read every key from its start to its end, as an observer of its own, after everything has come to rest."""
    client = Client(stage)
    world = stage.world
    isolation: dict[str, object] = {} if committed else {"isolation": "read_uncommitted"}
    world.note(client.process, OpType.OK, "assign", list(keys))
    for key in keys:
        leader = stage.cluster.leading(key)
        if leader is None:
            continue
        low, high = leader.log.start, leader.last_stable() if committed else leader.high_watermark
        got = leader.read(low, most=high - low + 1, reader=Reader(committed=committed))
        records = [] if isinstance(got, Failure) else [[record.offset, record.value] for record in got[0]]
        world.clock.now_ns += MS
        world.note(
            client.process,
            OpType.OK,
            "poll",
            [["poll", {key: records}]] if records else [["poll"]],
            final=True,
            covers={key: [low, high]},
            **isolation,
        )
