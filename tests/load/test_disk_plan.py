"""The disk budget: a load that could fill a broker's volume is refused before it is begun."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import profiles, sizing
from harness.document import read as read_document
from harness.errors import UsageError
from harness.measuring.disk import OVERHEAD_S, hours_to_full, planned, records_planned
from harness.measuring.knee import trials_against
from harness.measuring.plan import FindKnee, Hold
from harness.measuring.traffic import Traffic
from harness.verdict import Verdict

GIB = 1 << 30
GATE = profiles.of_sizing(sizing.read())


def test_every_shipped_profile_fits_the_documented_volume() -> None:
    for profile in profiles.catalogue():
        planned(profile, brokers=3, volume_bytes=read_document().kafka.storage_bytes)


def test_a_rate_that_is_held_is_counted_with_its_warm_up() -> None:
    assert records_planned(Hold(records_per_s=100, warm_up_s=10, measured_s=30)) == 100 * (40 + 2 * OVERHEAD_S)


@given(st.floats(1000, 16_000))
def test_no_cluster_makes_a_search_write_more_than_planned(capacity_hz: float) -> None:
    plan = FindKnee(from_records_per_s=1000, most_records_per_s=16_000)
    trials, _ = trials_against(plan, lambda t: Verdict.PASS if t.rate_hz < capacity_hz else Verdict.FAIL)
    sent = sum(trial.rate_hz * (trial.seconds + OVERHEAD_S) for trial in trials)
    assert sent <= 1.1 * records_planned(plan)


def test_more_than_the_budget_is_refused() -> None:
    with pytest.raises(UsageError, match=r"may write .* GB on each broker, and may use 0\.1 GB, 50% of its volume"):
        planned(GATE, brokers=3, volume_bytes=GIB // 8)


def test_fewer_replicas_take_less_of_each_broker() -> None:
    whole = planned(GATE, brokers=3, volume_bytes=10 * GIB)
    third = planned(replace(GATE, traffic=Traffic(replication_factor=1)), brokers=3, volume_bytes=10 * GIB)
    assert third.bytes_per_broker == whole.bytes_per_broker // 3
    assert third.retention_bytes == whole.retention_bytes


def test_more_replicas_than_brokers_are_refused() -> None:
    with pytest.raises(UsageError, match="wants 3 replicas, there are 2 brokers"):
        planned(GATE, brokers=2, volume_bytes=10 * GIB)


def test_the_hours_to_a_full_disk() -> None:
    assert hours_to_full(bytes_per_s=2_000_000, volume_bytes=10 * GIB, retention_hours=168) == pytest.approx(
        1.491, 1e-3
    )
    assert hours_to_full(bytes_per_s=15_000, volume_bytes=10 * GIB, retention_hours=168) is None
    assert hours_to_full(bytes_per_s=15_000, volume_bytes=10 * GIB, retention_hours=None) == pytest.approx(198.8, 1e-3)
    assert hours_to_full(bytes_per_s=0, volume_bytes=GIB, retention_hours=1) is None
