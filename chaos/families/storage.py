"""What a broker has stored is lost."""

from __future__ import annotations

from chaos.storage import VolumeLost
from harness.families import BROKERS, Family

VOLUME_LOSS = Family(
    name="volume-loss",
    group="storage",
    what="a broker ends and finds its volume empty",
    make=lambda ground, pods: VolumeLost(ground.kubernetes, *pods),
    victims=BROKERS,
    alone=True,
)
