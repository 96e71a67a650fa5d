"""A made-up load run, as long and as varied as a real one: test data, measured nowhere, of no cluster.

Every figure is drawn from a seeded generator. It is used to look at the page of a load and to test it, and must never
leave `tests/`: its run and its cluster say in their names that they are made up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.measuring import pace
from harness.measuring.frames import Frame
from harness.measuring.histogram import Histogram
from harness.measuring.pace import Step
from harness.measuring.replicas import ReplicaSample
from harness.measuring.trace import TraceWriter
from harness.measuring.usage import MachineSample, Notebook, Observed, Usage
from harness.runclock import NS_PER_S

MADE_UP = "made-up test data"
CLOCK_NS = 50 * NS_PER_S
BEGUN_S = 20
KNEE_HZ = 6900
QUOTA_CORES = 0.5
VALUE_BYTES = 1024
PODS = ("kafka-0", "kafka-1", "kafka-2")
DRAWN = 250
"""Latencies that are drawn for a second; each stands for as many records as it takes."""

COURSE = (
    ("warm-up", 1000, 12, "PASS"),
    ("ramp", 1000, 8, "PASS"),
    ("ramp", 2000, 8, "PASS"),
    ("ramp", 4000, 8, "PASS"),
    ("ramp", 8000, 3, "FAIL"),
    ("bisect", 5657, 8, "PASS"),
    ("bisect", 6727, 8, "PASS"),
    ("bisect", 7336, 5, "FAIL"),
    ("bisect", 7025, 8, "INCONCLUSIVE"),
    ("bisect", 7025, 8, "PASS"),
    ("confirm", 6900, 20, "PASS"),
    ("soak", 5520, 32, "PASS"),
)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What is drawn: how slow and how costly this cluster is, and whether a broker dies during the soak."""

    run_id: str = "made-up-1"
    seed: int = 1
    slower: float = 1.0
    costlier: float = 1.0
    with_fault: bool = True
    groups: int = 1
    course: Sequence[tuple[str, int, int, str]] = COURSE


@dataclass(frozen=True, kw_only=True)
class Placed:
    """One trial of the course with its place on the run's clock."""

    number: int
    purpose: str
    rate_hz: int
    verdict: str
    begun_s: int
    from_s: int
    until_s: int


def placed(shape: Shape) -> list[Placed]:
    """Return the trials one after the other, each judged from two seconds after its rate began."""
    found, now_s = [], BEGUN_S
    for number, (purpose, rate_hz, seconds, verdict) in enumerate(shape.course, start=1):
        from_s = now_s + (0 if purpose == "warm-up" else 2)
        trial = Placed(
            number=number,
            purpose=purpose,
            rate_hz=rate_hz,
            verdict=verdict,
            begun_s=now_s,
            from_s=from_s,
            until_s=from_s + seconds,
        )
        found.append(trial)
        now_s = trial.until_s + 1
    return found


def write(folder: Path, shape: Shape = Shape()) -> Path:
    """Write the folder of a run: load.json, traces, pace and what was observed."""
    parts = folder / "load"
    parts.mkdir(parents=True)
    trials = placed(shape)
    for trial in trials:
        pace.append(parts, Step(from_ns=CLOCK_NS + trial.begun_s * NS_PER_S, rate_hz=trial.rate_hz))
    totals = _traces(parts, trials, shape)
    _observed(parts / "observed.jsonl", trials, shape)
    (folder / "load.json").write_text(json.dumps(content(trials, totals, shape)), encoding="utf-8")
    return folder


def _rates(trials: Sequence[Placed]) -> Iterator[tuple[int, Placed]]:
    """Give each second of the load with its trial: between trials the rate before goes on."""
    for trial, after in zip(trials, [*trials[1:], None], strict=True):
        for second in range(trial.begun_s, after.begun_s if after else trial.until_s):
            yield second, trial


def latencies(trial: Placed, shape: Shape, random: np.random.Generator, *, dip: bool) -> Histogram:
    """Draw the latencies of a second: starved CPU periods add tenths of a second, the more the fuller the broker."""
    load = trial.rate_hz / KNEE_HZ
    drawn = random.lognormal(np.log(6.0 * shape.slower), 0.55, size=DRAWN)
    starved = random.random(DRAWN) < min(0.9, 0.04 + 0.1 * max(0.0, load - 0.75))
    drawn = drawn + np.where(starved, 100 * random.random(DRAWN), 0)
    if load > 1.03 or dip:
        drawn = drawn + random.uniform(200, 900, size=DRAWN)
    values = Histogram()
    values.record_many_us(np.repeat((1000 * drawn).astype(np.int64), max(1, trial.rate_hz // DRAWN)))
    return values


def _traces(parts: Path, trials: Sequence[Placed], shape: Shape) -> dict[int, tuple[Histogram, Histogram]]:
    random = np.random.default_rng(shape.seed)
    totals = {trial.number: (Histogram(), Histogram()) for trial in trials}
    with (
        (parts / "producer-0.jsonl").open("w", encoding="utf-8") as sending,
        (parts / "consumer-0.jsonl").open("w", encoding="utf-8") as reading,
    ):
        producer, consumer = TraceWriter(sending), TraceWriter(reading)
        for second, trial in _rates(trials):
            dip = shape.with_fault and trial.purpose == "soak" and 10 <= second - trial.from_s < 13
            latency = latencies(trial, shape, random, dip=dip)
            end_to_end = latencies(trial, shape, random, dip=dip) if shape.groups else Histogram()
            if trial.from_s <= second < trial.until_s:
                totals[trial.number][0].add(latency)
                totals[trial.number][1].add(end_to_end)
            producer.frame(_produced(second, latency, random))
            if shape.groups:
                consumer.frame(_consumed(second, latency.count, end_to_end))
    return totals


def _produced(second: int, latency: Histogram, random: np.random.Generator) -> Frame:
    lateness = Histogram()
    lateness.record_many_us((1000 * random.exponential(2, size=50)).astype(np.int64))
    return Frame(
        engine="producer-0",
        started_ns=CLOCK_NS + second * NS_PER_S,
        sent=latency.count,
        acknowledged=latency.count,
        acknowledged_bytes=latency.count * VALUE_BYTES,
        cpu_s=latency.count * 5e-6,
        lateness=lateness,
        latency=latency,
    )


def _consumed(second: int, count: int, end_to_end: Histogram) -> Frame:
    return Frame(
        engine="consumer-0",
        started_ns=CLOCK_NS + second * NS_PER_S,
        consumed=count,
        consumed_bytes=count * VALUE_BYTES,
        cpu_s=count * 3e-6,
        end_to_end=end_to_end,
    )


def cores(trial: Placed, pod: int, shape: Shape) -> float:
    """Return what a broker uses at a rate, as the kernel would see it."""
    return min(QUOTA_CORES, (0.09 + 0.005 * pod + 0.054 * trial.rate_hz / 1000) * shape.costlier)


def throttled(trial: Placed, shape: Shape) -> float:
    """Return the share of its CPU periods in which a broker is held back at a rate."""
    return float(min(0.95, 0.02 + 0.7 * max(0.0, shape.costlier * trial.rate_hz / KNEE_HZ - 0.5) ** 1.5))


def _observed(path: Path, trials: Sequence[Placed], shape: Shape) -> None:
    random = np.random.default_rng(shape.seed + 1000)
    used = dict.fromkeys(PODS, 100.0)
    held = dict.fromkeys(PODS, 50.0)
    bytes_in = 0
    with path.open("w", encoding="utf-8") as file:
        notebook = Notebook(Observed(pods={pod: [] for pod in PODS}, clock_started_ns=CLOCK_NS), file)
        for second, trial in _rates(trials):
            dead = shape.with_fault and trial.purpose == "soak" and 10 <= second - trial.from_s < 18
            bytes_in += trial.rate_hz * VALUE_BYTES
            for number, pod in enumerate(PODS):
                used[pod] += cores(trial, number, shape) * random.normal(1, 0.05)
                held[pod] += 10 * throttled(trial, shape) * random.uniform(0.8, 1.2)
                if not (dead and pod == "kafka-2"):
                    notebook.pod(pod, _usage(second, cpu_s=used[pod], held=held[pod], moved=bytes_in))
            notebook.machine(MachineSample(time_s=second + 0.5, idle_ticks=60 * second, total_ticks=200 * second))
            notebook.replicas(
                ReplicaSample(
                    time_s=second + 0.6,
                    partitions=6,
                    under_replicated=6 if dead else 0,
                    out_of_sync=(2,) if dead else (),
                    leader_moves=2 if dead and second - trial.from_s == 10 else 0,
                    isr_changes=0,
                )
            )


def _usage(second: int, *, cpu_s: float, held: float, moved: int) -> Usage:
    return Usage(
        time_s=second + 0.4,
        node_s=1e9 + second,
        cpu_s=cpu_s,
        periods=10 * second,
        throttled_periods=int(held),
        throttled_s=0.03 * held,
        quota_cores=QUOTA_CORES,
        memory_bytes=900 << 20,
        anonymous_bytes=(450 << 20) + 20_000 * second,
        memory_limit_bytes=1 << 30,
        oom_kills=0,
        received_bytes=moved,
        sent_bytes=2 * moved,
        volume_used_bytes=moved if second % 10 == 0 else None,
    )


def _words(values: Histogram) -> dict[str, float] | None:
    if not values.count:
        return None
    shares = {"p50": 50, "p90": 90, "p99": 99, "p99.9": 99.9, "max": 100}
    return {name: values.percentile_ms(share) for name, share in shares.items()}


REASONS = {
    "PASS": "every objective was met",
    "FAIL": "given up after 3 s: about 9210 records are later than 400 ms; kafka-1 was throttled in 88% of its periods",
    "INCONCLUSIVE": "machine-bound: this machine had 2% of its CPU left, at least 5%",
}


def _trial(trial: Placed, totals: tuple[Histogram, Histogram], shape: Shape) -> dict[str, Any]:
    achieved_hz = totals[0].count / (trial.until_s - trial.from_s)
    return {
        "number": trial.number,
        "purpose": trial.purpose,
        "rate_hz": trial.rate_hz,
        "from_s": trial.from_s,
        "until_s": trial.until_s,
        "verdict": trial.verdict,
        "reason": REASONS[trial.verdict],
        "achieved_hz": achieved_hz,
        "mb_per_s": achieved_hz * VALUE_BYTES / 1e6,
        "produce_ms": _words(totals[0]),
        "end_to_end_ms": _words(totals[1]),
        "backlog_growth_per_s": 0.0,
        "lag_growth_per_s": 0.0,
        "broker_cpu_cores": {pod: cores(trial, number, shape) for number, pod in enumerate(PODS)},
        "broker_throttled_ratio": dict.fromkeys(PODS, throttled(trial, shape)),
        "generator": {"lateness_p99_ms": 9.2, "cpu_cores": {"producer-0": 0.4}, "machine_idle_ratio": 0.3},
    }


def profile(shape: Shape) -> dict[str, Any]:
    """Return the profile of the made-up load, as load.json has it."""
    return {
        "name": "end-to-end",
        "what": f"Finds how many 1 KiB records per second are carried ({MADE_UP}).",
        "traffic": {
            "partitions": 6,
            "replication_factor": 3,
            "producers": 1,
            "groups": shape.groups,
            "consumers": 1,
            "records": {"value_bytes": VALUE_BYTES, "random_ratio": 1.0, "headers": 0, "header_bytes": 16},
            "sending": {"acks": "all", "idempotent": True, "compression": "none", "linger_ms": 5},
        },
        "plan": {"from_records_per_s": 1000, "most_records_per_s": 16000, "precision": 0.05, "repeats": 3},
        "objectives": {
            "achieved_ratio": 0.995,
            "produce_p99_ms": 400,
            "end_to_end_p99_ms": 400,
            "growth_ratio": 0.005,
            "throttled_ratio": 0.5,
        },
        "generator": {"lateness_p99_ms": 50, "cpu_cores": 0.9, "machine_idle_ratio": 0.05},
        "disturbance": None,
        "expected_records_per_s": 2000,
        "drain_s": 20,
    }


CONCLUDED: dict[str, Any] = {
    "verdict": "SUFFICIENT",
    "reason": "6900 records/s were carried for 20 s; 5520 records/s were carried for 32 s; 2000 are expected",
    "limiting_resource": "broker CPU",
    "headroom_ratio": 2.45,
    "expected_records_per_s": 2000,
    "knee": {
        "records_per_s": 6900,
        "mb_per_s": 7.0656,
        "low": 6610.5,
        "high": 7420.25,
        "confidence": 0.95,
        "repeats": [7025.0, 6940.5, 7110.0],
    },
    "hours_to_full_disk": 0.42,
    "cpu_model": {
        "base_cores": 0.1,
        "cores_per_mb_s": 0.0527,
        "cores_per_1000_records": None,
        "r2": 0.991,
        "quota_cores": QUOTA_CORES,
        "capacity_records_per_s": 7412.0,
    },
}


def content(trials: Sequence[Placed], totals: dict[int, tuple[Histogram, Histogram]], shape: Shape) -> dict[str, Any]:
    """Return load.json."""
    soak = trials[-1]
    fault = [
        {"time_s": soak.from_s + 10.2, "kind": "fault", "what": "forced delete of kafka-2"},
        {"time_s": soak.from_s + 18.4, "kind": "healed", "what": "forced delete: kafka-2 is back"},
    ]
    return {
        "schema": "greenfield-load/1",
        "run_id": shape.run_id,
        "seed": shape.seed,
        "started_at": "2026-01-14T09:30:00+00:00",
        "command": f"harness load end-to-end --seed {shape.seed}",
        "subject": {"kafka_version": "3.9.1", "kubernetes_version": "v1.34.4", "context": MADE_UP},
        "environment": {"machine": {"cpus": 2}, "testbed": True},
        "events": [
            {"time_s": 0.4, "kind": "deploy", "what": f"apply the manifests ({MADE_UP})"},
            {"time_s": 12.0, "kind": "deploy", "what": "everything in sync"},
            *(fault if shape.with_fault else []),
        ],
        "sizing": [
            {"what": "broker CPU", "documented": "500m", "deployed": "500m", "measured": "473m at the most"},
            {
                "what": "broker memory",
                "documented": "1024 MiB",
                "deployed": "1024 MiB",
                "measured": "472 MiB anonymous",
            },
            {"what": "broker volume", "documented": "10.0 GiB", "deployed": "9.9 GiB", "measured": "full after 0.4 h"},
        ],
        "folder": "load",
        "profile": profile(shape),
        **CONCLUDED,
        "judgements": [
            {
                "checker": "load-delivery",
                "verdict": "PASS",
                "reason": "1023334 acknowledged records were read once and in order",
                "findings": [],
                "measured": {"acknowledged": 1023334, "unread": 0, "duplicated": 0, "phantom": 0, "disordered": 0},
            }
        ],
        "trials": [_trial(trial, totals[trial.number], shape) for trial in trials],
    }
