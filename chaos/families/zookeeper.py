"""An ensemble without a quorum, and sessions that end."""

from __future__ import annotations

from chaos.zookeeper import QuorumLoss, SessionExpiry
from harness.families import BROKERS, Family, Span

QUORUM_LOSS = Family(
    name="quorum-loss",
    group="zookeeper",
    what="a majority of the ZooKeeper members is paused",
    make=lambda ground, _: QuorumLoss(ground.kubernetes),
    lasts=Span(least_s=10, most_s=40),
    alone=True,
)
SESSION_EXPIRY = Family(
    name="session-expiry",
    group="zookeeper",
    what="a broker's ZooKeeper session ends although the broker lives",
    make=lambda ground, pods: SessionExpiry(ground.kubernetes, *pods, admin=ground.admin),
    victims=BROKERS,
    lasts=Span(least_s=10, most_s=60),
)
