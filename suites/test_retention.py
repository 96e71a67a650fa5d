"""RET: records stay as long as they are promised to, and go when they are promised to, from the disk too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from confluent_kafka import TopicPartition

from chaos.process import GracefulDelete
from harness import retention_bounds as bounds
from harness.budget import HANDOVER_S, Budget
from harness.checkers import compaction, segments
from harness.checkers.retention import Written, not_earlier, not_later, still_there
from harness.claims import clause, expect_within
from harness.clients.admin import Admin
from harness.clients.handles import Consumer
from harness.clients.log_starts import LogStarts, as_series
from harness.clients.settings import plain_consumer
from harness.clients.stamped import Entry, StampedWriter
from harness.clients.topics import settings_of
from harness.clients.watermarks import watermarks
from harness.cluster.pods import Cluster
from harness.cluster.segments import replicas_of
from harness.evidence import Evidence
from harness.fixtures import TopicFactory
from harness.run import Run
from harness.trial import inject
from harness.verdict import Inconclusive, Judgement, Verdict
from harness.waiting import TimedOut, wait_until
from suites.retention.laboratory import BEAT_EVERY_S, BROKER_TIME, COMMITTED, DELETED_KEYS, Laboratory
from suites.retention.lateness import explained, made_with
from suites.retention.reading import ANSWER_S, StoredReader

pytest_plugins = ("suites.retention.fixtures",)

SLOWEST_CHECK_S = 300.0
"""Kafka's own default; a broker that looks more seldom has its retention switched off for practical purposes."""

HEALING_S = 120.0


@clause("RET-01")
def test_default_retention(laboratory: Laboratory, admin: Admin, evidence: Evidence) -> None:
    """A topic that sets no retention of its own inherits a finite one from the brokers, and they enforce it.

    All brokers must have the same finite default and must check it at least every five minutes. A topic is made
    without any setting and must report the brokers' retention as not its own. Two records are written to it with
    timestamps in the past, in partitions of their own: one a little older than the retention, which must be gone after
    the next check, and one a little younger, which must still be there then.
    """
    setting = settings_of(admin, laboratory.default)["retention.ms"]
    own_s = laboratory.filled.own_retention_s
    rhythm = laboratory.rhythm
    evidence.fact(
        default_retention_ms=int(setting.value or "0"),
        check_interval_s=rhythm.check_interval_s,
        brokers={str(broker): _retention_of(admin.broker_config(broker)) for broker in admin.brokers()},
    )
    assert not setting.own, "the topic claims a retention that nobody gave it"
    assert own_s is not None, f"the brokers keep records for ever: retention.ms is {setting.value}"
    assert rhythm.check_interval_s <= SLOWEST_CHECK_S, (
        f"retention is checked only every {rhythm.check_interval_s:g} s, allowed are {SLOWEST_CHECK_S:g} s"
    )
    kept = {str(_retention_of(admin.broker_config(broker))) for broker in admin.brokers()}
    assert len(kept) == 1, f"the brokers disagree about their retention: {sorted(kept)}"
    bound = bounds.expired(rhythm)
    filled = laboratory.filled
    laboratory.await_end("the record that is too old going", filled.old, bound)
    seen = laboratory.starts.observation
    evidence.judge(
        not_later(filled.old, seen, bound_s=bound.seconds, why=bound.why),
        still_there(filled.young, seen, until_s=seen[filled.young[0].place][-1].asked_s),
    )


def _retention_of(config: dict[str, str]) -> dict[str, str]:
    names = ("log.retention.ms", "log.retention.minutes", "log.retention.hours")
    return {name: config[name] for name in names if name in config}


def timed_records(laboratory: Laboratory) -> tuple[Written, ...]:
    """Return what was written to the topic with a retention of seconds, once nothing more comes."""
    laboratory.await_quietly(lambda: laboratory.trickle.is_done, what="the end of writing", timeout_s=60)
    laboratory.require_observers()
    return (*laboratory.filled.idle, *laboratory.trickle.written)


def judge_not_later(laboratory: Laboratory, evidence: Evidence) -> None:
    """Judge each partition against its own bound: to one of them, records were appended for a while."""
    config = laboratory.config(laboratory.timed)
    timed_records(laboratory)
    busy = tuple(laboratory.trickle.written)
    appended_s = busy[-1].acked_s - busy[0].sent_s
    judgements = []
    for name, records, lasting_s in (("idle", laboratory.filled.idle, 0.0), ("busy", busy, appended_s)):
        bound = bounds.by_time(config, laboratory.rhythm, appended_s=lasting_s)
        laboratory.await_end(f"the records of the {name} partition going", records, bound)
        seen = laboratory.starts.observation
        evidence.fact(**{f"{name}_bound_s": round(bound.seconds, 2), f"{name}_bound_why": bound.why})
        evidence.series.append(as_series(records[0].place, seen[records[0].place]))
        judgements.append(not_later(records, seen, bound_s=bound.seconds, why=bound.why))
    evidence.judge(*judgements)


@clause("RET-02")
def test_not_later_than_configured(laboratory: Laboratory, evidence: Evidence) -> None:
    """A record is gone at the latest when its retention, its segment's roll and the next check are over.

    A topic keeps records for a few seconds. One of its partitions gets twenty records at once and then nothing; its
    only segment must expire although nobody appends to it. The other gets a record five times a second. Each record
    must have left the log by retention + segment roll + check interval + slack after it was acknowledged, the bound
    being computed from the live configuration. Log starts are asked ten times a second.
    """
    judge_not_later(laboratory, evidence)


@clause("RET-03")
def test_never_earlier_than_configured(laboratory: Laboratory, evidence: Evidence) -> None:
    """No record goes before its retention is over, even when older records share its segment.

    The same records as in RET-02, timed by the brokers' clocks: none may be seen gone before its sending plus its
    retention, the newest record of a segment included. A record whose going was not seen sharply is not judged.
    """
    records = timed_records(laboratory)
    config = laboratory.config(laboratory.timed)
    rhythm = laboratory.rhythm
    laboratory.await_end("the end of retention", records, bounds.by_time(config, rhythm, appended_s=60.0))
    retention_s = bounds.seconds(config, "retention.ms")
    evidence.fact(retention_s=retention_s, records=len(records))
    evidence.judge(not_earlier(records, laboratory.starts.observation, retention_s=retention_s))


def await_size_kept(laboratory: Laboratory) -> None:
    """Wait until the size limit had its check, and the files that it took had theirs."""
    config = laboratory.config(laboratory.sized)
    wait_s = bounds.expired(laboratory.rhythm).seconds + bounds.files_gone(config).seconds
    over_s = laboratory.filled.limited_s + wait_s
    laboratory.await_quietly(lambda: laboratory.now_s() > over_s, what="the limit's check", timeout_s=wait_s + 5)
    laboratory.require_observers()


@clause("RET-04")
def test_retention_by_size(laboratory: Laboratory, cluster: Cluster, admin: Admin, evidence: Evidence) -> None:
    """A partition with a size limit keeps its newest records up to that size, on every replica, and no segment more.

    1 MiB is written to a partition with segments of 64 KiB, which then gets a limit of 256 KiB. After one check, the
    log files on each broker's disk must hold at least the limit and less than one segment more than it, and the log
    must start behind the first record.
    """
    await_size_kept(laboratory)
    config, place = laboratory.config(laboratory.sized), f"{laboratory.sized}-0"
    samples = laboratory.starts.observation[place]
    evidence.series.append(as_series(place, samples))
    evidence.fact(log_start=samples[-1].log_start, records=len(laboratory.filled.sized))
    assert samples[-1].log_start > 0, "nothing was deleted from a log of four times its size limit"

    def size_kept() -> Judgement:
        return segments.size_kept(
            replicas_of(cluster, admin, place),
            retention_bytes=int(config["retention.bytes"]),
            segment_bytes=int(config["segment.bytes"]),
            written_bytes=laboratory.sized_bytes,
        )

    evidence.judge(explained(size_kept, made_with=lambda: made_with(cluster, cluster.brokers, place)))


@clause("RET-05")
def test_compaction_keeps_the_latest(laboratory: Laboratory, evidence: Evidence) -> None:
    """In a compacted topic the latest value of every key survives, and the values that it replaced go.

    Five keys are written three times each; two of them are deleted at the end. One more key is written twice a second,
    because the newest segment is never compacted. The partition is read whole several times a second: the latest
    value of each key must be in every read, and the older ones must be gone within a bound that is computed from
    segment.ms and the cleaner's live settings.
    """
    writes = laboratory.filled.keyed
    bound = bounds.replaced(laboratory.config(laboratory.compacted), laboratory.rhythm, append_every_s=BEAT_EVERY_S)
    replaced = compaction.older_of(writes)
    await_snapshots(laboratory, replaced, bound)
    evidence.fact(replaced=len(replaced), bound_s=bound.seconds, bound_why=bound.why)
    evidence.judge(
        compaction.latest_survives(writes, laboratory.snapshots.taken),
        compaction.older_goes(writes, laboratory.snapshots.taken, bound_s=bound.seconds, why=bound.why),
    )


@clause("RET-06")
def test_tombstones(laboratory: Laboratory, evidence: Evidence) -> None:
    """A deleted key's tombstone stays for delete.retention.ms, so that readers learn of it, and then goes too.

    The two keys of RET-05 that were deleted: their tombstones must be in every read that ended before
    delete.retention.ms had passed, and must be gone two cleanings and delete.retention.ms after they were written.
    """
    config = laboratory.config(laboratory.compacted)
    writes = [write for write in laboratory.filled.keyed if write.key in DELETED_KEYS]
    bound = bounds.tombstone(config, laboratory.rhythm, append_every_s=BEAT_EVERY_S)
    await_snapshots(laboratory, [write for write in writes if write.value is None], bound)
    evidence.fact(bound_s=bound.seconds, bound_why=bound.why)
    evidence.judge(
        *compaction.tombstones_go(
            writes,
            laboratory.snapshots.taken,
            retention_s=bounds.seconds(config, "delete.retention.ms"),
            bound_s=bound.seconds,
            why=bound.why,
        )
    )


def await_snapshots(laboratory: Laboratory, records: Sequence[Written], bound: Budget) -> None:
    """Wait until a snapshot has none of the records, or until their bound is well over."""
    last_s = max(record.acked_s for record in records) + bound.seconds
    offsets = {record.offset for record in records}

    def over() -> bool:
        laboratory.require_observers()
        taken = laboratory.snapshots.taken
        return bool(taken) and (not offsets & taken[-1].offsets or taken[-1].began_s > last_s + 0.5)

    laboratory.await_quietly(over, what="a whole read", timeout_s=max(0.0, last_s - laboratory.now_s()) + 15)


@clause("RET-07")
def test_delete_records(cluster: Cluster, admin: Admin, run: Run, topic: TopicFactory, evidence: Evidence) -> None:
    """Records deleted on request are gone for every reader at once, and all others stay.

    100 records are written, and the first 40 are deleted with the admin protocol's delete-records. It must report 40
    as the new low watermark, the log must start there, and a new consumer that wants everything must be given exactly
    the offsets 40 to 99.
    """
    name = topic("ret-records", partitions=1)
    StampedWriter(cluster.bootstrap, clock=run.clock).write(name, [Entry(value=str(n)) for n in range(100)])
    request = [TopicPartition(name, 0, 40)]
    ((_, future),) = admin.raw.delete_records(request, request_timeout=15).items()
    low_watermark = int(future.result().low_watermark)
    consumer = Consumer(plain_consumer(cluster.bootstrap, group=f"{name}-reader"))
    try:
        low, high = watermarks(consumer, TopicPartition(name, 0))
        consumer.assign([TopicPartition(name, 0, 0)])
        offsets: list[int | None] = []

        def all_read() -> bool:
            offsets.extend(message.offset() for message in consumer.consume(100, 0.1) if message.error() is None)
            return offsets[-1:] == [99]

        expect_within(all_read, what="the last record read", budget_s=ANSWER_S, every_s=0)
    finally:
        consumer.close()
    evidence.fact(reported_low_watermark=low_watermark, log_start=low, log_end=high, records_read=len(offsets))
    assert (low_watermark, low, high) == (40, 40, 100)
    assert offsets == list(range(40, 100)), f"got {len(offsets)} offsets from {offsets[:1]}, expected 40 to 99"


@clause("RET-08")
def test_consumer_behind_the_log_start(laboratory: Laboratory, cluster: Cluster, run: Run, evidence: Evidence) -> None:
    """A consumer whose position was deleted by retention continues where its auto.offset.reset says, or is told.

    A group has committed an offset of the partition of RET-04; retention has since deleted this record. A consumer of
    the group with `earliest` must first be given the record at the log's start; one with `latest` nothing of what
    was there, but the record that is written next; one with `error` must be given an error and no record.
    """
    await_size_kept(laboratory)
    name, group = laboratory.sized, laboratory.behind
    log_start = laboratory.starts.observation[f"{name}-0"][-1].log_start
    if log_start <= COMMITTED:
        raise Inconclusive(f"the log starts at {log_start}: nobody who has committed {COMMITTED} is behind it")
    with StoredReader(cluster.bootstrap, group, name, reset="earliest") as reader:
        earliest = reader.next()
    with StoredReader(cluster.bootstrap, group, name, reset="error") as reader:
        refused = reader.next()
    with StoredReader(cluster.bootstrap, group, name, reset="latest") as reader:
        latest = [reader.next()]
        (written,) = StampedWriter(cluster.bootstrap, clock=run.clock).write(name, [Entry(value="next")])
        latest.append(reader.next())
    evidence.fact(
        committed=COMMITTED,
        log_start=log_start,
        written_next=written.offset,
        earliest=earliest,
        error=refused,
        latest=latest,
    )
    assert earliest == log_start, f"with earliest it got {earliest}, the log starts at {log_start}"
    assert latest == ["_PARTITION_EOF", written.offset], f"with latest it got {latest}"
    assert refused == "_AUTO_OFFSET_RESET", f"with error it got {refused}"


@clause("RET-09")
def test_disk_is_freed(laboratory: Laboratory, cluster: Cluster, admin: Admin, evidence: Evidence) -> None:
    """What retention deletes is really deleted: every broker's disk has the space back after the delete delay.

    The log files of the partition of RET-04 were measured in every broker's pod while the partition was full and had
    no limit. They are measured again after the limit's check and the delete delay: each replica must have freed what is
    above the limit, and no file may be left that is marked as deleted.
    """
    await_size_kept(laboratory)
    config = laboratory.config(laboratory.sized)
    kept_bytes = int(config["retention.bytes"]) + int(config["segment.bytes"])
    after = replicas_of(cluster, admin, f"{laboratory.sized}-0")
    evidence.fact(delete_delay_ms=int(config["file.delete.delay.ms"]))
    expected = laboratory.sized_bytes - kept_bytes
    evidence.judge(segments.freed(laboratory.filled.full_replicas, after, expected_freed_bytes=expected))


RESTARTED = {"retention.ms": "15000", "file.delete.delay.ms": "1000", **BROKER_TIME}


@clause("RET-10")
def test_retention_across_a_restart(
    steady: Cluster, admin: Admin, run: Run, topic: TopicFactory, evidence: Evidence
) -> None:
    """A restart of the partition's leader neither shortens nor lengthens the retention of what was written before.

    Records with a retention of 15 seconds are written, and the leader's pod is deleted with its grace period at
    once. It must be another pod (UID) before the retention is over. The records must not be gone before their time,
    and must be gone in time plus one hand-over. Then the disks of all replicas, that of the restarted broker included,
    must have no log bytes and no deleted files left of it.
    """
    name = topic("ret-restart", partitions=1, config=RESTARTED)
    config, place = admin.topic_config(name), f"{name}-0"
    rhythm = bounds.Rhythm.of(admin.broker_config(broker) for broker in admin.brokers())
    bound = bounds.by_time(config, rhythm, appended_s=0.0)
    bound = Budget(seconds=bound.seconds + HANDOVER_S, why=f"{bound.why} + hand-over {HANDOVER_S:g} s")
    with LogStarts(steady.bootstrap, clock=run.clock) as starts:
        starts.watch(name, [0])
        records = StampedWriter(steady.bootstrap, clock=run.clock).write(name, [Entry(value=str(n)) for n in range(20)])
        expiry_s = records[0].sent_s + bounds.seconds(config, "retention.ms")
        ready_s = restart_the_leader(steady, admin, name, before_s=expiry_s, run=run, evidence=evidence)
        over_s = records[-1].acked_s + bound.seconds
        await_moment(
            lambda: has_gone(starts, place, records) or run.clock.now_s() > over_s + 1.0,
            timeout_s=bound.seconds + HEALING_S,
        )
        observation = starts.observation
    files_s = bounds.files_gone(config).seconds
    free_s = max(over_s, ready_s + rhythm.initial_delay_s + bounds.expired(rhythm).seconds) + files_s

    def freed() -> bool:
        empty = segments.emptied(replicas_of(steady, admin, place))
        return empty.verdict is Verdict.PASS or run.clock.now_s() > free_s

    await_moment(freed, timeout_s=max(0.0, free_s - run.clock.now_s()) + HEALING_S)
    retention_s = bounds.seconds(config, "retention.ms")
    evidence.fact(retention_s=retention_s, ready_again_after_s=round(ready_s - records[0].sent_s, 2))
    evidence.series.append(as_series(place, observation[place]))
    evidence.judge(
        not_earlier(records, observation, retention_s=retention_s),
        not_later(records, observation, bound_s=bound.seconds, why=bound.why),
        segments.emptied(replicas_of(steady, admin, place)),
    )


def restart_the_leader(
    cluster: Cluster, admin: Admin, name: str, *, before_s: float, run: Run, evidence: Evidence
) -> float:
    """Delete the leader's pod gracefully, and return the moment of the run when its successor was seen ready.

    Raises Inconclusive unless the pod was another one before a moment of the run.
    """
    leader = admin.describe(name)[0].leader
    if leader is None:
        raise Inconclusive(f"{name} has no leader, so it cannot be restarted")
    fault = GracefulDelete(cluster, cluster.broker_pod(leader))
    inject(fault, run, evidence)
    await_moment(lambda: fault.proof_of_injection() is not None, timeout_s=HEALING_S)
    if run.clock.now_s() > before_s:
        raise Inconclusive(f"{fault.plan()[0]} was not replaced before the retention was over")
    await_moment(lambda: fault.proof_of_healing() is not None, timeout_s=HEALING_S)
    run.faults.close(fault)
    evidence.fact(proof_of_injection=fault.proof_of_injection())
    evidence.events.append(run.event("healed", f"{', '.join(fault.plan())} is ready again"))
    return run.clock.now_s()


def has_gone(starts: LogStarts, place: str, records: Sequence[Written]) -> bool:
    """Say whether the last of the records is seen gone."""
    samples = starts.observation.get(place, ())
    return bool(samples) and samples[-1].log_start > records[-1].offset


def await_moment(condition: Callable[[], bool], *, timeout_s: float) -> None:
    """Wait for something without which nothing can be judged."""
    try:
        wait_until(condition, what="the end of the observation", timeout_s=timeout_s)
    except TimedOut as late:
        raise Inconclusive(str(late)) from late
