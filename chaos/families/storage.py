"""What a broker has stored is lost."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.storage import VolumeLost
from harness.families import BROKERS, Family, Ground
from harness.faults import Fault


def _lost(ground: Ground, pods: Sequence[str]) -> Fault:
    return VolumeLost(ground.kubernetes, *pods)


VOLUME_LOSS = Family(
    name="volume-loss",
    group="storage",
    what="a broker ends and finds its volume empty",
    make=_lost,
    victims=BROKERS,
    alone=True,
)
