"""A member of a consumer group as a process of its own, so that it can be killed without a word.

    python -m harness.clients.group_member '{"settings": {...}, "topic": "orders"}'

It writes what happens to it as JSON lines to standard output, each with `at_ns` of the machine's monotonic clock, and
commits every batch before it asks for the next one. `leave` on standard input lets it leave the group in order, and
`linger 14` lets it take that many seconds for its next batch. The end of standard input, which comes when its parent
has died, ends it without a word; so does a record of the value POISON, as a record does that a reader cannot bear.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from harness.clients.handles import Consumer

POISON = "poison"


def say(event: str, **facts: object) -> None:
    """Write one line, whole and at once."""
    print(json.dumps({"event": event, "at_ns": time.monotonic_ns(), **facts}), flush=True)


class Member:
    """One consumer that says everything it does."""

    def __init__(self, settings: dict[str, Any], topic: str) -> None:
        self._consumer = Consumer(settings)
        self._leaving = threading.Event()
        self._lingering_s = 0.0
        self._consumer.subscribe([topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost)

    def obey(self) -> None:
        """Carry out what comes on standard input."""
        for line in sys.stdin:
            order, *arguments = line.split()
            if order == "leave":
                self._leaving.set()
                return
            self._lingering_s = float(arguments[0])
        os._exit(1)

    def work(self) -> None:
        """Take, say and commit records until told to leave."""
        while not self._leaving.is_set():
            records = [message for message in self._consumer.consume(100, 0.05) if _is_record(message)]
            if records:
                say("records", records=[_row(message) for message in records])
                self._bear(records)
                self._commit(records)
        self._consumer.close()
        say("left")

    def _bear(self, records: Sequence[Message]) -> None:
        """Take the time that it was told to, and die of what cannot be borne."""
        if any(message.value() == POISON.encode() for message in records):
            os._exit(1)
        if self._lingering_s:
            lingering_s, self._lingering_s = self._lingering_s, 0.0
            say("lingers")
            self._leaving.wait(lingering_s)
            say("goes-on")

    def _commit(self, records: Sequence[Message]) -> None:
        ends = {message.partition() or 0: (message.offset() or 0) + 1 for message in records}
        firsts = {message.partition() or 0: message.offset() or 0 for message in reversed(records)}
        offsets = [TopicPartition(records[0].topic() or "", partition, end) for partition, end in ends.items()]
        say("commits", batches={partition: [firsts[partition], end] for partition, end in ends.items()})
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as refused:
            say("commit-failed", error=refused.args[0].name(), offsets=ends)
        else:
            say("committed", offsets=ends)

    def _assigned(self, _: object, partitions: Sequence[TopicPartition]) -> None:
        say("assigned", partitions=[place.partition for place in partitions])

    def _revoked(self, _: object, partitions: Sequence[TopicPartition]) -> None:
        say("revoked", partitions=[place.partition for place in partitions])

    def _lost(self, _: object, partitions: Sequence[TopicPartition]) -> None:
        say("lost", partitions=[place.partition for place in partitions])


def _is_record(message: Message) -> bool:
    error = message.error()
    if error is not None and (error.fatal() or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED):
        raise KafkaException(error)
    return error is None


def _row(message: Message) -> list[object]:
    return [message.partition(), message.offset(), (message.value() or b"").decode()]


def main(arguments: Sequence[str]) -> None:
    """Be a member until told otherwise."""
    order = json.loads(arguments[0])
    member = Member(order["settings"], order["topic"])
    threading.Thread(target=member.obey, daemon=True).start()
    say("started")
    member.work()


if __name__ == "__main__":
    main(sys.argv[1:])
