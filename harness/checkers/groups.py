"""Consumer groups: who owns which partition when, what was delivered, and whether progress and lag are true. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from harness.verdict import Finding, Judgement, Verdict

SHARES, OVERLAP, DELIVERY, PROGRESS, LAG = "group-shares", "group-overlap", "group-delivery", "group-progress", "lag"
UNDISTURBED, REBALANCED = "group-undisturbed", "rebalanced"
TAKEN_OVER, LATE_COMMIT = "group-taken-over", "late-commit"


class Turn(Enum):
    """What happened to a member's partitions."""

    ASSIGNED = "assigned"
    REVOKED = "revoked"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A member was given partitions or lost some; `ended` means that it is no longer alive and owns none."""

    time_s: float
    member: str
    turn: Turn
    partitions: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Appended:
    """One record whose writing was acknowledged."""

    partition: int
    offset: int
    value: str


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One record that a member was given."""

    time_s: float
    member: str
    partition: int
    offset: int
    value: str


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit that a member was told is done: the next offset to read."""

    time_s: float
    member: str
    partition: int
    offset: int


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A commit that a member began, of the records from `first` to before `end`, and was not told to be refused.

    It is done, or nobody can tell: a member may end before it hears the answer.
    """

    member: str
    partition: int
    first: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A commit that a member was told is not done."""

    time_s: float
    member: str
    error: str


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A member took its time for a batch, without asking for more; `until_s` is None while it still does."""

    member: str
    from_s: float
    until_s: float | None = None


Shares = Mapping[str, frozenset[int]]


def timeline(changes: Iterable[Change]) -> Iterator[tuple[float, Shares]]:
    """Give who owns what after each change, in the order of time."""
    owned: dict[str, frozenset[int]] = {}
    for change in sorted(changes, key=lambda change: change.time_s):
        before = owned.get(change.member, frozenset())
        if change.turn is Turn.ASSIGNED:
            owned[change.member] = before | change.partitions
        elif change.turn is Turn.ENDED:
            owned.pop(change.member, None)
        else:
            owned[change.member] = before - change.partitions
        yield change.time_s, dict(owned)


def is_shared_out(shares: Shares, *, partitions: int, members: frozenset[str]) -> bool:
    """Say whether each partition has exactly one owner, each of these members owns one, and nobody else does."""
    owners = {member for member, share in shares.items() if share}
    everything = sorted(partition for share in shares.values() for partition in share)
    return everything == list(range(partitions)) and owners == members


def settles(
    changes: Sequence[Change], *, partitions: int, members: frozenset[str], since_s: float, bound_s: float, why: str
) -> Judgement:
    """Judge that within the bound each partition had one owner among exactly these members, and kept it."""
    moments = list(timeline(changes))
    measured: dict[str, object] = {"bound_s": round(bound_s, 3), "bound_why": why, "members": len(members)}
    if not any(time_s >= since_s for time_s, _ in moments):
        reason = "nothing happened to any member's partitions"
        return Judgement(checker=SHARES, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    settled_s: float | None = None
    for time_s, shares in moments:
        if not is_shared_out(shares, partitions=partitions, members=members):
            settled_s = None
        elif settled_s is None:
            settled_s = max(time_s, since_s)
    measured["shares"] = {member: sorted(share) for member, share in moments[-1][1].items()}
    if settled_s is None:
        reason = f"the partitions are not shared out in the end: {measured['shares']}"
    elif settled_s - since_s > bound_s:
        reason = f"shared out only after {settled_s - since_s:.2f} s, allowed are {bound_s:.2f} s ({why})"
    else:
        measured["settled_after_s"] = round(settled_s - since_s, 3)
        reason = f"shared out after {settled_s - since_s:.2f} s of {bound_s:.2f} s"
        return Judgement(checker=SHARES, verdict=Verdict.PASS, reason=reason, measured=measured)
    finding = Finding(anomaly=SHARES, what=reason, evidence={"shares": measured["shares"]})
    return Judgement(checker=SHARES, verdict=Verdict.FAIL, reason=reason, findings=(finding,), measured=measured)


def no_overlap(changes: Sequence[Change]) -> Judgement:
    """Judge that at no moment two members that are alive owned the same partition."""
    findings = []
    for time_s, shares in timeline(changes):
        owners = Counter(partition for share in shares.values() for partition in share)
        findings += [
            Finding(
                anomaly=OVERLAP,
                what=f"partition {partition} has {count} owners at {time_s:.3f} s",
                evidence={"time_s": time_s, "shares": {member: sorted(share) for member, share in shares.items()}},
            )
            for partition, count in owners.items()
            if count > 1
        ]
    return _conclude(OVERLAP, findings, checked=len(changes), good="no partition ever had two owners")


def undisturbed(changes: Sequence[Change], *, member: str, since_s: float, within_s: float) -> Judgement:
    """Judge that a member that died came back to exactly what it had, and that nobody else was given or lost anything.

    One that did not die, or owned nothing again within the time in which it is not missed, has shown nothing.
    """
    before = [shares.get(member, frozenset()) for time_s, shares in timeline(changes) if time_s < since_s]
    later = [change for change in changes if change.time_s >= since_s]
    died = any(change.member == member and change.turn is Turn.ENDED for change in later)
    after = [
        (time_s, shares[member]) for time_s, shares in timeline(changes) if shares.get(member) and time_s > since_s
    ]
    back = [(time_s, share) for time_s, share in after if died and time_s <= since_s + within_s]
    if not before or not back:
        reason = f"{member} did not die, or was not back within {within_s:g} s"
        return Judgement(checker=UNDISTURBED, verdict=Verdict.INCONCLUSIVE, reason=reason)
    findings = [
        Finding(
            anomaly=REBALANCED,
            what=f"{change.member} {change.turn.value} {sorted(change.partitions)} at {change.time_s:.3f} s",
            evidence={"member": change.member, "time_s": change.time_s, "partitions": sorted(change.partitions)},
        )
        for change in later
        if change.member != member
    ]
    if after[-1][1] != before[-1]:
        what = f"{member} came back to {sorted(after[-1][1])}, it had {sorted(before[-1])}"
        findings.append(Finding(anomaly="another-share", what=what))
    good = f"{member} came back to {sorted(after[-1][1])} after {back[0][0] - since_s:.2f} s, and nobody else noticed"
    return _conclude(UNDISTURBED, findings, checked=len(later), good=good)


def taken_over(
    pause: Pause, *, share: frozenset[int], deliveries: Sequence[Delivery], bound_s: float, why: str
) -> Judgement:
    """Judge that others were given records of each partition of a member that took too long, within the bound.

    A pause that is over before the bound has shown nothing, and neither has a member that owned nothing.
    """
    measured: dict[str, object] = {"bound_s": round(bound_s, 3), "bound_why": why, "share": sorted(share)}
    lasted_s = (pause.until_s or pause.from_s) - pause.from_s
    if not share or lasted_s < bound_s:
        reason = f"{pause.member} took {lasted_s:.1f} s of more than {bound_s:g} s and owned {sorted(share)}"
        return Judgement(checker=TAKEN_OVER, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    first: dict[int, float] = {}
    for delivery in sorted(deliveries, key=lambda delivery: delivery.time_s):
        if delivery.time_s > pause.from_s and delivery.member != pause.member:
            first.setdefault(delivery.partition, delivery.time_s - pause.from_s)
    served = {partition: round(first[partition], 2) for partition in sorted(share & first.keys())}
    measured["served_after_s"] = served
    findings = [
        Finding(
            anomaly=TAKEN_OVER,
            what=f"partition {partition} was served by others {_when(served.get(partition))}, "
            f"allowed are {bound_s:g} s ({why})",
            evidence={"partition": partition, "served_after_s": served.get(partition)},
        )
        for partition in sorted(share)
        if served.get(partition, bound_s + 1) > bound_s
    ]
    good = f"others serve all {len(share)} partitions of {pause.member} within {bound_s:g} s"
    return _conclude(TAKEN_OVER, findings, checked=len(share), good=good, measured=measured)


def _when(after_s: float | None) -> str:
    return "never" if after_s is None else f"only after {after_s} s"


def late_commit_refused(pause: Pause, *, commits: Sequence[Commit], refusals: Sequence[Refusal]) -> Judgement:
    """Judge that the first commit of a member that had taken too long was refused: others own its work by then."""
    since_s = float("inf") if pause.until_s is None else pause.until_s
    done = [commit for commit in commits if commit.member == pause.member and commit.time_s >= since_s]
    refused = [refusal for refusal in refusals if refusal.member == pause.member and refusal.time_s >= since_s]
    if not refused and not done:
        reason = f"what came of the late commit of {pause.member} is not known"
        return Judgement(checker=LATE_COMMIT, verdict=Verdict.INCONCLUSIVE, reason=reason)
    if refused and (not done or refused[0].time_s <= done[0].time_s):
        return _conclude(LATE_COMMIT, [], checked=1, good=f"refused: {refused[0].error}")
    finding = _progress(LATE_COMMIT, done[0], f"although it had taken {since_s - pause.from_s:.1f} s for its batch")
    return _conclude(LATE_COMMIT, [finding], checked=1, good="")


def delivered(
    appended: Sequence[Appended],
    deliveries: Sequence[Delivery],
    commits: Sequence[Commit],
    *,
    attempts: Sequence[Attempt],
    crashed: frozenset[str],
) -> Judgement:
    """Judge that each acknowledged record was delivered, and none again that could have been known to be done.

    Without a crash that is any record. After a crash it is those whose progress had been committed: what a crashed
    member was given and had not begun to commit must be given to somebody else.
    """
    given = {(delivery.partition, delivery.value) for delivery in deliveries}
    borne = {
        (delivery.partition, delivery.value)
        for delivery in deliveries
        if delivery.member not in crashed or _may_be_committed(delivery, attempts)
    }
    missing = [record for record in appended if (record.partition, record.value) not in borne]
    findings = [
        Finding(
            anomaly="undelivered",
            what=f"partition {record.partition} offset {record.offset} was given to no member"
            + (" that went on to commit it" if (record.partition, record.value) in given else ""),
            evidence={"partition": record.partition, "offset": record.offset, "value": record.value},
        )
        for record in missing
    ]
    again = tuple(_delivered_again(deliveries, commits, crashed=crashed))
    findings += again
    times = Counter((delivery.partition, delivery.offset) for delivery in deliveries)
    measured = {
        "acknowledged": len(appended),
        "deliveries": len(deliveries),
        "given_more_than_once": sum(count > 1 for count in times.values()),
        "undelivered": len(missing),
    }
    good = f"each of {len(appended)} records was delivered, {'committed ones' if crashed else 'all'} once"
    return _conclude(DELIVERY, findings, checked=min(len(appended), len(deliveries)), good=good, measured=measured)


def _delivered_again(
    deliveries: Sequence[Delivery], commits: Sequence[Commit], *, crashed: frozenset[str]
) -> Iterator[Finding]:
    first: dict[tuple[int, int], Delivery] = {}
    for delivery in sorted(deliveries, key=lambda delivery: delivery.time_s):
        before = first.setdefault((delivery.partition, delivery.offset), delivery)
        if before is delivery:
            continue
        if before.member not in crashed or _was_committed(before, commits, until_s=delivery.time_s):
            yield Finding(
                anomaly="delivered-again",
                what=f"partition {delivery.partition} offset {delivery.offset} was given to {before.member} at "
                f"{before.time_s:.3f} s and to {delivery.member} at {delivery.time_s:.3f} s",
                evidence={"partition": delivery.partition, "offset": delivery.offset, "value": delivery.value},
            )


def _may_be_committed(delivery: Delivery, attempts: Sequence[Attempt]) -> bool:
    return any(
        attempt.member == delivery.member
        and attempt.partition == delivery.partition
        and attempt.first <= delivery.offset < attempt.end
        for attempt in attempts
    )


def _was_committed(delivery: Delivery, commits: Sequence[Commit], *, until_s: float) -> bool:
    """Say whether the member had committed the record by then; later it may be back, and commit what lies behind it."""
    return any(
        commit.member == delivery.member
        and commit.partition == delivery.partition
        and commit.offset > delivery.offset
        and commit.time_s <= until_s
        for commit in commits
    )


def progress_kept(commits: Sequence[Commit], deliveries: Sequence[Delivery]) -> Judgement:
    """Judge that a partition's committed offset never went back, and never beyond what had been delivered."""
    highest: dict[int, int] = {}
    given: dict[int, int] = defaultdict(lambda: -1)
    findings = []
    happenings: list[Commit | Delivery] = [*commits, *deliveries]
    happenings.sort(key=lambda happening: happening.time_s)
    for happening in happenings:
        partition, offset = happening.partition, happening.offset
        if isinstance(happening, Delivery):
            given[partition] = max(given[partition], offset)
            continue
        if offset < highest.get(partition, 0):
            findings.append(_progress("offset-commit-regression", happening, f"after {highest[partition]}"))
        if offset > given[partition] + 1:
            findings.append(_progress("commit-beyond-processed", happening, f"{given[partition]} was given last"))
        highest[partition] = max(highest.get(partition, 0), offset)
    good = f"{len(commits)} commits, none back and none ahead"
    return _conclude(PROGRESS, findings, checked=len(commits), good=good)


def _progress(anomaly: str, commit: Commit, what: str) -> Finding:
    return Finding(
        anomaly=anomaly,
        what=f"partition {commit.partition}: {commit.member} committed {commit.offset}, {what}",
        evidence={"partition": commit.partition, "offset": commit.offset, "time_s": commit.time_s},
    )


def offsets_equal(known: Mapping[int, int], reported: Mapping[int, int], *, what: str) -> Judgement:
    """Judge that figures by partition, such as lags or committed offsets, are exactly those that are known."""
    findings = [
        Finding(
            anomaly=LAG,
            what=f"{what} of partition {partition} is {reported.get(partition)}, true is {known.get(partition)}",
            evidence={"partition": partition, "reported": reported.get(partition), "true": known.get(partition)},
        )
        for partition in sorted(known.keys() | reported.keys())
        if known.get(partition) != reported.get(partition)
    ]
    return _conclude(LAG, findings, checked=len(known), good=f"{what} is true in {len(known)} partitions")


def _conclude(
    checker: str,
    findings: Sequence[Finding],
    *,
    checked: int,
    good: str,
    measured: Mapping[str, object] | None = None,
) -> Judgement:
    measured = {**(measured or {}), "checked": checked, "wrong": len(findings)}
    if findings:
        reason = f"{len(findings)} findings, the first: {findings[0].what}"
        return Judgement(
            checker=checker, verdict=Verdict.FAIL, reason=reason, findings=tuple(findings[:20]), measured=measured
        )
    if not checked:
        reason = "nothing was observed to judge by"
        return Judgement(checker=checker, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    return Judgement(checker=checker, verdict=Verdict.PASS, reason=good, measured=measured)
