"""An ensemble without a quorum, and sessions that end."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.zookeeper import QuorumLoss, SessionExpiry
from harness.families import BROKERS, Family, Ground, Span
from harness.faults import Fault


def _quorum_lost(ground: Ground, _: Sequence[str]) -> Fault:
    return QuorumLoss(ground.kubernetes)


def _session_expired(ground: Ground, pods: Sequence[str]) -> Fault:
    return SessionExpiry(ground.kubernetes, *pods, admin=ground.admin)


QUORUM_LOSS = Family(
    name="quorum-loss",
    group="zookeeper",
    what="a majority of the ZooKeeper members is paused",
    make=_quorum_lost,
    lasts=Span(least_s=10, most_s=40),
    alone=True,
)
SESSION_EXPIRY = Family(
    name="session-expiry",
    group="zookeeper",
    what="a broker's ZooKeeper session ends although the broker lives",
    make=_session_expired,
    victims=BROKERS,
    lasts=Span(least_s=10, most_s=60),
)
