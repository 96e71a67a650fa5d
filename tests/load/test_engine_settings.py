"""The settings of a load's producer: the real library takes them, or no engine of that kind would ever start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from harness.clients.engine.produce import settings_of
from harness.measuring.traffic import Acks, Compression
from tests.load.fake_producer import ordered

NOBODY = "127.0.0.1:1"
KINDS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "five in flight": {"in_flight": 5},
    "the leader alone": {"acks": Acks.LEADER, "idempotent": False},
    "nobody": {"acks": Acks.NONE, "idempotent": False},
    "small compressed batches": {"compression": Compression.ZSTD, "batch_bytes": 16_384},
    "transactions": {"transaction_records": 100},
}


@pytest.mark.parametrize("sending", KINDS.values(), ids=KINDS.keys())
def test_the_library_takes_the_settings_of_every_kind_of_sending(tmp_path: Path, sending: dict[str, Any]) -> None:
    order = replace(ordered(tmp_path, **sending), bootstrap=NOBODY)
    assert isinstance(Producer(settings_of(order)), Producer)  # it raises when it does not take them


def test_a_transaction_may_be_open_for_as_long_as_a_record_is_waited_for(tmp_path: Path) -> None:
    settings = settings_of(ordered(tmp_path, transaction_records=100))
    assert settings["transaction.timeout.ms"] == settings["delivery.timeout.ms"]
