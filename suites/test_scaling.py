"""SCALE: one more broker joins, takes its share and gives it back; clients lose nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chaos.scaleup import OneMoreBroker
from harness import budget
from harness.claims import Level, clause
from harness.clients.admin import Partition
from harness.clients.reassigning import reassign
from harness.evidence import Evidence
from harness.trial import Patience
from harness.waiting import TimedOut, wait_until
from suites.ordeals.ordeal import Ordeal

pytest_plugins = ("suites.ordeals.fixtures",)

PATIENCE = Patience(proof_s=120.0, healing_s=300.0)
"""A broker starts within a minute; on its way out each partition is copied back."""

COPIED_BUDGET_S = 120.0


@clause("SCALE-01", level=Level.CERTIFY)
def test_one_more_broker(ordeal: Ordeal, evidence: Evidence) -> None:
    """When one more broker joins, takes over replicas and leaderships, and gives them back, clients hardly notice.

    The traffic of FAIL-01. The StatefulSet is asked for one broker more than was declared; it must be ready and
    registered. Then it takes the place of one replica in each partition of the topic, of the leader's too: it must have
    become one of the in-sync replicas of each. On the way back all of them return to where they were, and only then it
    goes, and its volume with it. The budget is that of a hand-over, all replicas must be equal by their SHA-256 at the
    end, and each acknowledged record must be read once and in order.
    Where there is no node for one more broker the clause is UNSUPPORTED.
    """
    fault = OneMoreBroker(ordeal.cluster)
    tried = ordeal.survive(
        fault,
        budget.announced_end(),
        meanwhile=lambda: hand_over(ordeal, evidence, newcomer=fault.number),
        patience=PATIENCE,
    )
    evidence.judge(*tried.judgements, ordeal.replicas_agree())


def hand_over(ordeal: Ordeal, evidence: Evidence, *, newcomer: int) -> None:
    """Let a newcomer take its share of the traffic's topic, and wait until it has it; fail when that takes too long."""
    wanted = shared_with(newcomer, ordeal.admin.describe(ordeal.topic))
    reassign(ordeal.cluster.bootstrap, wanted)

    def has_its_share() -> bool:
        return has_arrived(wanted, ordeal.admin.describe(ordeal.topic))

    try:
        wait_until(has_its_share, what=f"broker {newcomer} having its share", timeout_s=COPIED_BUDGET_S, every_s=0.5)
    except TimedOut as late:
        raise AssertionError(str(late)) from late
    evidence.fact(handed_over={one.key: list(one.replicas) for one in wanted})


def shared_with(newcomer: int, partitions: Sequence[Partition]) -> tuple[Partition, ...]:
    """Return partitions in which the newcomer has the place of one replica, each time of another one in the list."""
    return tuple(_with(newcomer, one, place=number % len(one.replicas)) for number, one in enumerate(partitions))


def _with(newcomer: int, partition: Partition, *, place: int) -> Partition:
    before, after = partition.replicas[:place], partition.replicas[place + 1 :]
    return replace(partition, replicas=(*before, newcomer, *after))


def has_arrived(wanted: Sequence[Partition], found: Sequence[Partition]) -> bool:
    """Say whether all partitions have the replicas that were wanted and no others, and all of these are in sync."""
    now = {one.key: one for one in found}
    return all(
        one.key in now and set(now[one.key].replicas) == set(one.replicas) == set(now[one.key].isr) for one in wanted
    )
