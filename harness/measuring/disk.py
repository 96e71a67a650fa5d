"""The disk under a load: how much a plan may write, and how long until a broker's volume is full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

from harness.errors import UsageError
from harness.measuring.knee import Next, trials_against
from harness.measuring.plan import FindKnee, Plan, Profile
from harness.verdict import Verdict

OVERHEAD_S = 6.0
"""Of each trial: until a step is settled, and until what came of it is known, the rate goes on."""
RECORD_OVERHEAD_BYTES = 70
"""A record's key, headers, offsets and share of its batch, at the most."""
BUDGET_SHARE = 0.5
"""Of a broker's volume: the rest is for the segments of other topics and for what is deleted late."""
SEGMENT_BYTES = 64 * 1024 * 1024
CAPACITIES = 12

Judge = Callable[[Next], Verdict]


def records_planned(plan: Plan) -> int:
    """Return how many records a plan sends at the most, whatever the cluster carries and however noisy it is."""
    if not isinstance(plan, FindKnee):
        return ceil(_records_of(plan, lambda _: Verdict.PASS))
    plan = replace(plan, repeats=plan.most_repeats)
    most_hz, least_hz = plan.most_records_per_s, plan.from_records_per_s
    capacities = [least_hz * (most_hz / least_hz) ** (step / CAPACITIES) for step in range(CAPACITIES + 1)]
    return ceil(max(_records_of(plan, _carries_up_to(hz)) for hz in capacities))


def _carries_up_to(capacity_hz: float) -> Judge:
    return lambda trial: Verdict.PASS if trial.rate_hz < capacity_hz else Verdict.FAIL


def _records_of(plan: Plan, verdict_on: Judge) -> float:
    trials, _ = trials_against(plan, verdict_on)
    return sum(trial.rate_hz * (trial.seconds + OVERHEAD_S) for trial in trials)


@dataclass(frozen=True, kw_only=True)
class DiskPlan:
    """What a load may write on each broker, and what its topic keeps: nothing goes while it may still be read."""

    bytes_per_broker: int
    retention_bytes: int
    """Of one partition; its skew is the worst there is, all records in one."""

    def config(self) -> dict[str, str]:
        """Return the settings of the topic."""
        return {"retention.bytes": str(self.retention_bytes), "segment.bytes": str(SEGMENT_BYTES)}


def planned(profile: Profile, *, brokers: int, volume_bytes: int) -> DiskPlan:
    """Return what a profile may write; one that could fill a broker's volume raises UsageError.

    Compression is not counted on: a value may turn out to be incompressible.
    """
    traffic = profile.traffic
    if traffic.replication_factor > brokers:
        raise UsageError(
            f"profile {profile.name} wants {traffic.replication_factor} replicas, there are {brokers} brokers",
            remedy="lower its replication_factor",
        )
    records = traffic.records
    record_bytes = records.value_bytes + records.headers * records.header_bytes + RECORD_OVERHEAD_BYTES
    written = records_planned(profile.plan) * record_bytes
    per_broker = written * traffic.replication_factor // brokers
    most = int(BUDGET_SHARE * volume_bytes)
    if per_broker > most:
        raise UsageError(
            f"profile {profile.name} may write {per_broker / 1e9:.1f} GB on each broker, "
            f"and may use {most / 1e9:.1f} GB, {BUDGET_SHARE:.0%} of its volume",
            remedy="lower its rates, its seconds or the size of its records",
        )
    return DiskPlan(bytes_per_broker=per_broker, retention_bytes=written + SEGMENT_BYTES)


def hours_to_full(*, bytes_per_s: float, volume_bytes: int, retention_hours: float | None) -> float | None:
    """Return after how many hours a broker's volume is full at a rate; None when retention keeps it from that.

    `retention_hours` of None means that nothing is ever deleted for its age.
    """
    if bytes_per_s <= 0:
        return None
    hours = volume_bytes / bytes_per_s / 3600
    return None if retention_hours is not None and hours > retention_hours else hours
