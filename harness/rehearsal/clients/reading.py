"""Fetching: how every kind of consumer reads, one broker at a time."""

from __future__ import annotations

from collections.abc import Collection, Generator
from typing import Any

from harness.ops import OpType
from harness.rehearsal.clients.client import Client
from harness.rehearsal.clock import Call
from harness.rehearsal.network import Reply
from harness.rehearsal.records import Answer, Failure, Record
from harness.rehearsal.replica import Reader, Replica
from harness.rehearsal.stage import Stage

Fetched = dict[str, list[list[int]]]
"""The records of one poll: for each key, pairs of offset and value."""

MOST_RECORDS = 40
"""How many offsets of a key one poll covers."""


class Reading(Client):
    """A client that reads keys from positions of its own."""

    def __init__(self, stage: Stage, *, reader: Reader) -> None:
        super().__init__(stage)
        self.reader = reader
        self.positions: dict[str, int] = {}
        self._turn = 0

    def _next_keys(self, among: Collection[str]) -> tuple[Replica, list[str]] | None:
        """Return some keys that are led by one broker; the brokers take turns."""
        by_broker: dict[int, list[str]] = {}
        for key in among:
            leader = self.leader(key)
            if leader is not None:
                by_broker.setdefault(leader.broker, []).append(key)
        if not by_broker:
            return None
        self._turn += 1
        keys = by_broker[list(by_broker)[self._turn % len(by_broker)]]
        return self.replica(keys[0], self._leaders[keys[0]]), keys

    def fetch(self, among: Collection[str]) -> Generator[int | Call, Any, Fetched | Failure]:
        """Read what one broker has of some keys and move on; the positions are those of the next records."""
        if self.world.chance(0.1):
            self._leaders.clear()
        found = self._next_keys(among)
        if found is None:
            yield self.world.between(1, 2_000_000)
            return Failure.NOT_LEADER
        answer: Answer = yield self.connections.ask(found[0].broker, self._act(found[1]))
        if answer.failure is not None:
            for key in found[1]:
                self.forget_leader(key)
            return answer.failure
        fetched: Fetched = {}
        for key, got in answer.content.items():
            if isinstance(got, Failure):
                self._refused(key, got)
            else:
                self._take(key, got, fetched)
        return fetched

    def _act(self, keys: list[str]) -> Any:
        leaders = self._leaders
        asked = [(self.replica(key, leaders[key]), leaders[key].epoch, self.positions[key]) for key in keys]

        def act(reply: Reply) -> None:
            content: dict[str, Any] = {}
            for replica, epoch, position in asked:
                if not replica.leads or replica.epoch != epoch:
                    content[replica.key] = Failure.NOT_LEADER
                else:
                    content[replica.key] = replica.read(position, most=MOST_RECORDS, reader=self.reader)
            if self.world.bugs and self.world.strikes.takes_care():
                return reply.surely(Answer(None, content))
            return reply(Answer(None, content))

        return act

    def _take(self, key: str, got: tuple[list[Record], int], fetched: Fetched) -> None:
        records, following = got
        if records:
            fetched[key] = [[record.offset, record.value] for record in records]
        self.positions[key] = following

    def _refused(self, key: str, failure: Failure) -> None:
        """Find the leader again, or begin again at the start of the log (auto.offset.reset=earliest)."""
        leader = self._leaders[key]
        if failure is Failure.OUT_OF_RANGE:
            self.positions[key] = self.replica(key, leader).log.start
        else:
            self.forget_leader(key)

    def note_poll(self, fetched: Fetched | Failure, **extra: object) -> None:
        """Record how a poll ended."""
        if isinstance(fetched, Failure):
            self.world.note(self.process, OpType.FAIL, "poll", [["poll"]], error=fetched.value, **extra)
        else:
            self.world.note(self.process, OpType.OK, "poll", [["poll", fetched]] if fetched else [["poll"]], **extra)
