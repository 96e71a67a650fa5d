"""disk: the in-sync logs of a partition agree, and hold what was acknowledged, once, and nothing that nobody sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice, pairwise

from harness.checkers.disk_log import Log, Replica, first_difference
from harness.checkers.disk_truth import Told, Whereabouts, explain, whereabouts
from harness.checkers.replicas import DIVERGED
from harness.verdict import Finding, Judgement, Verdict

NAME = "disk"
PHANTOM = "phantom-on-disk"
EXAMPLES = 20
"""All are counted, but only so many values of each kind become findings."""

Value = int | str
_NEVER_RIGHT = frozenset({Whereabouts.TWICE, Whereabouts.CORRUPT})
_WRONG_WHEN_ACKNOWLEDGED = _NEVER_RIGHT | {
    Whereabouts.LOST_AFTER_ACKNOWLEDGEMENT,
    Whereabouts.ONLY_OUT_OF_SYNC,
    Whereabouts.NOT_REPLICATED,
    Whereabouts.DISPLACED,
    Whereabouts.ABORTED,
    Whereabouts.OPEN,
}
# Not DIVERGED: logs are compared as a whole, with their control records.


def check(
    key: str,
    logs: Sequence[Log],
    *,
    acknowledged: Mapping[Value, int | None],
    sent: Collection[Value] | None = None,
    log_start: int = 0,
) -> Judgement:
    """Judge the logs of one partition against each other and against what its producers were told.

    `acknowledged` is the offset (or None) by value; `sent` are all values that anybody tried to write, or None when
    this is not known. Writing must be over before the logs are read. Not for compacted topics.
    """
    in_sync = [log for log in logs if isinstance(log, Replica) and log.in_sync]
    on_disk = frozenset[str]().union(*(replica.values for replica in in_sync))
    unacknowledged = on_disk - {str(value) for value in acknowledged}
    offsets: dict[Value, int | None] = {**acknowledged, **{value: None for value in sorted(unacknowledged)}}
    enough = _enough(logs, in_sync)
    found = {
        # What was served is for those to judge who read; here it is taken as read.
        told: whereabouts(told, enough)
        for told in (
            Told(value=value, offset=at, acknowledged=value in acknowledged, read=True, log_start=log_start)
            for value, at in offsets.items()
        )
    }
    phantoms = [] if sent is None else sorted(unacknowledged - {str(value) for value in sent})
    measured = {
        "replicas": {log.name: log.as_json() for log in logs},
        "acknowledged": len(acknowledged),
        "values_on_disk": len(on_disk),
        "phantoms": len(phantoms),
        "whereabouts": dict(Counter(where.value for where in found.values())),
    }
    findings = (*_divergences(key, in_sync), *_phantoms(key, phantoms, logs), *_misplaced(key, found, logs))
    return _conclude(key, findings, unknown=_unknown(logs, found), measured=measured)


def _enough(logs: Sequence[Log], in_sync: Sequence[Replica]) -> Sequence[Log]:
    """Return the logs without those that repeat another in-sync one: looking is what takes the time."""
    ends = {(replica.start, replica.end) for replica in in_sync}
    if len(ends) != 1 or any(first_difference(one, other) is not None for one, other in pairwise(in_sync)):
        return logs
    return [log for log in logs if log is in_sync[0] or log not in in_sync]


def _divergences(key: str, in_sync: Sequence[Replica]) -> Iterator[Finding]:
    for one, other in pairwise(in_sync):
        at = first_difference(one, other)
        if at is not None:
            contents = {replica.name: _content(replica, at) for replica in (one, other)}
            yield Finding(
                anomaly=DIVERGED,
                what=f"{one.name} and {other.name} are in sync and differ from offset {at} on",
                evidence={"key": key, "offset": at, "contents": contents},
            )


def _content(replica: Replica, offset: int) -> Mapping[str, object] | None:
    record = replica.by_offset.get(offset)
    return None if record is None else record.as_json()


def _phantoms(key: str, values: Sequence[str], logs: Sequence[Log]) -> Iterator[Finding]:
    for value in values[:EXAMPLES]:
        truth = explain(key, Told(value=value, offset=None, acknowledged=False, read=True), logs)
        yield Finding(anomaly=PHANTOM, what=f"nobody sent {value!r}, which is on disk", evidence=truth.as_json())


def _misplaced(key: str, found: Mapping[Told, Whereabouts], logs: Sequence[Log]) -> Iterator[Finding]:
    for wrong in sorted(_WRONG_WHEN_ACKNOWLEDGED, key=lambda where: where.value):
        told = (one for one, where in found.items() if where is wrong and (one.acknowledged or wrong in _NEVER_RIGHT))
        for one in islice(told, EXAMPLES):
            truth = explain(key, one, logs)
            yield Finding(anomaly=wrong.value, what=f"{one.value!r}: {truth.sentence}", evidence=truth.as_json())


def _unknown(logs: Sequence[Log], found: Mapping[Told, Whereabouts]) -> str | None:
    """Say what keeps a good result from being one."""
    for log in logs:
        if log.in_sync and not isinstance(log, Replica):
            return f"{log.name} is in sync and could not be read: {log.reason}"
    if sum(log.in_sync for log in logs) < 2:
        return "there were no two in-sync replicas to compare"
    if not found:
        return "nothing was acknowledged, and nothing is on disk"
    undecided = sum(where is Whereabouts.UNDECIDED for where in found.values())
    return f"of {undecided} values it cannot be said where they are" if undecided else None


def _conclude(
    key: str, findings: tuple[Finding, ...], *, unknown: str | None, measured: Mapping[str, object]
) -> Judgement:
    if findings:
        reason = f"{key}: {findings[0].what}"
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, findings=findings, measured=measured)
    if unknown is not None:
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=f"{key}: {unknown}", measured=measured)
    reason = f"{key}: the in-sync logs agree, and hold all of {measured['acknowledged']} acknowledged values once"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)
