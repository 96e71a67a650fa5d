"""LOAD: what the documented sizing is expected to carry (manifests/sizing.yaml), it carries, in time and whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness import profiles, sizing
from harness.checkers.load import delivery, generator, resources, speed
from harness.checkers.load.resources import Documented
from harness.claims import clause
from harness.clients.admin import Admin
from harness.cluster.pods import Cluster
from harness.disturbing import Undisturbed
from harness.document import Document
from harness.evidence import Evidence
from harness.loadrun import Ground, Load, run_load
from harness.measuring import plots
from harness.measuring.disk import records_planned
from harness.measuring.plan import Sizing
from harness.run import Run
from harness.steady_state import await_steady_state

SEGMENT_BYTES = 64 * 1024 * 1024


@pytest.fixture(scope="module")
def load_topic(cluster: Cluster, admin: Admin, run: Run) -> Iterator[str]:
    """Make the topic of the load on a cluster in sync; it can never fill a disk, and goes away afterwards."""
    await_steady_state(cluster, admin, before="the load")
    plan = sizing.read()
    config = {"retention.bytes": str(bytes_per_partition(plan)), "segment.bytes": str(SEGMENT_BYTES)}
    name = f"load-{run.settings.run_id[-4:]}"
    try:
        yield admin.create_topic(
            name,
            partitions=plan.expectation.partitions,
            replication_factor=plan.expectation.replication_factor,
            config=config,
        )
    finally:
        admin.delete_topic(name)


def bytes_per_partition(plan: Sizing) -> int:
    """Return room for twice what the load writes to a partition: nothing is deleted while it may still be read."""
    return 2 * plan.bytes_per_broker // plan.expectation.partitions + SEGMENT_BYTES


@pytest.fixture(scope="module")
def load(load_topic: str, cluster: Cluster, run: Run) -> Load:
    """Put the expected load on the cluster once; the clauses judge it from different sides."""
    profile = profiles.of_sizing(sizing.read())
    most = 2 * records_planned(profile.plan)
    ground = Ground(cluster=cluster, topic=load_topic, documented=None, most_records=most, calm=Undisturbed(cluster))
    return run_load(profile, ground=ground, folder=run.settings.report_dir / "load", clock=run.clock)


@clause("LOAD-01")
def test_the_expected_rate_is_carried(load: Load, evidence: Evidence) -> None:
    """Producers get the expected rate of 1 KiB records acknowledged by all replicas, without errors and in time.

    An open loop: each record is due at a moment of its own, whatever became of those before it, and its latency
    counts from that moment. After a warm-up, at least 99.5 % of the expected rate must be acknowledged, the 99th
    percentile of the latency must be within its objective, no record may fail, and the records without an answer
    must not become more and more. If the generator was late or its machine was full, nothing is concluded.
    """
    record_expectation(load, evidence)
    evidence.series.extend(plots.of_production(load.result))
    judgements = speed.rate(load.result), speed.produce_latency(load.result), speed.backlog(load.result)
    evidence.judge(*generator.believable(load.result, judgements))


@clause("LOAD-02")
def test_consumers_keep_up(load: Load, evidence: Evidence) -> None:
    """Consumers keep up with the expected rate: each acknowledged record is read once, in order and in time.

    During the load of LOAD-01 a consumer reads every partition. The 99th percentile of the time from when a record
    was due until it was delivered must be within its objective and the lag must not grow. When the producers have
    ended, the consumer reads to the end; the ledgers of both sides must agree record by record, warm-up included.
    """
    record_expectation(load, evidence)
    evidence.series.extend(plots.of_consumption(load.result))
    traffic = load.profile.traffic
    seen = speed.end_to_end_latency(load.result), speed.lag(load.result)
    judgements = generator.believable(load.result, seen)
    whole = delivery.check(load.ledgers.values(), producers=traffic.producers, consumers=traffic.consumers)
    evidence.judge(*judgements, whole)


@clause("LOAD-03")
def test_the_sizing_suffices(load: Load, document: Document, evidence: Evidence) -> None:
    """Under the expected load every broker has its documented CPU and memory and is seldom throttled.

    During the load of LOAD-01 the kernel's own counters of each broker's container are read every second. The limits
    that the kernel enforces must be the documented ones, the share of CPU periods in which a broker was held back
    must be within its objective, and nothing may be killed for lack of memory.
    """
    documented = Documented(cpu_millicores=document.kafka.cpu_millicores, memory_bytes=document.kafka.memory_bytes)
    record_expectation(load, evidence)
    evidence.series.extend(plots.of_resources(load.result))
    evidence.judge(generator.check(load.result), resources.check(load.result, documented))


def record_expectation(load: Load, evidence: Evidence) -> None:
    """Record what was asked of the cluster, and during which part of the run it was judged."""
    traffic = load.profile.traffic
    evidence.fact(
        expected_records_per_s=load.profile.expected_records_per_s,
        record_bytes=traffic.records.value_bytes,
        partitions=traffic.partitions,
        replication_factor=traffic.replication_factor,
        acks=traffic.sending.acks.value,
        measured_from_s=round(load.result.trial.from_s, 2),
        measured_until_s=round(load.result.trial.until_s, 2),
    )
