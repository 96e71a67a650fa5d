"""The machine in words and as lines: whether it was slow while a clause ran."""

from __future__ import annotations

from harness.certificate import Certificate, ClauseResult
from harness.evidence import Series
from harness.measuring.machine import moments_in, pace_of


def pace_words(clause: ClauseResult, certificate: Certificate) -> str:
    """Say how this machine went while a clause ran; nothing when nobody looked."""
    moments = moments_in(certificate.environment)
    pace = pace_of(moments, from_s=clause.started_s, until_s=clause.started_s + clause.duration_s)
    if pace is None:
        return ""
    return (
        f"This machine was {pace.busy_ratio:.0%} busy meanwhile, and work took {pace.slowdown:.1f} times the CPU time "
        "that it took in the fastest tenth of the run."
    )


def machine_series(certificate: Certificate) -> tuple[Series, ...]:
    """Return how busy the machine was and what one piece of work took, over the run; nothing when nobody looked."""
    moments = moments_in(certificate.environment)
    if not moments:
        return ()
    return (
        Series(
            name="this machine: CPU in use",
            unit="%",
            points=tuple((moment.time_s, 100 * moment.busy_ratio) for moment in moments),
        ),
        Series(
            name="this machine: CPU time of one piece of work",
            unit="ms",
            points=tuple((moment.time_s, moment.work_ms) for moment in moments),
        ),
    )
