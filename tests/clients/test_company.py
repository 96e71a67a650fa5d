"""The company of a transactional traffic: names that belong together, and readers before writers."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.clients import consumer
from harness.clients.company import Transactions
from harness.clients.traffic import Load
from tests.clients.fakes import FakeConsumer, KeptJournal, scene


def names(company: Transactions, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(consumer, "Consumer", lambda _: FakeConsumer())
    return [process.name for process in company.processes(scene(KeptJournal(folder)), "in", partitions=2)]


def test_readers_come_first_and_writers_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    company = Transactions(name="a", target="out")
    assert names(company, tmp_path, monkeypatch) == [
        "observer",
        "consumer-0",
        "consumer-1",
        "a-subscribers-0",
        "a-subscribers-1",
        "a-transformer-0",
        "a-writer-0",
        "a-writer-1",
    ]
    assert company.groups == ("a-transformers", "a-subscribers")


def test_without_a_target_nobody_transforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    company = Transactions(name="a", subscribers=0, writers=1)
    assert names(company, tmp_path, monkeypatch) == ["observer", "consumer-0", "consumer-1", "a-writer-0"]
    assert company.groups == ()


def test_a_load_knows_every_topic_that_is_written_to() -> None:
    assert Load(topic="in", partitions=2).topics == {"in": 2}
    company = Transactions(name="a", target="out")
    assert Load(topic="in", partitions=2, transactions=company).topics == {"in": 2, "out": 2}
