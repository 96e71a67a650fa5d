"""What an operator does: all brokers are restarted or get another release, an image is wrong, one more joins."""

from __future__ import annotations

from chaos.badimage import BadImage
from chaos.release import NextRelease
from chaos.rollout import RollingRestart
from chaos.scaleup import OneMoreBroker
from harness import budget
from harness.families import AWHILE, Family

ROLL = Family(
    name="rolling-restart",
    group="change",
    what="every broker is replaced in turn",
    make=lambda ground, _: RollingRestart(ground.kubernetes),
    alone=True,
    proof_s=600,
    budget=lambda _: budget.rolling(),
)
NEXT_RELEASE = Family(
    name="next-release",
    group="change",
    what="every broker is replaced in turn by one of the next release, and goes back",
    make=lambda ground, _: NextRelease(ground.kubernetes),
    lasts=AWHILE,
    alone=True,
    proof_s=600,
    budget=lambda _: budget.rolling(),
)
ONE_MORE_BROKER = Family(
    name="one-more-broker",
    group="change",
    what="one more broker joins, and goes again",
    make=lambda ground, _: OneMoreBroker(ground.kubernetes),
    lasts=AWHILE,
    alone=True,
    proof_s=120,
)
BAD_IMAGE = Family(
    name="bad-image",
    group="change",
    what="all brokers are asked to roll to an image that cannot be had",
    make=lambda ground, _: BadImage(ground.kubernetes),
    lasts=AWHILE,
    alone=True,
)
