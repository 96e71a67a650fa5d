"""A made-up certificate, as big and as varied as a real one: test data, measured nowhere, of no cluster.

Every figure is drawn from a seeded generator. It is used to look at reports and to test them, and must never
leave `tests/`: its run, its cluster and its nodes say in their names that they are made up.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from harness.certificate import Certificate, ClauseResult
from harness.claims import Claim, Level
from harness.evidence import Event, Evidence, Series, Window
from harness.verdict import Finding, Judgement, Verdict

MADE_UP = "made-up test data"
_STARTED_AT = datetime(2026, 1, 14, 9, 30, tzinfo=UTC)
_PROTOCOL = (
    "A topic with {partitions} partitions, replication factor 3 and min.insync.replicas 2 is created. Three producers\n"
    "send 50 records per second to each partition with acks=all, three consumers read them.\n\n"
    "Then the step that the sentence names is done, its effect is proven from outside, and traffic goes on for 20 s.\n"
    "At the end every partition is read from its beginning, and what was acknowledged is compared with what was read."
)
_CLAIMS = """
DOC-01 The documented Python producer runs as written and its record is stored.
DOC-02 The documented Python consumer runs as written and prints the record.
DOC-03 The documented Node.js producer runs as written and its record is stored.
DOC-04 The documented Node.js consumer runs as written and prints the record.
DOC-05 The documented commands create, list, describe and delete a topic.
DOC-06 The documented console producer and consumer exchange a record.
DOC-07 The documented consumer-group commands show the true lag.
DOC-08 Every documented address answers from a client's place.
DOC-09 Records with the same key go to the same partition, and keys spread evenly.
DOC-10 Retries of an idempotent producer make no duplicates.
DEP-01 Kafka has three brokers, ZooKeeper three members, as documented.
DEP-02 CPU and memory limits are the documented ones in the API and in the kernel.
DEP-03 Every volume has the documented size where the process writes.
DEP-04 One broker and one ZooKeeper member run on each node.
DEP-05 A replaced pod comes back to its own volume.
REP-01 The replicas of every partition are on distinct nodes.
REP-02 The replicas of a partition have identical content.
REP-03 A follower that was away catches up and rejoins the in-sync set.
REP-04 Below min.insync.replicas a write with acks=all is refused with NOT_ENOUGH_REPLICAS.
REP-05 What is acknowledged is on all in-sync replicas.
FAIL-01 No acknowledged record is lost when the leader of a partition is deleted gracefully.
FAIL-02 No acknowledged record is lost when the leader of a partition is deleted by force.
FAIL-03 No acknowledged record is lost when the leader of a partition crashes in place.
FAIL-04 No acknowledged record is lost when the controller crashes.
FAIL-05 No acknowledged record is lost when each broker crashes in turn.
FAIL-06 The loss of the ZooKeeper leader does not interrupt writing.
FAIL-07 The loss of a ZooKeeper follower does not interrupt writing.
FAIL-08 After a failover the order of records in each partition is kept.
ROLL-01 A rolling restart never takes more than one broker out of the in-sync set.
ROLL-02 A rolling restart refuses no write with acks=all.
ROLL-03 A configuration change rolls through all brokers under load.
RET-01 Records are deleted no earlier than retention.ms and no later than its bound.
RET-02 Records are deleted when a partition grows above retention.bytes.
RET-03 Compaction keeps the latest value of every key and drops tombstones.
RET-04 Deleted records free space on the disk.
RET-05 A consumer behind the start of the log gets the documented reset.
GRP-01 Members share the partitions of a topic evenly.
GRP-02 A member that joins or leaves makes the group rebalance, and no record is skipped.
GRP-03 Committed offsets survive a crash of the group coordinator.
GRP-04 The lag that the tools show is the true lag.
GRP-05 A member that is killed is replaced within its session time-out.
LOAD-01 The documented sizing carries 2 000 records per second with a p99 below 200 ms.
LOAD-02 Consumers keep up with the producers at the documented sizing.
LOAD-03 No record is lost or duplicated under load.
LOAD-04 Brokers are throttled in less than a tenth of their CPU periods.
"""


class Variant(Enum):
    """Which ending the made-up run has."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    UNSUPPORTED = "unsupported"
    EMPTY = "empty"
    NOT_RUN = "not run"


@dataclass(kw_only=True)
class Scene:
    """One clause on the made-up run's clock, with the generator of its figures."""

    start_s: float
    rng: random.Random
    partitions: int = 6

    def moment(self, after_s: float) -> float:
        return round(self.start_s + after_s, 4)


def sample(variant: Variant = Variant.PASS, *, seed: int = 20260114, points_per_series: int = 240) -> Certificate:
    """Return a made-up certificate with the ending that is asked for; the same seed gives the same one."""
    claims = [_claim(line) for line in _CLAIMS.strip().splitlines()]
    if variant in (Variant.EMPTY, Variant.NOT_RUN):
        return _certificate([], claims if variant is Variant.NOT_RUN else [], seed=seed, end_s=3.2)
    rng, clauses, at_s = random.Random(seed), [], 41.0
    for claim in claims:
        clause = _clause(claim, start_s=at_s, rng=rng, points=points_per_series)
        clauses.append(clause)
        at_s += clause.duration_s + rng.uniform(0.2, 1.5)
    ending = _ENDINGS.get(variant, {})
    clauses = [ending.get(clause.claim.id, replace)(clause) for clause in clauses]
    not_run = [claims[-1]] if variant is Variant.INCONCLUSIVE else []
    return _certificate(clauses[:-1] if not_run else clauses, not_run, seed=seed, end_s=at_s)


def _claim(line: str) -> Claim:
    claim_id, _, sentence = line.partition(" ")
    return Claim(id=claim_id, sentence=sentence, protocol=_PROTOCOL.format(partitions=6), level=Level.GATE)


def _certificate(clauses: Sequence[ClauseResult], not_run: Sequence[Claim], *, seed: int, end_s: float) -> Certificate:
    return Certificate(
        run={
            "id": "20260114-093000-made-up",
            "started_at": f"{_STARTED_AT:%Y-%m-%dT%H:%M:%SZ}",
            "finished_at": f"{_STARTED_AT + timedelta(seconds=round(end_s)):%Y-%m-%dT%H:%M:%SZ}",
            "duration_s": round(end_s, 1),
            "seed": seed,
            "level": "gate",
            "command": f"harness gate --seed {seed}",
            "document": "spec/kafka.md",
            "document_sha256": _sha256("document"),
            "manifests": "manifests/overlays/testbed",
            "manifests_sha256": _sha256("manifests"),
            "note": MADE_UP,
        },
        subject=_subject(is_known=bool(clauses)),
        environment={
            "harness_version": "0.1.0",
            "python_version": "3.11.7",
            "packages": {"confluent-kafka": "2.16.1", "kubernetes": "37.0.2", "locust": "2.47.0", "pytest": "9.2.0"},
            "machine": {"cpus": 2, "memory_bytes": 25_769_803_776, "kernel": "6.18.0-made-up"},
            "testbed": True,
        },
        clauses=clauses,
        not_run=not_run,
        events=[event.as_json() for event in _run_events(clauses)],
    )


def _subject(*, is_known: bool) -> dict[str, object]:
    images = [
        {"container": "kafka", "image": "confluentinc/cp-kafka:7.9.1", "digest": f"sha256:{_sha256('kafka')}"},
        {"container": "zookeeper", "image": "zookeeper:3.8.4", "digest": None},
    ]
    return {
        "cluster_uid": "00000000-made-up-4000-8000-000000000000" if is_known else None,
        "context": "testbed",
        "namespace": "greenfield",
        "kubernetes_version": "v1.34.4" if is_known else None,
        "nodes": ["made-up-node-1", "made-up-node-2", "made-up-node-3"] if is_known else None,
        "kafka_version": "3.9.1" if is_known else None,
        "zookeeper_version": "3.8.4" if is_known else None,
        "images": images if is_known else None,
    }


def _run_events(clauses: Sequence[ClauseResult]) -> list[Event]:
    deploy = [
        Event(time_s=2.1, kind="deploy", what="manifests applied: 14 objects"),
        Event(time_s=24.8, kind="deploy", what="ZooKeeper has a quorum"),
        Event(time_s=39.4, kind="deploy", what="all partitions in sync"),
    ]
    faults = [event for clause in clauses for event in clause.evidence.events if event.kind == "fault"]
    return (deploy if clauses else []) + faults


def _clause(claim: Claim, *, start_s: float, rng: random.Random, points: int) -> ClauseResult:
    scene = Scene(start_s=start_s, rng=rng)
    duration_s, evidence = _MAKERS[claim.family](scene, points)
    return ClauseResult(
        claim=claim, verdict=Verdict.PASS, reason="", started_s=start_s, duration_s=duration_s, evidence=evidence
    )


def _documented(scene: Scene, _points: int) -> tuple[float, Evidence]:
    evidence = Evidence(facts={"exit_code": 0, "records_stored": 1, "output": "Received: {'type': 'user_signup'}"})
    evidence.judge(Judgement(checker="documented-effect", verdict=Verdict.PASS, reason="1 record sent, 1 record read"))
    return scene.rng.uniform(0.4, 6.0), evidence


def _deployment(scene: Scene, _points: int) -> tuple[float, Evidence]:
    table = {name: {"documented": "500m", "api": "500m", "kernel": "50000/100000"} for name in ("kafka-0", "kafka-1")}
    evidence = Evidence(facts={"cpu": table, "memory_limit_bytes": 2**30, "brokers": 3, "nodes": ["n1", "n2", "n3"]})
    evidence.judge(Judgement(checker="triangle", verdict=Verdict.PASS, reason="document, API and kernel agree"))
    return scene.rng.uniform(0.3, 2.5), evidence


def _failover(scene: Scene, points: int) -> tuple[float, Evidence]:
    fault_s = 10.0
    windows = [
        Window(
            key=f"orders-{partition}",
            operation=operation,
            start_s=scene.moment(fault_s + scene.rng.uniform(0, 0.2)),
            end_s=scene.moment(fault_s + 0.3 + scene.rng.expovariate(1.6)),
        )
        for operation in ("produce acks=all", "fetch read_committed")
        for partition in range(scene.partitions)
    ]
    worst_s = max(window.length_s for window in windows)
    evidence = Evidence(
        facts={"victim": "kafka-1", "records_acknowledged": 9_214, "records_lost": 0, "records_duplicated": 0},
        events=_failover_events(scene, fault_s),
        windows=windows,
        series=_traffic(scene, points, dip_s=fault_s),
    )
    evidence.judge(
        Judgement(checker="lost-write", verdict=Verdict.PASS, reason="9 214 records acknowledged, all of them read"),
        Judgement(
            checker="outage",
            verdict=Verdict.PASS,
            reason=f"the worst window was {worst_s:.2f} s, allowed are 10 s",
            measured={"worst_s": round(worst_s, 3), "budget_s": 10.0, "operations_during_fault": 1_204},
        ),
    )
    return scene.rng.uniform(28, 36), evidence


def _failover_events(scene: Scene, fault_s: float) -> list[Event]:
    moved = [
        Event(time_s=scene.moment(fault_s + 0.9 + 0.01 * n), kind="leader-moved", what=f"orders-{n} to kafka-2")
        for n in range(2)
    ]
    return [
        Event(time_s=scene.moment(fault_s), kind="fault", what="kafka-1, leader of orders-1, is crashed in place"),
        Event(time_s=scene.moment(fault_s + 0.4), kind="proven", what="restartCount of kafka-1 went from 0 to 1"),
        *moved,
        Event(time_s=scene.moment(fault_s + 1.3), kind="isr-shrank", what="orders-1: [1,2,0] to [2,0]"),
        Event(time_s=scene.moment(fault_s + 8.2), kind="healed", what="kafka-1 is ready"),
        Event(time_s=scene.moment(fault_s + 9.6), kind="isr-full", what="every partition has 3 replicas in sync"),
    ]


def _traffic(scene: Scene, points: int, *, dip_s: float, length_s: float = 28.0) -> list[Series]:
    def made(level: float, noise: float, during: Callable[[float], float]) -> tuple[tuple[float, float], ...]:
        times = [length_s * index / points for index in range(points)]
        return tuple(
            (scene.moment(t), round(max(0.0, level * during(t - dip_s) + scene.rng.gauss(0, noise)), 2)) for t in times
        )

    def dip(after_s: float) -> float:
        return 0.1 if 0 <= after_s < 1.2 else 1.35 if 1.2 <= after_s < 4 else 1.0

    def spike(after_s: float) -> float:
        return 1 + (90 * max(0.0, 1 - after_s / 2.5) if after_s >= 0 else 0)

    return [
        Series(name="records sent", unit="records/s", points=made(300, 4, lambda _: 1.0)),
        Series(name="records acknowledged", unit="records/s", points=made(300, 8, dip)),
        Series(name="produce latency p99", unit="ms", points=made(11, 2, spike)),
        *(
            Series(name=f"CPU throttled, kafka-{n}", unit="% of periods", points=made(4 + 3 * n, 1.5, dip))
            for n in range(3)
        ),
    ]


def _replication(scene: Scene, _points: int) -> tuple[float, Evidence]:
    evidence = Evidence(facts={"partitions": 6, "segments_compared": 54, "compared_bytes": 48_234_496})
    evidence.judge(
        Judgement(checker="replicas-identical", verdict=Verdict.PASS, reason="54 segments compared, all the same")
    )
    return scene.rng.uniform(4, 20), evidence


def _retention(scene: Scene, _points: int) -> tuple[float, Evidence]:
    gone_s = scene.rng.uniform(62, 74)
    evidence = Evidence(facts={"retention_s": 60, "records_deleted": 5_000})
    reason = f"the last record was gone after {gone_s:.1f} s, allowed are 60 s to 76 s"
    measured = {"gone_after_s": round(gone_s, 2), "latest_allowed_s": 76}
    evidence.judge(Judgement(checker="retention", verdict=Verdict.PASS, reason=reason, measured=measured))
    return gone_s * 0.25, evidence


def _groups(scene: Scene, _points: int) -> tuple[float, Evidence]:
    evidence = Evidence(facts={"members": 3, "partitions_per_member": [2, 2, 2], "rebalance_s": 3.4})
    evidence.judge(Judgement(checker="poll-skip", verdict=Verdict.PASS, reason="no record was skipped or read twice"))
    return scene.rng.uniform(4, 20), evidence


def _load(scene: Scene, points: int) -> tuple[float, Evidence]:
    series = _traffic(scene, points, dip_s=1000.0, length_s=60.0)
    evidence = Evidence(
        facts={"rate_per_s": 2_000, "p99_ms": 41.7, "records_lost": 0, "cpu_throttled_ratio": 0.061}, series=series
    )
    evidence.judge(
        Judgement(checker="rate-held", verdict=Verdict.PASS, reason="99.9 % of the records were on schedule")
    )
    return scene.rng.uniform(60, 64), evidence


_MAKERS: Mapping[str, Callable[[Scene, int], tuple[float, Evidence]]] = {
    "DOC": _documented,
    "DEP": _deployment,
    "REP": _replication,
    "FAIL": _failover,
    "ROLL": _failover,
    "RET": _retention,
    "GRP": _groups,
    "LOAD": _load,
}


def _unsupported(clause: ClauseResult) -> ClauseResult:
    evidence = Evidence(facts={"fault": "disturbed traffic", "targets": ["kafka-1"]})
    reason = "disturbed traffic: this made-up kernel has no netem"
    return replace(clause, verdict=Verdict.UNSUPPORTED, reason=reason, evidence=evidence)


def _losing(clause: ClauseResult) -> ClauseResult:
    lost = Finding(
        anomaly="lost-write",
        what="orders-1: value 4711 was acknowledged at offset 1520; offset 1520 holds value 4730 after the failover",
        evidence={"key": "orders-1", "offset": 1520, "values": [4711, 4730], "ops": [{"index": 88123, "process": 3}]},
    )
    more = replace(lost, what="orders-1: value 4712 was acknowledged at offset 1521 and was never read")
    lost_writes = Judgement(
        checker="lost-write",
        verdict=Verdict.FAIL,
        reason="2 of 9 214 acknowledged records were never read",
        findings=(lost, more),
        measured={"records_acknowledged": 9_214, "records_lost": 2},
    )
    late = Window(
        key="orders-1",
        operation="produce acks=all",
        start_s=round(clause.started_s + 10.02, 4),
        end_s=round(clause.started_s + 22.46, 4),
    )
    outage = Judgement(
        checker="outage",
        verdict=Verdict.FAIL,
        reason="the worst window was 12.4 s on orders-1 (produce acks=all), allowed are 10 s",
        measured={"worst_s": 12.44, "budget_s": 10.0, "operations_during_fault": 1_204},
    )
    evidence = replace(clause.evidence, judgements=[lost_writes, outage], windows=[*clause.evidence.windows[1:], late])
    reason = f"lost-write: {lost_writes.reason}; outage: {outage.reason}"
    return replace(clause, verdict=Verdict.FAIL, reason=reason, evidence=evidence)


def _squeezed(clause: ClauseResult) -> ClauseResult:
    reason = "CPU limit of kafka-2: documented 500m, API 250m, kernel 25000/100000"
    judgement = Judgement(checker="triangle", verdict=Verdict.FAIL, reason=reason)
    return replace(
        clause, verdict=Verdict.FAIL, reason=reason, evidence=replace(clause.evidence, judgements=[judgement])
    )


def _unproven(clause: ClauseResult) -> ClauseResult:
    reason = (
        "the effect of the fault was not seen: kafka-0 still had restartCount 0 and the same start time 15 s after "
        "it was told to crash, so nothing that happened afterwards says anything about a crash"
    )
    judgement = Judgement(checker="fault-proven", verdict=Verdict.INCONCLUSIVE, reason=reason)
    events = [event for event in clause.evidence.events if event.kind == "fault"]
    evidence = replace(clause.evidence, judgements=[judgement], events=events, windows=[])
    return replace(clause, verdict=Verdict.INCONCLUSIVE, reason=reason, evidence=evidence)


def _generator_bound(clause: ClauseResult) -> ClauseResult:
    reason = "the generator, not the cluster, was the bottleneck: it sent 1 742 of 2 000 records per second on time"
    judgement = Judgement(checker="generator-on-time", verdict=Verdict.INCONCLUSIVE, reason=reason)
    evidence = replace(clause.evidence, judgements=[judgement])
    return replace(clause, verdict=Verdict.INCONCLUSIVE, reason=reason, evidence=evidence)


_ENDINGS: Mapping[Variant, Mapping[str, Callable[[ClauseResult], ClauseResult]]] = {
    Variant.FAIL: {"FAIL-03": _losing, "DEP-02": _squeezed, "ROLL-02": _unproven},
    Variant.INCONCLUSIVE: {"FAIL-04": _unproven, "LOAD-01": _generator_bound},
    Variant.UNSUPPORTED: {"ROLL-03": _unsupported},
}
"""By ending, what becomes of which clauses."""


def _sha256(text: str) -> str:
    return hashlib.sha256(f"{MADE_UP}: {text}".encode()).hexdigest()
