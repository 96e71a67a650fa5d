"""Delivery: every acknowledged record of a load is read, once and in order, by the ledgers of both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from harness.measuring.ledger import ConsumerLedger, Ledger, Marks, ProducerLedger, Run
from harness.measuring.traffic import Traffic
from harness.verdict import Finding, Judgement, Verdict, merge

NAME = "load-delivery"


def check_groups(ledgers: Mapping[str, Ledger], traffic: Traffic) -> Judgement:
    """Judge the delivery to each group by itself: each reads every record once. Ledgers come by the engine's name."""
    sent = [entry for entry in ledgers.values() if isinstance(entry, ProducerLedger)]
    parts = [
        check(
            [*sent, *_group(ledgers, group, traffic.consumers)],
            producers=traffic.producers,
            consumers=traffic.consumers,
        )
        for group in range(traffic.groups)
    ]
    worst = merge(part.verdict for part in parts)
    return next(part for part in parts if part.verdict is worst)


def _group(ledgers: Mapping[str, Ledger], group: int, consumers: int) -> Iterable[ConsumerLedger]:
    names = [f"consumer-{number}" for number in range(group * consumers, (group + 1) * consumers)]
    found = (ledgers.get(name) for name in names)
    return [entry for entry in found if isinstance(entry, ConsumerLedger)]


def check(ledgers: Iterable[Ledger], *, producers: int, consumers: int) -> Judgement:
    """Judge lost, duplicated, unordered and phantom records.

    What is missing speaks against the cluster only when every consumer read to the end of its partitions.
    """
    entries = tuple(ledgers)
    sent = [entry for entry in entries if isinstance(entry, ProducerLedger)]
    read = [entry for entry in entries if isinstance(entry, ConsumerLedger)]
    if len(sent) != producers or len(read) != consumers:
        missing = f"{len(sent)} of {producers} producers and {len(read)} of {consumers} consumers left a ledger"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=missing)
    counted = _counts(sent, read)
    measured = dict(counted)
    if not counted["acknowledged"]:
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason="nothing was acknowledged")
    findings = tuple(_findings(counted, complete=all(entry.reached_end for entry in read)))
    if findings:
        reason = "; ".join(finding.what for finding in findings)
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, findings=findings, measured=measured)
    if counted["unread"]:
        reason = f"{counted['unread']} acknowledged records were not reached by the consumers in time"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    reason = f"{counted['acknowledged']} acknowledged records were read once and in order"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)


def _counts(sent: Iterable[ProducerLedger], read: Iterable[ConsumerLedger]) -> Counter[str]:
    found: Counter[str] = Counter(acknowledged=0, unread=0, duplicated=0, phantom=0, disordered=0)
    reads: dict[str, list[Run]] = {}
    for consumer in read:
        found["disordered"] += consumer.disordered
        for name, runs in consumer.reads.items():
            reads.setdefault(name, []).extend(runs)
    for producer in sent:
        for name, acknowledged in producer.acknowledged.items():
            _count_stream(found, Marks(acknowledged), Marks(reads.pop(name, [])), sent=producer.sent[name])
    found["phantom"] += sum(last + 1 - first for runs in reads.values() for first, last, _ in runs)
    return found


def _count_stream(found: Counter[str], acknowledged: Marks, read: Marks, *, sent: int) -> None:
    for sequence in range(max(len(acknowledged), len(read))):
        times = read.count(sequence)
        was_acknowledged = acknowledged.count(sequence) > 0
        found["acknowledged"] += was_acknowledged
        found["unread"] += was_acknowledged and not times
        found["duplicated"] += times > 1
        found["phantom"] += times > 0 and sequence >= sent


def _findings(counted: Counter[str], *, complete: bool) -> Iterator[Finding]:
    if complete and counted["unread"]:
        yield Finding(anomaly="lost", what=f"{counted['unread']} acknowledged records were never read")
    if counted["duplicated"]:
        yield Finding(anomaly="duplicated", what=f"{counted['duplicated']} records were read more than once")
    if counted["phantom"]:
        yield Finding(anomaly="phantom", what=f"{counted['phantom']} records were read that nobody sent")
    if counted["disordered"] > counted["duplicated"]:
        yield Finding(anomaly="disordered", what=f"{counted['disordered']} records were read after a later one")
