"""Sights: what must be seen while a fault lasts, and how soon after its injection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.budget import Budget
from harness.clients.admin import NoAnswer
from harness.runclock import RunClock
from harness.verdict import Judgement, Verdict
from harness.waiting import TimedOut, wait_until

LOOK_EVERY_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One thing to be seen: `is_seen` asks the cluster anew each time, and may find nobody who answers."""

    what: str
    is_seen: Callable[[], bool]
    budget: Budget


class _Looking:
    """Looks of one sight, and how many of them were answered."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self.answered = 0

    def look(self) -> bool:
        try:
            seen = self._sight.is_seen()
        except NoAnswer:
            return False
        self.answered += 1
        return seen


def watch(sight: Sight, *, since_s: float, clock: RunClock) -> Judgement:
    """Look until it is seen or its budget is over, which counts from `since_s`; it is looked for at least once.

    What is there at the first look may have been there before, so the time that is told is one that it took at most.
    A sight for which nobody ever answered is INCONCLUSIVE: nobody has looked.
    """
    looking = _Looking(sight)
    left_s = max(0.0, since_s + sight.budget.seconds - clock.now_s())
    measured: dict[str, object] = {"limit_s": sight.budget.seconds, "limit_why": sight.budget.why}
    try:
        wait_until(looking.look, what=sight.what, timeout_s=left_s, every_s=LOOK_EVERY_S)
    except TimedOut:
        if not looking.answered:
            reason = f"nobody answered who could tell of {sight.what}"
            return Judgement(checker=sight.what, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
        reason = f"not seen within {sight.budget.seconds:g} s of the fault ({sight.budget.why})"
        return Judgement(checker=sight.what, verdict=Verdict.FAIL, reason=reason, measured=measured)
    measured["seen_after_s"] = round(clock.now_s() - since_s, 2)
    reason = f"seen {measured['seen_after_s']} s after the fault"
    return Judgement(checker=sight.what, verdict=Verdict.PASS, reason=reason, measured=measured)
