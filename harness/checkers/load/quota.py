"""Quota: producers that are held to a rate get that rate, no more and not much less. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from harness.verdict import Judgement, Verdict

NAME = "load-quota"
TOLERANCE = 0.15
"""Brokers count whole requests, over ten seconds; what is compared with that are the records in them, over a trial."""


def check(trials: Iterable[tuple[float, Verdict]], *, carried_hz: float | None, allowed_hz: float) -> Judgement:
    """Judge that what is carried is what a quota allows; INCONCLUSIVE unless more was asked for and not carried.

    `trials` are rates with what was judged of them; `allowed_hz` is how many records per second all brokers together
    allow. A quota that is not kept to is seen by what is carried: without it, brokers carry far more.
    """
    refused = sorted(rate_hz for rate_hz, verdict in trials if rate_hz > allowed_hz and verdict is Verdict.FAIL)
    measured: dict[str, object] = {"allowed_hz": round(allowed_hz, 1), "carried_hz": carried_hz, "refused_hz": refused}
    said = f"{carried_hz or 0:.0f} records/s were carried, {allowed_hz:.0f} are allowed"
    if carried_hz is None or abs(carried_hz / allowed_hz - 1) > TOLERANCE:
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=said, measured=measured)
    if not refused:
        reason = f"{said}, and no more was tried in vain: nothing shows that anybody was held"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    reason = f"{said}, {refused[0]:.0f} were not"
    return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)
