"""Orders: what is written for an engine is what the engine reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.clients.engine.orders import ConsumerOrder, LoadOrder, ProducerOrder
from harness.measuring import traffic as words
from harness.measuring.traffic import Acks, Compression, Keys, Records, Sending, Spread, Traffic

TRAFFIC = Traffic(
    partitions=3,
    groups=2,
    records=Records(value_bytes=100, headers=2, keys=Keys(spread=Spread.ZIPF, exponent=1.2)),
    sending=Sending(acks=Acks.LEADER, idempotent=False, compression=Compression.LZ4, transaction_records=10),
)
COMMON = {"bootstrap": "b", "topic": "t", "traffic": TRAFFIC, "drain_s": 5.0}
ORDERS = (
    ProducerOrder(name="p", number=1, producers=2, folder="f", started_ns=3, trace="x", in_flight_bytes=9, **COMMON),  # type: ignore[arg-type]
    ConsumerOrder(name="c", number=1, group="g", partitions=(0, 2), started_ns=3, trace="x", **COMMON),  # type: ignore[arg-type]
    LoadOrder(folder="f", **COMMON),  # type: ignore[arg-type]
)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_what_is_written_is_read_back(tmp_path: Path, order: ProducerOrder | ConsumerOrder | LoadOrder) -> None:
    order.write(tmp_path / "order.json")
    assert type(order).read(tmp_path / "order.json") == order


def test_traffic_is_written_in_kafkas_own_words() -> None:
    written = words.as_json(TRAFFIC)
    assert written["sending"]["compression"] == "lz4"
    assert written["records"]["keys"]["spread"] == "zipf"


def test_traffic_that_nobody_wrote_is_refused() -> None:
    with pytest.raises(ValueError, match="'brotli' is not a valid Compression"):
        words.from_json(
            {**words.as_json(TRAFFIC), "sending": {**words.as_json(TRAFFIC)["sending"], "compression": "brotli"}}
        )
