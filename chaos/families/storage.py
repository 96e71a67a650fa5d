"""What a broker has stored is lost, is not its own, or cannot be added to."""

from __future__ import annotations

from chaos.identity import WrongClusterId
from chaos.readonly import ReadOnlyVolume
from chaos.storage import VolumeLost
from chaos.vain import PROOF_S
from harness.families import AWHILE, BROKERS, Family

VOLUME_LOSS = Family(
    name="volume-loss",
    group="storage",
    what="a broker ends and finds its volume empty",
    make=lambda ground, pods: VolumeLost(ground.kubernetes, *pods),
    victims=BROKERS,
    alone=True,
)
WRONG_CLUSTER_ID = Family(
    name="wrong-cluster-id",
    group="storage",
    what="a broker finds the volume of another cluster, and ends at each start",
    make=lambda ground, pods: WrongClusterId(ground.kubernetes, *pods),
    victims=BROKERS,
    proof_s=PROOF_S,
    lasts=AWHILE,
)
READ_ONLY = Family(
    name="read-only",
    group="storage",
    what="a broker ends and may not write to its volume",
    make=lambda ground, pods: ReadOnlyVolume(ground.kubernetes, *pods),
    victims=BROKERS,
    proof_s=PROOF_S,
    lasts=AWHILE,
)
