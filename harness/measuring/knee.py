"""The course of a load: which rate is tried next, given what became of those before it, and what came of it all.

A course is a generator of trials that is told the verdict on each one. It has no clock and keeps nothing: `following`
plays it again from its beginning, so that a course can be judged, tested and continued from a list of trials alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from harness.measuring.plan import Drain, FindKnee, Hold, Plan, Purpose, Soak
from harness.measuring.statistics import interval
from harness.verdict import Verdict, merge

LEAST_SHARE = 1 / 16
"""Of the first rate: a cluster that does not carry this is not searched any further."""
CONFIRMATIONS = 4
ROUNDING = 1 + 1e-9
AGAIN_S = 30.0
"""Of a warm-up at a rate that is carried: it is made again as long as that helps, and is paid for from the disk."""
WIDER = 1.5
"""By how many precisions a gap is widened on both sides before it is closed again: it then takes two trials."""


@dataclass(frozen=True, kw_only=True)
class Next:
    """One trial to make."""

    purpose: Purpose
    rate_hz: float
    seconds: float
    reads: bool = True
    """Whether consumers read meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a course.

    `carried_hz` is the highest rate that was carried for as long as the plan wants; `repeats` are the estimates of
    the knee, one for each time that the gap was closed, none when no knee was found.
    """

    verdict: Verdict
    reason: str
    carried_hz: float | None
    repeats: tuple[float, ...] = ()


Course = Generator[Next, Verdict, Outcome]
Trying = Generator[Next, Verdict, Verdict]


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Between a rate that was carried and one that was not, or about which nothing could be said (`above`).

    An end that was not tried was only supposed: the gap was made wider there.
    """

    low_hz: float
    high_hz: float
    above: Verdict
    low_tried: bool = True
    high_tried: bool = True

    @property
    def middle_hz(self) -> float:
        return sqrt(self.low_hz * self.high_hz)

    def wider(self, precision: float) -> Gap:
        factor = (1 + precision) ** WIDER
        return Gap(
            low_hz=self.low_hz / factor,
            high_hz=self.high_hz * factor,
            above=self.above,
            low_tried=False,
            high_tried=False,
        )


def following(plan: Plan, verdicts: Iterable[Verdict]) -> Next | Outcome:
    """Return the trial that follows after trials with these verdicts, or the outcome when there is none to follow."""
    course = course_of(plan)
    try:
        step = next(course)
        for verdict in verdicts:
            step = course.send(verdict)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    return step


def course_of(plan: Plan) -> Course:
    """Begin the course of a plan."""
    match plan:
        case Hold():
            return _hold(plan.records_per_s, Purpose.HOLD, warm_up_s=plan.warm_up_s, seconds=plan.measured_s)
        case Soak():
            rate_hz = plan.records_per_s * plan.share
            return _hold(rate_hz, Purpose.SOAK, warm_up_s=plan.warm_up_s, seconds=plan.measured_s)
        case FindKnee():
            return _find_knee(plan)
        case Drain():
            return _drain(plan)


def trials_against(plan: Plan, verdict_on: Callable[[Next], Verdict]) -> tuple[tuple[Next, ...], Outcome]:
    """Play a whole course against something that judges each trial at once."""
    course, tried = course_of(plan), []
    step = next(course)
    while True:
        tried.append(step)
        try:
            step = course.send(verdict_on(step))
        except StopIteration as end:
            return tuple(tried), end.value


def _hold(rate_hz: float, purpose: Purpose, *, warm_up_s: float, seconds: float) -> Course:
    yield Next(purpose=Purpose.WARM_UP, rate_hz=rate_hz, seconds=warm_up_s)
    verdict = yield Next(purpose=purpose, rate_hz=rate_hz, seconds=seconds)
    carried = rate_hz if verdict is Verdict.PASS else None
    return Outcome(verdict=verdict, reason=_said(verdict, rate_hz, seconds), carried_hz=carried)


def _drain(plan: Drain) -> Course:
    """Write a backlog and read it, again and again; how fast it was read stands in the trials."""
    yield Next(purpose=Purpose.WARM_UP, rate_hz=plan.records_per_s, seconds=plan.warm_up_s)
    drained: list[Verdict] = []
    for _ in range(plan.repeats):
        verdict = yield Next(purpose=Purpose.FILL, rate_hz=plan.records_per_s, seconds=plan.fill_s, reads=False)
        if verdict is not Verdict.PASS:
            reason = f"there is no backlog to read: {_said(verdict, plan.records_per_s, plan.fill_s)}"
            return Outcome(verdict=Verdict.INCONCLUSIVE, reason=reason, carried_hz=None)
        drained.append((yield Next(purpose=Purpose.DRAIN, rate_hz=0, seconds=plan.most_drain_s)))
    count = sum(verdict is Verdict.PASS for verdict in drained)
    return Outcome(verdict=merge(drained), reason=f"{count} of {len(drained)} backlogs were read", carried_hz=None)


def _find_knee(plan: FindKnee) -> Course:
    yield Next(purpose=Purpose.WARM_UP, rate_hz=plan.from_records_per_s, seconds=plan.warm_up_s)
    gap = yield from _warmed(plan, (yield from _ramp(plan)))
    found: list[Gap] = []
    while gap.low_hz and not _is_enough(plan, found):
        gap = yield from _close(plan, gap.wider(plan.precision) if found else gap)
        if gap.low_hz >= plan.most_records_per_s:
            return (yield from _confirm(plan, plan.most_records_per_s, ()))
        if gap.low_hz and gap.above is not Verdict.FAIL:
            return _no_knee(gap)
        found.append(gap)
    if not gap.low_hz:
        return _nothing_carried(gap)
    last = found[-plan.repeats :]
    return (yield from _confirm(plan, sum(gap.low_hz for gap in last) / len(last), _middles(last)))


def _middles(found: Sequence[Gap]) -> tuple[float, ...]:
    return tuple(gap.middle_hz for gap in found)


def _is_enough(plan: FindKnee, found: Sequence[Gap]) -> bool:
    """Say whether the last estimates agree, as many as the plan wants, or there are as many as it allows.

    Earlier ones do not count: while a cluster gets faster, each says what it carried then. Nor does the first of all,
    which only finds where to look.
    """
    if len(found) <= plan.repeats:
        return False
    return len(found) > plan.most_repeats or do_agree(plan, _middles(found[-plan.repeats :]))


def do_agree(plan: FindKnee | Drain, repeats: Sequence[float]) -> bool:
    """Say whether repeats of a measurement are close enough to speak of one knee; a single one agrees with nothing."""
    return len(repeats) > 1 and interval(repeats, resolution=plan.precision).uncertainty <= plan.agreement


def _ramp(plan: FindKnee) -> Generator[Next, Verdict, Gap]:
    """Double the rate until it is not carried; when not even the first is, halve it until one is."""
    first_hz = plan.from_records_per_s
    gap = yield from _climb(plan, first_hz, low_hz=0.0)
    rate_hz, high_hz, above = first_hz, gap.high_hz, gap.above
    while not gap.low_hz and rate_hz / 2 >= LEAST_SHARE * first_hz:
        rate_hz /= 2
        verdict = yield from _try(Purpose.RAMP, rate_hz, plan.trial_s)
        if verdict is Verdict.PASS:
            return Gap(low_hz=rate_hz, high_hz=high_hz, above=above)
        high_hz, above = rate_hz, verdict
    return Gap(low_hz=gap.low_hz, high_hz=high_hz, above=above)


def _warmed(plan: FindKnee, gap: Gap) -> Generator[Next, Verdict, Gap]:
    """Warm the cluster up at what it carries and ramp on from there, until that ends at the same rate again.

    Brokers compile their code as they go: what they do not carry at first they may carry a minute later (measured at
    250m: 3,800 and then more than 13,800 records/s).
    """
    while gap.low_hz and gap.above is Verdict.FAIL:
        yield Next(purpose=Purpose.WARM_UP, rate_hz=gap.low_hz, seconds=min(AGAIN_S, plan.warm_up_s))
        higher = yield from _climb(plan, gap.high_hz, low_hz=gap.low_hz)
        if higher.low_hz == gap.low_hz:
            return higher
        gap = higher
    return gap


def _climb(plan: FindKnee, rate_hz: float, *, low_hz: float) -> Generator[Next, Verdict, Gap]:
    """Double a rate until it is not carried, or is the highest that the plan tries."""
    while True:
        verdict = yield from _try(Purpose.RAMP, rate_hz, plan.trial_s)
        if verdict is not Verdict.PASS:
            return Gap(low_hz=low_hz, high_hz=rate_hz, above=verdict)
        low_hz = rate_hz
        if rate_hz >= plan.most_records_per_s:
            return Gap(low_hz=low_hz, high_hz=low_hz, above=Verdict.INCONCLUSIVE)
        rate_hz = min(2 * rate_hz, plan.most_records_per_s)


def _close(plan: FindKnee, gap: Gap) -> Generator[Next, Verdict, Gap]:
    """Halve the gap until it is small; then try an end that was only supposed, and move it if it does not hold."""
    low_hz, high_hz, above = gap.low_hz, gap.high_hz, gap.above
    low_tried, high_tried, stride = gap.low_tried, gap.high_tried, 1 + plan.precision
    while LEAST_SHARE * plan.from_records_per_s <= low_hz < plan.most_records_per_s:
        if high_hz > low_hz * (1 + plan.precision) * ROUNDING:
            rate_hz = sqrt(low_hz * high_hz)
        elif low_tried and high_tried:
            return Gap(low_hz=low_hz, high_hz=high_hz, above=above)
        else:
            rate_hz = low_hz if high_tried else min(high_hz, plan.most_records_per_s)
        verdict = yield from _try(Purpose.BISECT, rate_hz, plan.trial_s)
        is_end = rate_hz in (low_hz, high_hz) or rate_hz == plan.most_records_per_s
        if verdict is Verdict.PASS:
            low_hz, low_tried = rate_hz, True
            high_hz = rate_hz * stride if is_end and not high_tried else high_hz
        else:
            high_hz, above, high_tried = rate_hz, verdict, True
            low_hz = rate_hz / stride if is_end and not low_tried else low_hz
        stride = stride**2 if is_end else stride
    if low_hz >= plan.most_records_per_s:
        return Gap(low_hz=low_hz, high_hz=low_hz, above=Verdict.INCONCLUSIVE)
    return Gap(low_hz=0, high_hz=high_hz, above=above)


def _confirm(plan: FindKnee, rate_hz: float, repeats: tuple[float, ...]) -> Course:
    """Hold the rate at full length, a little less when it is not carried; then soak below it."""
    for _ in range(CONFIRMATIONS):
        verdict = yield from _try(Purpose.CONFIRM, rate_hz, plan.confirm_s)
        if verdict is not Verdict.FAIL:
            break
        rate_hz *= 1 - plan.precision / 2
    if verdict is not Verdict.PASS:
        tried_hz = repeats[0] if repeats else plan.most_records_per_s
        reason = f"short trials carried about {tried_hz:.0f} records/s, but {_said(verdict, rate_hz, plan.confirm_s)}"
        return Outcome(verdict=Verdict.INCONCLUSIVE, reason=reason, carried_hz=None)
    soak_hz = plan.soak_share * rate_hz
    verdict = yield from _try(Purpose.SOAK, soak_hz, plan.soak_s)
    reason = f"{rate_hz:.0f} records/s were carried for {plan.confirm_s:g} s; {_said(verdict, soak_hz, plan.soak_s)}"
    return Outcome(verdict=verdict, reason=reason, carried_hz=rate_hz, repeats=repeats)


def _try(purpose: Purpose, rate_hz: float, seconds: float) -> Trying:
    """Try once, and once more when nothing could be said: what disturbed a trial may be gone."""
    verdict = yield Next(purpose=purpose, rate_hz=rate_hz, seconds=seconds)
    if verdict is Verdict.INCONCLUSIVE:
        verdict = yield Next(purpose=purpose, rate_hz=rate_hz, seconds=seconds)
    return verdict


def _nothing_carried(gap: Gap) -> Outcome:
    what = "was not carried" if gap.above is Verdict.FAIL else "could not be judged"
    return Outcome(verdict=gap.above, reason=f"even {gap.high_hz:.0f} records/s {what}", carried_hz=None)


def _no_knee(gap: Gap) -> Outcome:
    why = f"nothing could be said about {gap.high_hz:.0f} records/s"
    reason = f"no knee was found: {gap.low_hz:.0f} records/s were carried in a short trial, and {why}"
    return Outcome(verdict=Verdict.INCONCLUSIVE, reason=reason, carried_hz=gap.low_hz)


def _said(verdict: Verdict, rate_hz: float, seconds: float) -> str:
    words = {
        Verdict.PASS: "were carried",
        Verdict.FAIL: "were not carried",
        Verdict.INCONCLUSIVE: "could not be judged",
    }
    return f"{rate_hz:.0f} records/s {words[verdict]} for {seconds:g} s"
