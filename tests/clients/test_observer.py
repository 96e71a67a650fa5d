"""An observer: what it was told is journalled from its first question on, and what nobody told it is left out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_END, OFFSET_INVALID, KafkaError, KafkaException, TopicPartition

from harness.clients import observer
from harness.clients.observer import Lookout
from harness.clients.settings import Settings
from tests.clients.fakes import KeptJournal


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a broker tells of a partition."""

    partition: int
    offset: int
    error: KafkaError | None = None
    leader_epoch: int | None = 4
    topic: str = "in"


class Told:
    """A client whose questions about the first partition are answered, and those about the second one are not."""

    def __init__(self, settings: Settings) -> None:
        self._group = settings["group.id"]
        self.closed = False

    def offsets_for_times(self, wanted: Sequence[TopicPartition], timeout: float) -> list[Answer]:
        assert timeout > 0
        end = 9 if wanted[0].offset == OFFSET_END else 2
        return [Answer(partition=0, offset=end), Answer(partition=1, offset=0, error=KafkaError(KafkaError.UNKNOWN))]

    def committed(self, wanted: Sequence[TopicPartition], timeout: float) -> list[Answer]:
        assert wanted
        assert timeout > 0
        if self._group == "lost":
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return [Answer(partition=0, offset=5), Answer(partition=1, offset=OFFSET_INVALID)]

    def close(self) -> None:
        self.closed = True


def test_what_nobody_answered_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, made = KeptJournal(tmp_path), list[Told]()

    def make(settings: Settings) -> Told:
        made.append(Told(settings))
        return made[-1]

    monkeypatch.setattr(observer, "Consumer", make)
    with ExitStack() as stack:
        Lookout("nowhere", topics={"in": 2}, groups=("smiths", "lost"), stack=stack).look("observer", journal)
    assert journal.told("observe") == [
        ("invoke", "observer", []),
        (
            "ok",
            "observer",
            [["watermarks", "in-0", {"low": 2, "high": 9, "leader-epoch": 4}], ["committed", "smiths", {"in-0": 5}]],
        ),
    ]
    assert all(client.closed for client in made)
