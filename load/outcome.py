"""The outcome of a load for whoever launched Locust: a verdict, and one sentence that says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.checkers.load import delivery
from harness.errors import ExitCode
from harness.measuring.frames import Frame
from harness.measuring.pace import Pace
from harness.measuring.traffic import Traffic
from harness.runclock import NS_PER_S
from harness.verdict import Judgement, Verdict
from load.crew import Crew

CODES = {
    Verdict.PASS: ExitCode.CERTIFIED,
    Verdict.FAIL: ExitCode.NOT_CERTIFIED,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}
HELD_RATIO = 0.995
IN_TIME_S = 1.0
"""What was due so shortly before the end may still be under way."""

LATEST_MS = 50.0
"""A generator that sends later than this (p99) is itself what was measured."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """How well it has to go. None asks for nothing."""

    max_p99_ms: float | None = None
    min_ratio: float | None = None


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What a load that sets its own pace is held to: every slot of the pace from the first record to the end."""

    pace: Pace
    started_ns: int
    ended_ns: int
    traffic: Traffic


def judge(crew: Crew, objective: Objective, *, promise: Promise | None = None) -> Judgement:
    """Judge a load, the mechanism first: figures of a load that broke down say nothing about the cluster.

    A record that was lost is lost however slow the generator was; any other failure counts only if it kept time.
    """
    broken = _broken(crew)
    if broken or crew.total is None:
        return _said(Verdict.INCONCLUSIVE, broken or "got no record at all, expected a load")
    delivered = _delivered(crew, promise) if promise else None
    if delivered is not None and delivered.verdict is Verdict.FAIL:
        return _said(Verdict.FAIL, delivered.reason)
    late = _generator(crew, crew.total, promise) if promise else ""
    if late:
        return _said(Verdict.INCONCLUSIVE, late)
    wrong = "; ".join(_missed(crew, crew.total, objective, promise))
    if wrong:
        return _said(Verdict.FAIL, wrong)
    if delivered is not None and delivered.verdict is Verdict.INCONCLUSIVE:
        return _said(Verdict.INCONCLUSIVE, delivered.reason)
    return _said(Verdict.PASS, "; ".join(_facts(crew.total, delivered)))


def _said(verdict: Verdict, reason: str) -> Judgement:
    return Judgement(checker="load", verdict=verdict, reason=reason)


def _broken(crew: Crew) -> str:
    if crew.lost:
        return f"got workers that went away ({', '.join(sorted(crew.lost))}), expected each to stay to the end"
    if crew.troubles:
        return crew.troubles[0]
    broken = {name: code for name, code in sorted(crew.codes.items()) if code != 0}
    if broken:
        return f"got engines that broke down {broken}, expected each to end with 0"
    if len(crew.codes) != crew.size:
        return f"got the end of {len(crew.codes)} engines, expected that of {crew.size}"
    if crew.total is None or (crew.producers and not crew.total.sent):
        return "got no record at all, expected a load"
    missing = crew.total.sent - crew.total.acknowledged - crew.total.failed
    return f"got {missing} records without an answer, expected one for each" if missing else ""


def _delivered(crew: Crew, promise: Promise) -> Judgement | None:
    """Judge the delivery to each group; None where nobody reads."""
    if not crew.consumers:
        return None
    return delivery.check_groups(crew.ledgers, promise.traffic)


def _generator(crew: Crew, total: Frame, promise: Promise) -> str:
    """Say why the generator itself, not the cluster, was measured; nothing when it kept time."""
    if not _due(promise, late_s=0):
        return "got no whole second with records that were due, expected some: let it run for longer"
    due = _due(promise, late_s=LATEST_MS / 1000)
    sent = sum(second.sent for began_ns, second in crew.seconds.items() if began_ns < _end_ns(promise))
    if sent < HELD_RATIO * due:
        return f"generator-bound: got {sent} records sent in time, expected {due}"
    late_ms = total.lateness.percentile_ms(99)
    return f"generator-bound: records were sent {late_ms:.0f} ms late (p99)" if late_ms > LATEST_MS else ""


def _missed(crew: Crew, total: Frame, objective: Objective, promise: Promise | None) -> Iterator[str]:
    if promise is not None:
        due = _due(promise, late_s=IN_TIME_S)
        answered = sum(s.acknowledged for began_ns, s in crew.seconds.items() if began_ns < _end_ns(promise))
        if answered < HELD_RATIO * due:
            yield f"the rate was not held: got {answered} records acknowledged in time, expected {due}"
    least = objective.min_ratio if objective.min_ratio is not None else float(promise is not None)
    if least and not total.sent:
        yield "got no record that was sent, expected some: a ratio was asked for"
    elif least and total.acknowledged / total.sent < least:
        yield f"got {total.acknowledged / total.sent:.4f} of the records acknowledged, expected {least:g}"
    yield from _too_slow(total, objective)


def _too_slow(total: Frame, objective: Objective) -> Iterator[str]:
    if objective.max_p99_ms is None:
        return
    if not total.latency.count:
        yield "got no latency, expected some: a p99 was asked for"
    elif total.latency.percentile_ms(99) > objective.max_p99_ms:
        yield f"got a p99 of {total.latency.percentile_ms(99):g} ms, expected {objective.max_p99_ms:g} ms at most"


def _facts(total: Frame, delivered: Judgement | None) -> Iterator[str]:
    yield f"{total.acknowledged} of {total.sent} records were acknowledged"
    if total.latency.count:
        yield f"p99 {total.latency.percentile_ms(99):.1f} ms from when each was due"
    if total.end_to_end.count:
        yield f"{total.end_to_end.percentile_ms(99):.1f} ms to its delivery"
    if delivered is not None:
        yield delivered.reason


def _end_ns(promise: Promise) -> int:
    """Return the end of the last second of frames that was over when the load ended."""
    whole_s = max(0, (promise.ended_ns - promise.started_ns) // NS_PER_S)
    return promise.started_ns + whole_s * NS_PER_S


def _due(promise: Promise, *, late_s: float) -> int:
    """Count the records that were due so long before the last whole second was over."""
    return promise.pace.due_by(_end_ns(promise) - int(late_s * NS_PER_S) - 1)
