"""Quota: producers that are held to a rate get that rate, no more and not much less. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from harness.measuring.result import LoadResult, Second
from harness.verdict import Judgement, Verdict

NAME = "load-quota"
TOLERANCE = 0.15
"""Brokers count whole requests, over ten seconds; the records in them, over a trial, are what is compared."""

CLEARLY = 1.5
"""How much more than allowed must be asked for, or what is allowed would hardly be felt."""

BURST_S = 20.0
"""Who has sent little for ten seconds may send as much more at once: at `CLEARLY` that lasts no longer than this."""

LEAST_SECONDS = 5


def check(results: Iterable[LoadResult], *, carried_hz: float | None, allowed_hz: float) -> Judgement:
    """Judge that what was carried is what a quota allows; INCONCLUSIVE when nobody asked for clearly more.

    `allowed_hz` is how many records per second all brokers together allow.
    """
    held = {
        result.trial.rate_hz: _acknowledged_hz(seconds)
        for result in results
        if result.trial.rate_hz >= CLEARLY * allowed_hz and len(seconds := _held(result)) >= LEAST_SECONDS
    }
    measured: dict[str, object] = {"allowed_hz": round(allowed_hz, 1), "carried_hz": carried_hz, "held_hz": held}
    if not held:
        reason = f"nobody asked for {CLEARLY:g} times the {allowed_hz:.0f} records/s that are allowed, for long enough"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    asked_hz, taken_hz = max(held.items(), key=lambda item: item[1])
    if taken_hz > allowed_hz * (1 + TOLERANCE):
        reason = f"{taken_hz:.0f} of {asked_hz:.0f} records/s were taken, {allowed_hz:.0f} are allowed"
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, measured=measured)
    is_given = carried_hz is not None and abs(carried_hz / allowed_hz - 1) <= TOLERANCE
    reason = (
        f"{carried_hz or 0:.0f} records/s were carried, {allowed_hz:.0f} are allowed; "
        f"of {asked_hz:.0f} asked for {taken_hz:.0f} were taken"
    )
    return Judgement(checker=NAME, verdict=Verdict.PASS if is_given else Verdict.FAIL, reason=reason, measured=measured)


def _held(result: LoadResult) -> list[Second]:
    """Return the judged seconds in which nothing was left of what a client that was quiet may send at once."""
    return [second for second in result.measured if second.time_s - 1 >= result.trial.begun_s + BURST_S]


def _acknowledged_hz(seconds: list[Second]) -> float:
    return sum(second.acknowledged for second in seconds) / len(seconds)
