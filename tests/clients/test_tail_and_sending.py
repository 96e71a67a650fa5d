"""Sending and tailing, against the mock brokers that librdkafka brings: what is sent is read, in order, once."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaException

from harness.clients.sending import Outgoing, send
from harness.clients.tail import tail
from tests.clients.fakes import TOPIC


def test_a_tail_sees_what_came_after_it_was_opened_and_nothing_before(bootstrap: str) -> None:
    send(bootstrap, TOPIC, [Outgoing(value=b"before", partition=0)])
    with tail(bootstrap, TOPIC) as appended:
        assert appended.records() == []
        send(bootstrap, TOPIC, [Outgoing(value=f"{n}".encode(), key=b"key", partition=n % 2) for n in range(6)])
        found = appended.records()
        assert [(record.partition, record.value) for record in found] == [
            (0, b"0"),
            (0, b"2"),
            (0, b"4"),
            (1, b"1"),
            (1, b"3"),
            (1, b"5"),
        ]
        assert {record.key for record in found} == {b"key"}
        assert appended.records() == found, "asking again repeats nothing"


def test_a_tail_from_the_beginning_sees_everything(bootstrap: str) -> None:
    send(bootstrap, TOPIC, [Outgoing(value=b'{"n": 1}', partition=3)])
    with tail(bootstrap, TOPIC, from_beginning=True) as everything:
        assert [record.json for record in everything.records() if record.partition == 3] == [{"n": 1}]


def test_one_key_has_one_partition(bootstrap: str) -> None:
    with tail(bootstrap, TOPIC) as appended:
        for _ in range(3):
            send(bootstrap, TOPIC, [Outgoing(value=b"x", key=f"key-{n}".encode()) for n in range(20)])
        places = {(record.key, record.partition) for record in appended.records()}
    assert len(places) == 20
    assert len({partition for _, partition in places}) > 1


def test_a_record_that_is_refused_is_an_error(bootstrap: str) -> None:
    with pytest.raises(KafkaException, match=r"(?i)partition"):
        send(bootstrap, TOPIC, [Outgoing(value=b"x", partition=99)])
