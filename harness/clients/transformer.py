"""A transformer process: it consumes, transforms and produces exactly once, its progress in the same transaction."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

from confluent_kafka import KafkaException

from harness.checkers.exactly_once import transformed
from harness.clients.consumer import Records
from harness.clients.membership import Given, Membership
from harness.clients.places import key_of, place
from harness.clients.processes import Lives, Scene
from harness.clients.settings import plain_consumer, transactional_producer
from harness.clients.subscriber import note_poll
from harness.clients.transaction import Intent, Progress, TransactionalClient, transact
from harness.clients.transactional import Habit
from harness.ops import OpType

AT_MOST = 200
"""Records in one transaction. Under traffic on half a CPU, with leaders ending, a transaction takes 0.4 s: with 50 it
fell behind 130 records a second, and was still busy with 44,000 of them 90 s after the end of ten minutes."""

SHARELESS_S = 50.0
"""A member without a share for longer than the session of a lost one (45 s) is started anew, as a supervisor would: a
client of librdkafka 2.16 was seen that had not joined two minutes after its coordinator had moved."""


class Transformer(Lives):
    """One member of a group; it goes on until it has transformed everything that was there when it was stopped."""

    def __init__(
        self, transactional_id: str, *, scene: Scene, group: str, source: str, target: str, habit: Habit
    ) -> None:
        super().__init__(transactional_id, scene=scene)
        self._group, self._source, self._target, self._habit = group, source, target, habit
        self._numbers = itertools.count(1)
        self._drained = False

    def _is_over(self) -> bool:
        return self._drained

    def _live(self, process: int) -> None:
        bootstrap, journal = self._scene.bootstrap, self._scene.journal
        with TransactionalClient(transactional_producer(bootstrap, transactional_id=self.name)) as client:
            try:
                client.take_over()
            except KafkaException:
                return
            journal.append(process=process, type=OpType.OK, f="subscribe", value=[self._source])
            with Membership(plain_consumer(bootstrap, group=self._group), [self._source]) as member:
                for given in self._batches(member, process):
                    intent = self._intent(given, member, process)
                    ending = transact(intent, client=client, process=process, journal=journal)
                    if not ending.usable:
                        return
                    if ending.outcome is OpType.FAIL:
                        member.rewind(given.records)

    def _batches(self, member: Membership, process: int) -> Iterator[Given]:
        """Give what there is to transform, until everything is after the end was asked for, or no share is given."""
        shared_s = time.monotonic()
        while not self._drained and not self._abandoned.is_set():
            ending = self._stopping.is_set()
            given = member.poll(at_most=AT_MOST, timeout_s=1.0 if ending else 0.1)
            if given.records:
                yield given
            else:
                note_poll(given, group=self._group, process=process, scene=self._scene)
                self._drained = ending and member.is_at_end
            if member.has_share:
                shared_s = time.monotonic()
            elif time.monotonic() - shared_s > SHARELESS_S:
                return

    def _intent(self, given: Given, member: Membership, process: int) -> Intent:
        number = next(self._numbers)
        return Intent(
            reads=given.records,
            sends=tuple(self._transformed(given.records, f"{process}.{number}")),
            fate=self._habit.fate_of(number),
            progress=Progress(group=self._group, next_offsets=given.next_offsets, member=member.as_metadata),
            extra=given.rebalance_log,
        )

    def _transformed(self, records: Records, attempt: str) -> Iterator[tuple[str, str]]:
        """Give what becomes of each record: in the same partition of the target, and never the same value twice."""
        for key, given in records.items():
            target = key_of(self._target, place(key)[1])
            for _, value in given:
                yield target, transformed(value, attempt=attempt)
