"""Transformers: they read records and write one result for each, with their progress in the same transaction."""

from __future__ import annotations

from harness.rehearsal.clients.client import BACKOFF_NS
from harness.rehearsal.clients.transacting import Role, Transaction, TransactionalClient
from harness.rehearsal.clock import Task
from harness.rehearsal.records import Failure
from harness.rehearsal.stage import Stage

MOST_RECORDS = 25
"""How many records one transaction transforms at most: it has to end before the coordinator loses patience."""

Made = dict[int, int]
"""From which value each result was made."""


FIRST_RESULT = 2
"""How many micro-operations are done when the first result is written: the poll is the other one."""


class Transformer(TransactionalClient):
    """One process that transforms; what it reads of a key it writes to the key of the same rank."""

    def __init__(self, stage: Stage, role: Role, *, pace_ns: int, made: Made) -> None:
        super().__init__(stage, role, pace_ns=pace_ns)
        self.made = made
        self._read_last = 0

    def _transact(self) -> Task:
        reads = self.role.reads
        self._read_last = (self._read_last + 1) % len(reads)
        key = reads[self._read_last]
        before = dict(self.positions)
        fetched = yield from self.fetch((key,))
        if not isinstance(fetched, Failure) and fetched:
            target = self.role.writes[self._read_last]
            records = fetched[key]
            if len(records) > MOST_RECORDS:
                del records[MOST_RECORDS:]
                self.positions[key] = records[-1][0] + 1
            yield from self._carry_out(self._transformation(records, key, target), before)

    def _transformation(self, records: list[list[int]], key: str, target: str) -> Transaction:
        values = self.world.new_values(len(records))
        self.made.update(zip(values, (value for _, value in records), strict=True))
        sends: list[list[object]] = [["send", target, value] for value in values]
        return Transaction(
            [["poll"], *sends],
            done=[["poll", {key: records}]],
            values=list(values),
            keys=frozenset({target}),
            offsets={key: self.positions[key]},
        )

    def _read(self, transaction: Transaction) -> Task:
        """Read nothing more: what is transformed was read before."""
        if self.world.bugs:
            self.world.strikes.read_in_transaction(transaction, transaction.done[0][1])  # type: ignore[arg-type]
        yield from ()

    def _may_pause(self, transaction: Transaction) -> bool:
        """Pause after the first result or not at all: a transformer of many records is no slower than one of few."""
        return len(transaction.done) == FIRST_RESULT and super()._may_pause(transaction)

    def _successors(self) -> Task:
        return transformers(self.stage, self.role, pace_ns=self.pace_ns, made=self.made)


def transformers(stage: Stage, role: Role, *, pace_ns: int, made: Made) -> Task:
    """Transform until the traffic ends, with a new process whenever the last has to be replaced."""
    paused = False
    while not stage.world.traffic_ends and not paused:
        transformer = Transformer(stage, role, pace_ns=pace_ns, made=made)
        yield from transformer.run()
        paused = transformer.paused
        yield BACKOFF_NS
