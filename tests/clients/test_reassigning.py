"""Reassignment: all partitions are asked for at once, and one that is refused or left out is not taken for done."""

from __future__ import annotations

from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import InvalidReplicationAssignmentError, NodeNotReadyError

from harness.clients import reassigning
from harness.clients.admin import Partition
from harness.clients.reassigning import reassign
from harness.verdict import Inconclusive

WANTED = [Partition(topic="orders", index=index, leader=0, replicas=(index, 3), isr=()) for index in (0, 1)]
KEYS = [TopicPartition("orders", 0), TopicPartition("orders", 1)]


class Library:
    """The admin client of the library, with the answers that it is to give."""

    answer: Any = None
    asked: Any = None
    closed = False

    def __init__(self, *, bootstrap_servers: list[str]) -> None:
        assert bootstrap_servers == ["a:9092", "b:9092"]

    def alter_partition_reassignments(self, wanted: Any, *, timeout_ms: int) -> Any:
        assert timeout_ms > 0
        Library.asked = wanted
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None:
        Library.closed = True


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    Library.answer, Library.asked, Library.closed = dict.fromkeys(KEYS), None, False
    monkeypatch.setattr(reassigning, "KafkaAdminClient", Library)


def test_what_is_accepted_has_begun() -> None:
    reassign("a:9092,b:9092", WANTED)
    assert (Library.asked, Library.closed) == ({KEYS[0]: [0, 3], KEYS[1]: [1, 3]}, True)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({KEYS[0]: None, KEYS[1]: InvalidReplicationAssignmentError}, "orders-1 .*InvalidReplicationAssignmentError"),
        ({KEYS[0]: None}, "orders-1 .no answer"),
        ({}, "orders-0 .no answer.*orders-1 .no answer"),
        (NodeNotReadyError("away"), ".*away"),
    ],
    ids=["refused", "left out", "nothing", "nobody"],
)
def test_anything_else_is_not_taken_for_done(answer: Any, said: str) -> None:
    Library.answer = answer
    with pytest.raises(Inconclusive, match=f"replicas cannot be reassigned: {said}"):
        reassign("a:9092,b:9092", WANTED)
    assert Library.closed
