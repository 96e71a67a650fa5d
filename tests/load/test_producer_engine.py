"""The producer engine without a cluster: it keeps its pace, and a stall is not forgiven."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.clients.engine.demand import Saturation, demand_of
from harness.measuring.frames import merged
from harness.measuring.ledger import ProducerLedger
from harness.measuring.traffic import Keys, Records, Spread
from harness.runclock import NS_PER_S
from tests.load.fake_producer import MS, FakeProducer, ordered, run

RATE = 1000
SECONDS = 6


def acknowledged(ledger: ProducerLedger) -> int:
    return sum(last + 1 - first for runs in ledger.acknowledged.values() for first, last, _ in runs)


def test_the_pace_is_kept(tmp_path: Path) -> None:
    frames, ledger = run(FakeProducer(), ordered(tmp_path), rate_hz=RATE, seconds=SECONDS)
    assert [frame.sent for frame in frames[:SECONDS]] == pytest.approx([RATE] * SECONDS, abs=3)
    assert merged(frames).lateness.percentile_ms(100) <= 2.5
    assert sum(ledger.sent.values()) == RATE * SECONDS
    assert ledger.acknowledged == dict.fromkeys(ledger.sent, ((0, 1499, 1),))


def test_a_broker_that_stalls_for_two_seconds_shows_in_two_thousand_records(tmp_path: Path) -> None:
    client = FakeProducer(stalls_ns=2 * NS_PER_S, wakes_ns=4 * NS_PER_S)
    total = merged(run(client, ordered(tmp_path), rate_hz=RATE, seconds=SECONDS)[0])
    for limit_ms in (100, 500, 1000, 1500):
        assert total.latency.count_above_ms(limit_ms) == pytest.approx((2000 - limit_ms) * RATE / 1000, rel=0.03)
    assert total.latency.count == RATE * SECONDS
    assert total.lateness.percentile_ms(100) <= 2.5, "a slow broker must not make the generator late"


def test_a_generator_that_stalls_shows_in_lateness_and_in_latency(tmp_path: Path) -> None:
    client = FakeProducer(blocks_at_ns=2 * NS_PER_S, block_ns=2 * NS_PER_S)
    frames, ledger = run(client, ordered(tmp_path), rate_hz=RATE, seconds=SECONDS)
    total = merged(frames)
    for limit_ms in (100, 500, 1000):
        late = (2000 - limit_ms) * RATE / 1000
        assert total.lateness.count_above_ms(limit_ms) == pytest.approx(late, rel=0.03)
        assert total.latency.count_above_ms(limit_ms) == pytest.approx(late, rel=0.03)
    assert sum(ledger.sent.values()) == RATE * SECONDS, "what is late is made up for"


def test_a_record_without_an_answer_stays_in_with_how_long_it_was_waited_for(tmp_path: Path) -> None:
    client = FakeProducer(stalls_ns=5 * NS_PER_S, wakes_ns=10**15)
    frames, ledger = run(client, ordered(tmp_path, drain_s=3.0), rate_hz=RATE, seconds=SECONDS)
    total = merged(frames)
    assert total.failed == pytest.approx(RATE, rel=0.03)
    assert total.errors == {"_PURGE_QUEUE": total.failed}
    assert total.acknowledged + total.failed == total.latency.count == RATE * SECONDS
    assert total.latency.count_above_ms(2900) == total.failed
    assert acknowledged(ledger) == total.acknowledged


def test_a_record_that_the_client_itself_refuses_has_failed(tmp_path: Path) -> None:
    client = FakeProducer(room=3)
    frames, ledger = run(client, ordered(tmp_path), rate_hz=RATE, seconds=1)
    total = merged(frames)
    assert total.failed > 0
    assert total.errors == {"_QUEUE_FULL": total.failed}
    assert total.acknowledged + total.failed == total.sent == RATE
    assert acknowledged(ledger) == total.acknowledged


def test_without_a_pace_the_client_is_kept_full_and_no_fuller(tmp_path: Path) -> None:
    client, most = FakeProducer(), 0

    class Watched(Saturation):
        def due(self, now_ns: int, *, sent: int, unanswered: int):  # type: ignore[no-untyped-def]
            nonlocal most
            most = max(most, unanswered)
            return super().due(now_ns, sent=sent, unanswered=unanswered)

    frames, _ = run(client, ordered(tmp_path), rate_hz=0, seconds=1, demand=Watched(room=500))
    assert 400 <= most <= 500
    assert merged(frames).acknowledged > 50_000


def test_an_order_says_which_demand_it_means(tmp_path: Path) -> None:
    assert not isinstance(demand_of(ordered(tmp_path)), Saturation)


def test_keys_decide_the_partition_and_headers_go_with_the_record(tmp_path: Path) -> None:
    client = FakeProducer()
    records = Records(value_bytes=64, headers=2, header_bytes=3, keys=Keys(spread=Spread.HOT_KEY, hot_ratio=0.9))
    _, ledger = run(client, ordered(tmp_path, records=records), rate_hz=RATE, seconds=2)
    assert client.seen[0]["headers"] == [("h0", b"\0\0\0"), ("h1", b"\0\0\0")]
    hot = {place for message, place in zip(client.seen, client.partitions, strict=True) if message["key"] == b"key-0"}
    assert len(hot) == 1
    assert max(ledger.sent.values()) > 0.85 * sum(ledger.sent.values())
    assert acknowledged(ledger) == 2 * RATE


def test_values_are_as_compressible_as_they_are_meant_to_be(tmp_path: Path) -> None:
    client = FakeProducer()
    run(client, ordered(tmp_path, records=Records(value_bytes=120, random_ratio=0.25)), rate_hz=100, seconds=1)
    assert {len(message["value"]) for message in client.seen} == {120}
    assert all(message["value"].endswith(bytes(75)) for message in client.seen)


def test_a_stop_in_the_midst_leaves_nothing_unanswered(tmp_path: Path) -> None:
    client = FakeProducer(stalls_ns=900 * MS, wakes_ns=1500 * MS)
    frames, ledger = run(client, ordered(tmp_path), rate_hz=RATE, seconds=1)
    assert acknowledged(ledger) == merged(frames).acknowledged == RATE
