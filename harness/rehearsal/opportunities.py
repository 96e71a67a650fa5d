"""The opportunities: for each planted bug a plan in which it surely comes to strike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.rehearsal.bugs import Bug
from harness.rehearsal.clock import MS
from harness.rehearsal.plan import Fault, FaultKind, Plan

CALM = Plan(random_faults=0, late_requests=0.0, member_pause_chance=0.0, crash_chance=0.0, pause_chance=0.0)
"""Nothing goes wrong by chance but that the network loses something; what is late might repair what a bug has done."""


def _faults(*faults: tuple[FaultKind, str, int, int]) -> tuple[Fault, ...]:
    return tuple(
        Fault(kind=kind, key=key, at_ns=at_ms * MS, lasts_ns=lasts_ms * MS) for kind, key, at_ms, lasts_ms in faults
    )


def _crashes(key: str) -> tuple[Fault, ...]:
    kind = FaultKind.CRASH
    return _faults((kind, key, 280, 180), (kind, key, 580, 180), (kind, key, 880, 180))


PAUSING = replace(CALM, strike_until_ns=1195 * MS, pause_chance=0.5, pause_at_end=True, abort_chance=0.05)

OPPORTUNITIES: Mapping[Bug, Plan] = {
    Bug.LEADER_DROPS_ABOVE_CHECKPOINT: replace(CALM, faults=_crashes("vault-0")),
    Bug.LEADERSHIP_BACK_TOO_EARLY: replace(CALM, faults=_crashes("vault-0")),
    Bug.UNCLEAN_ELECTION: replace(CALM, faults=_faults((FaultKind.BLACKOUT, "vault-0", 250, 250))),
    Bug.NO_TRUNCATION: replace(
        CALM, faults=_faults((FaultKind.ISOLATE, "orders-0", 250, 150), (FaultKind.ISOLATE, "orders-0", 550, 150))
    ),
    Bug.HIGH_WATERMARK_FALLS: replace(CALM, faults=_crashes("orders-0")),
    Bug.LEADER_EPOCH_FALLS: replace(CALM, faults=_crashes("orders-0")),
    Bug.DIRTY_READS: replace(CALM, plain_producers=4, fetch_ns=(15 * MS, 40 * MS)),
    Bug.COORDINATOR_LOADS_OLD_OFFSETS: replace(CALM, faults=_faults((FaultKind.CRASH, "orders-0", 600, 200))),
    Bug.ABORTED_RECORDS_READ: replace(CALM, abort_chance=0.3),
    Bug.OFFSET_REUSED: replace(CALM, batch_most=1),
    Bug.SLOT_FILLED_LATE: replace(CALM, batch_most=1),
    Bug.DIRTY_DUET: replace(CALM, duet=True, abort_chance=0.0),
    Bug.ZOMBIE_NOT_FENCED: replace(PAUSING, pause_at_end=False),
    Bug.COMMIT_OF_ABORTED: replace(PAUSING, uncommitted_reader=False),
    Bug.ZOMBIE_OFFSETS_COUNT: PAUSING,
    Bug.LATE_WRITE_JOINS_NEXT: replace(CALM, retries_in_transactions=False),
    Bug.HALF_AN_ABORT: replace(CALM, abort_chance=0.3),
    Bug.MARKER_FORGOTTEN: replace(CALM, uncommitted_reader=False),
    Bug.OFFSETS_OF_ABORTED: replace(CALM, abort_chance=0.3),
    Bug.OLD_GENERATION_COMMITS: replace(CALM, strike_until_ns=1195 * MS, member_pause_chance=0.4),
}
"""The plans of the bugs for which the usual one is not enough."""


def plan_for(bugs: frozenset[Bug]) -> Plan:
    """Return the plan in which planted bugs come to strike; several at once are left to chance."""
    if not bugs:
        return Plan()
    first = min(bugs, key=lambda bug: bug.name)
    return OPPORTUNITIES.get(first, CALM)
