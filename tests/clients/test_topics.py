"""Topics that only some brokers know yet: an answer without partitions is no answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.clients.admin import Admin, Partition
from harness.clients.topics import partitions_of, settled
from harness.waiting import TimedOut


class _Client:
    """Answers as brokers do of which the first have not heard of the topic."""

    def __init__(self, *answers: tuple[int, ...]) -> None:
        self._answers = list(answers)

    def list_topics(self, topic: str, **_: object) -> Any:
        partitions = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions=dict.fromkeys(partitions))})


class _Described:
    def __init__(self, *answers: tuple[Partition, ...]) -> None:
        self._answers = list(answers)

    def describe(self, _: str) -> tuple[Partition, ...]:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def _partition(index: int, *, isr: tuple[int, ...] = (0, 1)) -> Partition:
    return Partition(topic="t", index=index, leader=0, replicas=(0, 1), isr=isr)


def test_a_broker_that_does_not_know_a_topic_yet_is_asked_again() -> None:
    assert partitions_of(cast(Any, _Client((), (), (2, 0, 1))), "t") == (0, 1, 2)


def test_a_topic_that_nobody_knows_is_no_topic_without_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.clients.topics.TIMEOUT_S", 0.1)
    with pytest.raises(TimedOut, match="an answer of a broker that knows t"):
        partitions_of(cast(Any, _Client(())), "t")


def test_a_topic_is_settled_when_all_its_partitions_are_seen_in_sync() -> None:
    complete = (_partition(0), _partition(1))
    answers = _Described((), complete[:1], (_partition(0), _partition(1, isr=(0,))), complete)
    assert settled(cast(Admin, answers), "t", partitions=2) == complete


def test_a_topic_that_never_settles_says_how_it_was_seen_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.clients.topics.TIMEOUT_S", 0.1)
    with pytest.raises(TimedOut, match=r"t with 2 partitions, all in sync did not happen within .*isr=\(0,\)"):
        settled(cast(Admin, _Described((_partition(0), _partition(1, isr=(0,))))), "t", partitions=2)
