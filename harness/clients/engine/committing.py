"""The committing sender: a producer's loop in transactions; what counts as acknowledged is what was committed."""

from __future__ import annotations

import numpy as np
from confluent_kafka import KafkaException
from numpy.typing import NDArray

from harness.clients.engine.demand import MOST
from harness.clients.engine.sender import Sender
from harness.runclock import NS_PER_S

COMMIT_TIMEOUT_S = 30
LONGEST_S = 1.0
"""A transaction is committed after this long, full or not: readers of what is committed wait behind an open one."""


class CommittingSender(Sender):
    """Sends what is demanded in transactions of a fixed number of records; what falls due meanwhile goes into the next.

    While a transaction is committed nothing is sent: that is how an application with one producer experiences it, and
    latency counts from when a record was due until its transaction is committed.
    """

    _open = 0
    _begun_ns = 0

    def _turn(self) -> None:
        due = self._demand.due(self._clock_ns(), sent=self._sent, unanswered=len(self._client))
        wanted = self._order.traffic.sending.transaction_records
        if len(due):
            self._send_within(due[: wanted - self._open])
        if self._open >= wanted or (self._open and self._clock_ns() - self._begun_ns >= LONGEST_S * NS_PER_S):
            self._commit()
        self._poll(0.0 if len(due) > min(wanted, MOST - 1) else self._demand.wait_s(self._clock_ns(), sent=self._sent))

    def _send_within(self, intended_ns: NDArray[np.int64]) -> None:
        if not self._open:
            self._client.begin_transaction()
            self._begun_ns = self._clock_ns()
        self._send(intended_ns)
        self._open += len(intended_ns)

    def _account(self, now: int) -> None:
        """Count nothing while a transaction is open: its records are not acknowledged yet."""
        if not self._open:
            super()._account(now)

    def _commit(self) -> None:
        """Commit, or give the whole transaction up when the cluster says that it cannot be committed."""
        deadline_ns = self._clock_ns() + COMMIT_TIMEOUT_S * NS_PER_S
        while True:
            try:
                self._client.flush(COMMIT_TIMEOUT_S)
                self._client.commit_transaction(COMMIT_TIMEOUT_S)
                break
            except KafkaException as broken:
                error = broken.args[0]
                if error.txn_requires_abort():
                    self._give_up(error.name())
                    break
                if not error.retriable() or self._clock_ns() >= deadline_ns:
                    raise
        self._open = 0
        self._account(self._clock_ns())

    def _give_up(self, error: str) -> None:
        """Abort: what was answered is no more acknowledged than what was not."""
        self._client.abort_transaction(COMMIT_TIMEOUT_S)
        for answers in self._answers:
            for value in answers.values:
                answers.fail(error, value)
            answers.values.clear()

    def _drain(self) -> None:
        if self._open:
            self._commit()
        super()._drain()
