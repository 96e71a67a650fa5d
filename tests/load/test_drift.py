"""Two runs differ only by more than their noise: seen to stay silent, to tell, and to admit that it cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.measuring.drift import BLOCK_S, Block, Comparison, Difference, Measured, compare

PROFILE: dict[str, Any] = {
    "name": "end-to-end",
    "plan": {"from_records_per_s": 1000},
    "objectives": {"produce_p99_ms": 400},
    "disturbance": None,
    "traffic": {"partitions": 6, "replication_factor": 3, "groups": 1, "records": {"value_bytes": 1024}},
}
KNEES = (6000.0, 6100.0, 5950.0)
RATES = (1000.0, 2000.0, 4000.0)


def blocks(
    *, seed: int, p99: float = 1, cpu: float = 1, network: float = 1, throttled: float = 0.1, count: int = 6
) -> tuple[Block, ...]:
    """Return blocks with a noise of a tenth about figures that are multiplied as given."""
    noise = np.random.default_rng(seed).normal(1, 0.1, size=(count, 5))
    return tuple(
        Block(
            acknowledged_per_s=1000 * (1 + (one[0] - 1) / 100),
            produce_p50_ms=8 * one[1],
            produce_p99_ms=80 * p99 * one[2],
            end_to_end_p50_ms=9 * one[1],
            end_to_end_p99_ms=90 * p99 * one[2],
            cpu_s_per_mb=0.05 * cpu * one[3],
            received_per_byte=3 * network * (1 + (one[3] - 1) / 10),
            throttled_ratio=throttled * one[4],
        )
        for one in noise
    )


def run(*, seed: int = 0, repeats: Sequence[float] = KNEES, count: int = 6, **factors: float) -> Measured:
    """Return a run at three rates."""
    return Measured(
        run_id=f"run-{seed}",
        profile=PROFILE,
        is_testbed=True,
        repeats=tuple(repeats),
        blocks={rate: blocks(seed=100 * seed + number, count=count, **factors) for number, rate in enumerate(RATES)},
    )


def said(comparison: Comparison) -> dict[str, Difference]:
    return {figure.name: figure.difference for figure in comparison.figures}


def test_a_run_is_the_same_as_itself() -> None:
    found = compare(run(), run())
    assert found.difference is Difference.SAME
    assert set(said(found).values()) == {Difference.SAME}
    assert len(found.figures) == 9
    assert all(figure.low is not None and figure.low <= 0 <= (figure.high or 0) for figure in found.figures)


def test_noise_alone_is_the_same() -> None:
    found = [compare(run(seed=2 * seed), run(seed=2 * seed + 1)).difference for seed in range(100)]
    assert found.count(Difference.SAME) >= 95
    assert Difference.UNKNOWN not in found


@pytest.mark.parametrize(
    ("figure", "factors"),
    [
        ("produce latency p99", {"p99": 1.5}),
        ("end-to-end latency p99", {"p99": 1.5}),
        ("broker CPU", {"cpu": 1.3}),
        ("throttling", {"throttled": 0.3}),
    ],
)
def test_what_became_worse_is_named_and_the_way_back_is_better(figure: str, factors: dict[str, Any]) -> None:
    there, back = compare(run(), run(seed=1, **factors)), compare(run(seed=1, **factors), run())
    assert there.difference is Difference.WORSE
    assert said(there)[figure] is Difference.WORSE
    assert figure in there.reason
    assert back.difference is Difference.BETTER
    assert said(back)[figure] is Difference.BETTER


def test_a_lower_knee_is_worse_and_a_higher_one_better() -> None:
    lower = [0.7 * knee for knee in KNEES]
    assert said(compare(run(), run(repeats=lower)))["knee"] is Difference.WORSE
    assert said(compare(run(repeats=lower), run()))["knee"] is Difference.BETTER


def test_the_interval_of_a_change_holds_the_change_that_was_made() -> None:
    (figure,) = [f for f in compare(run(), run(seed=1, cpu=1.3)).figures if f.name == "broker CPU"]
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low < 0.3 < figure.high
    assert figure.rates_hz == RATES


def test_a_change_that_is_sure_but_does_not_matter_is_none() -> None:
    sure = tuple(Block(acknowledged_per_s=1000, produce_p99_ms=100 + step / 100) for step in range(6))
    more = tuple(replace(block, produce_p99_ms=(block.produce_p99_ms or 0) * 1.03) for block in sure)
    found = compare(replace(run(), blocks={1000.0: sure}), replace(run(), blocks={1000.0: more}))
    assert said(found)["produce latency p99"] is Difference.SAME
    assert "would matter" in next(f.why for f in found.figures if f.name == "produce latency p99")


def test_throttling_that_may_be_a_third_more_is_not_the_same() -> None:
    def of(*ratios: float) -> Measured:
        return replace(run(), blocks={1000.0: tuple(Block(acknowledged_per_s=1000, throttled_ratio=r) for r in ratios)})

    found = compare(of(0.05, 0.2, 0.1, 0.02), of(0.1, 0.5, 0.2, 0.4))
    assert said(found)["throttling"] is Difference.UNKNOWN


def test_knees_that_were_not_found_alike_leave_it_open() -> None:
    found = compare(run(), run(repeats=(900.0, 8600.0, 9300.0)))
    assert said(found)["knee"] is Difference.UNKNOWN
    assert found.difference is Difference.UNKNOWN


@pytest.mark.parametrize(
    "other",
    [
        replace(run(), repeats=KNEES[:1]),
        replace(run(), blocks={}),
        replace(run(), blocks={rate * 1.1: found for rate, found in run().blocks.items()}),
        run(count=1),
        replace(run(), blocks={1000.0: tuple(replace(b, cpu_s_per_mb=None) for b in run().blocks[1000.0])}),
    ],
    ids=["one repeat", "no blocks", "no common rate", "one block", "CPU was not observed"],
)
def test_too_few_samples_are_never_the_same(other: Measured) -> None:
    assert compare(run(), other).difference is Difference.UNKNOWN
    assert compare(other, run()).difference is Difference.UNKNOWN


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (replace(run(), profile={**PROFILE, "name": "fan-out"}), "name"),
        (replace(run(), profile={**PROFILE, "plan": {"from_records_per_s": 500}}), "plan"),
        (replace(run(), profile={**PROFILE, "traffic": {**PROFILE["traffic"], "partitions": 12}}), "traffic: partit"),
        (replace(run(), is_testbed=False), "kind of cluster"),
    ],
)
def test_runs_that_are_not_alike_are_not_compared(other: Measured, what: str) -> None:
    found = compare(run(), other)
    assert found.difference is Difference.UNKNOWN
    assert what in found.reason
    assert found.figures == ()


def test_another_compression_is_what_a_drift_may_come_from() -> None:
    other = {**PROFILE, "traffic": {**PROFILE["traffic"], "sending": {"compression": "zstd"}}}
    assert compare(run(), replace(run(), profile=other)).difference is Difference.SAME


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        (True, True, Difference.SAME),
        (True, False, Difference.WORSE),
        (False, True, Difference.BETTER),
        (False, False, Difference.UNKNOWN),
        (True, None, Difference.UNKNOWN),
    ],
)
def test_of_a_plan_that_holds_a_rate_it_counts_whether_it_was_carried(
    before: bool, after: bool | None, difference: Difference
) -> None:
    held = replace(run(), repeats=())
    found = compare(replace(held, last_carried=before), replace(held, last_carried=after))
    assert said(found)["carried"] is difference
    assert found.difference is difference


def test_where_nobody_reads_nothing_is_missing() -> None:
    unread = {
        rate: tuple(replace(block, end_to_end_p50_ms=None, end_to_end_p99_ms=None) for block in found)
        for rate, found in run().blocks.items()
    }
    alone = replace(run(), blocks=unread, profile={**PROFILE, "traffic": {**PROFILE["traffic"], "groups": 0}})
    assert compare(alone, alone).difference is Difference.SAME
    assert len(compare(alone, alone).figures) == 7


def test_where_somebody_reads_a_latency_that_neither_run_has_is_not_the_same() -> None:
    blind = replace(run(), blocks={1000.0: (Block(acknowledged_per_s=1000), Block(acknowledged_per_s=1001))})
    found = compare(blind, blind)
    assert found.difference is Difference.UNKNOWN
    assert said(found)["end-to-end latency p99"] is Difference.UNKNOWN
    assert said(found)["throughput"] is Difference.SAME


def test_seconds_taken_one_by_one_would_cry_wolf_and_blocks_do_not() -> None:
    def of(values: np.ndarray[Any, np.dtype[np.float64]]) -> Measured:
        found = tuple(Block(acknowledged_per_s=1000, produce_p99_ms=float(value)) for value in values)
        return replace(run(), blocks={1000.0: found})

    alarms = {"seconds": 0, "blocks": 0}
    random = np.random.default_rng(1)
    for _ in range(200):
        halves = []
        for _ in range(2):
            steps, level = random.normal(0, 1, size=40), 0.0
            seconds = np.array([level := 0.7 * level + step for step in steps])
            halves.append(100 + 12 * seconds)
        for name, size in (("seconds", 1), ("blocks", BLOCK_S)):
            one, other = (of(half.reshape(-1, size).mean(axis=1)) for half in halves)
            alarms[name] += said(compare(one, other))["produce latency p99"] is not Difference.SAME
    assert alarms["blocks"] < 0.3 * alarms["seconds"]


def test_a_comparison_is_written_as_plain_values() -> None:
    found = compare(run(), run(seed=1, cpu=1.3)).as_json()
    assert found["difference"] == "worse"
    assert [figure["name"] for figure in found["figures"]][:2] == ["knee", "throughput"]  # type: ignore[attr-defined]


def test_a_drift_is_more_than_two_deployments_differ_by() -> None:
    def drifts(*, p99: float = 1, cpu: float = 1, network: float = 1) -> set[str]:
        after = run(seed=1, count=40, p99=p99, cpu=cpu, network=network)
        return {figure.name for figure in compare(run(count=40), after).figures if figure.is_drift}

    assert drifts() == set()
    assert drifts(network=1.1, cpu=1.2) == set()
    assert drifts(network=3, cpu=2) == {"broker network", "broker CPU"}
    assert drifts(network=1 / 3) == {"broker network"}
    assert drifts(p99=5) == set(), "latencies of two deployments differ by as much"
    slower = compare(run(), run(seed=1, repeats=(4000, 4050, 3980)))
    assert [figure.name for figure in slower.figures if figure.is_drift] == ["knee"]
