"""What an operator does: all brokers are restarted in turn, an image is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.badimage import BadImage
from chaos.rollout import RollingRestart
from harness import budget
from harness.families import Family, Ground, Span
from harness.faults import Fault


def _rolled(ground: Ground, _: Sequence[str]) -> Fault:
    return RollingRestart(ground.kubernetes)


def _wrong_image(ground: Ground, _: Sequence[str]) -> Fault:
    return BadImage(ground.kubernetes)


ROLL = Family(
    name="rolling-restart",
    group="change",
    what="every broker is replaced in turn",
    make=_rolled,
    alone=True,
    proof_s=600,
    budget=lambda _: budget.rolling(),
)
BAD_IMAGE = Family(
    name="bad-image",
    group="change",
    what="all brokers are asked to roll to an image that cannot be had",
    make=_wrong_image,
    lasts=Span(least_s=5, most_s=60),
    alone=True,
)
