"""Loads made by hand: results whose every figure is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import StringIO

from harness.measuring.frames import Frame
from harness.measuring.histogram import Histogram
from harness.measuring.ledger import ConsumerLedger, Ledger, ProducerLedger, Run
from harness.measuring.plan import Expectation, GeneratorLimits, Objectives, Purpose, Sizing, TrialPlan
from harness.measuring.replicas import ReplicaSample
from harness.measuring.result import Collector, LoadResult, Recording
from harness.measuring.trace import TraceWriter
from harness.measuring.usage import MachineSample, Observed, Usage
from harness.runclock import NS_PER_S

RATE = 1000
WARM_UP_S = 2
MEASURED_S = 10
STARTED_NS = 100 * NS_PER_S
"""On the monotonic clock; the run began 10 s before."""

SIZING = Sizing(
    expectation=Expectation(
        records_per_s=RATE,
        record_bytes=1024,
        partitions=2,
        replication_factor=3,
        linger_ms=5,
        producers=1,
        consumers=1,
    ),
    trial=TrialPlan(warm_up_s=WARM_UP_S, measured_s=MEASURED_S, drain_s=5),
    objectives=Objectives(
        achieved_ratio=0.995, produce_p99_ms=100, end_to_end_p99_ms=150, growth_ratio=0.005, throttled_ratio=0.5
    ),
    generator=GeneratorLimits(lateness_p99_ms=50, cpu_cores=0.9, machine_idle_ratio=0.05),
)


def constant(value_ms: float, *, count: int = RATE) -> Histogram:
    """Return a histogram in which all values are the same."""
    histogram = Histogram()
    if count:
        histogram.record_us(int(value_ms * 1000), count=count)
    return histogram


def produced(
    second: int,
    *,
    sent: int = RATE,
    acknowledged: int = RATE,
    failed: int = 0,
    latency_ms: float = 10,
    lateness_ms: float = 1,
    cpu_s: float = 0.1,
) -> Frame:
    """Return one second of a producer."""
    return Frame(
        engine="producer-0",
        started_ns=STARTED_NS + second * NS_PER_S,
        sent=sent,
        acknowledged=acknowledged,
        acknowledged_bytes=acknowledged * 1024,
        failed=failed,
        errors={"_TIMED_OUT": failed} if failed else {},
        lateness=constant(lateness_ms, count=sent),
        latency=constant(latency_ms, count=acknowledged + failed),
        cpu_s=cpu_s,
    )


def consumed(second: int, *, count: int = RATE, end_to_end_ms: float = 20) -> Frame:
    """Return one second of a consumer."""
    return Frame(
        engine="consumer-0",
        started_ns=STARTED_NS + second * NS_PER_S,
        consumed=count,
        consumed_bytes=count * 1024,
        end_to_end=constant(end_to_end_ms, count=count),
        cpu_s=0.05,
    )


def good_frames() -> list[Frame]:
    """Return the frames of a load without any mishap."""
    seconds = range(WARM_UP_S + MEASURED_S)
    return [frame for second in seconds for frame in (produced(second), consumed(second))]


def usage(
    second: int, *, cores: float = 0.2, throttled: int = 1, quota_cores: float | None = 0.5, oom_kills: int = 0
) -> Usage:
    """Return a sample of a broker that uses so many cores and is throttled in so many of ten periods a second."""
    return Usage(
        time_s=10.0 + second,
        node_s=1e9 + second,
        cpu_s=5 + cores * second,
        periods=10 * second,
        throttled_periods=throttled * second,
        throttled_s=0.01 * throttled * second,
        quota_cores=quota_cores,
        memory_bytes=700 << 20,
        anonymous_bytes=500 << 20,
        memory_limit_bytes=1 << 30,
        oom_kills=oom_kills,
    )


def broker(
    *, cores: float = 0.2, throttled: int = 1, quota_cores: float | None = 0.5, oom_kills: int = 0
) -> list[Usage]:
    """Return the samples of one broker over a whole load; out-of-memory kills come in the judged part."""
    return [
        usage(
            second,
            cores=cores,
            throttled=throttled,
            quota_cores=quota_cores,
            oom_kills=oom_kills if second > WARM_UP_S + 1 else 0,
        )
        for second in range(WARM_UP_S + MEASURED_S + 1)
    ]


def machine(*, idle_ratio: float = 0.5) -> list[MachineSample]:
    """Return samples of a machine that is idle for this share of its time."""
    return [
        MachineSample(time_s=10.0 + second, idle_ticks=int(200 * second * idle_ratio), total_ticks=200 * second)
        for second in range(WARM_UP_S + MEASURED_S + 1)
    ]


def replicas(*, under_replicated: int = 0, at_second: int = WARM_UP_S + 3, partitions: int = 9) -> list[ReplicaSample]:
    """Return samples of the replicas over a whole load; in one second some partitions lack a replica."""
    lacking = [under_replicated if second == at_second else 0 for second in range(WARM_UP_S + MEASURED_S + 1)]
    return [
        ReplicaSample(
            time_s=10.0 + second,
            partitions=partitions,
            under_replicated=now,
            out_of_sync=(1,) if now else (),
            leader_moves=0,
            isr_changes=abs(now - (lacking[second - 1] if second else 0)),
        )
        for second, now in enumerate(lacking)
    ]


def good_ledgers(count: int = 6000) -> tuple[Ledger, ...]:
    """Return ledgers that agree: two streams, all acknowledged, all read once."""
    return ledgers(acknowledged=[(0, count - 1, 1)], read=[(0, count - 1, 1)], sent=count)


def ledgers(
    *, acknowledged: list[Run], read: list[Run], sent: int, disordered: int = 0, reached_end: bool = True
) -> tuple[Ledger, ...]:
    """Return the ledgers of one producer and one consumer; both partitions fare the same."""
    streams = ("0/0", "0/1")
    return (
        ProducerLedger(sent=dict.fromkeys(streams, sent), acknowledged=dict.fromkeys(streams, tuple(acknowledged))),
        ConsumerLedger(
            reads=dict.fromkeys(streams, tuple(read)), disordered=disordered, reached_end=reached_end, reading_s=1.0
        ),
    )


def result(
    frames: Sequence[Frame] | None = None,
    *,
    pods: dict[str, list[Usage]] | None = None,
    machine_samples: list[MachineSample] | None = None,
    replica_samples: list[ReplicaSample] | None = None,
) -> LoadResult:
    """Return the result of a trial that is judged after its warm-up; what is not given is good."""
    given = tuple(good_frames() if frames is None else frames)
    recording = Recording(number=1, purpose=Purpose.HOLD, rate_hz=RATE, begun_s=10, from_s=10 + WARM_UP_S)
    collector = Collector(
        engines=len({frame.engine for frame in given}), groups=1, clock_started_ns=STARTED_NS - 10 * NS_PER_S
    )
    for second, frame in collector.add(given):
        recording.take(second, frame)
    observed = Observed(
        pods={"kafka-0": broker(), "kafka-1": broker()} if pods is None else pods,
        machine=machine() if machine_samples is None else machine_samples,
        replicas=replicas() if replica_samples is None else replica_samples,
    )
    recorded = recording.result(objectives=SIZING.objectives, limits=SIZING.generator, observed=observed)
    trial = replace(recorded.trial, until_s=recorded.trial.from_s + MEASURED_S)
    return replace(recorded, trial=trial)


def lines_of(*frames: Frame, ledger: Ledger) -> list[str]:
    """Return the trace of one engine as the lines that it writes."""
    file = StringIO()
    writer = TraceWriter(file)
    for frame in frames:
        writer.frame(frame)
    writer.ledger(ledger)
    return file.getvalue().splitlines()
