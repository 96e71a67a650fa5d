"""Nodes that are drained, and nodes that are not seen any more."""

from __future__ import annotations

from chaos.lostnode import LASTS_S, KubeletStopped, LostNode, NodeCutOff, NodePowerOff
from chaos.node import Drain
from harness.families import AWHILE, BROKERS, Family

DRAIN = Family(
    name="drain",
    group="node",
    what="the node of a broker is cordoned and its pods are evicted",
    make=lambda ground, pods: Drain(ground.kubernetes, *pods),
    victims=BROKERS,
    lasts=AWHILE,
    alone=True,
)


def _lost(name: str, what: str, kind: type[LostNode]) -> Family:
    """Return the family of a node that is not seen any more until its agent undoes that."""
    return Family(
        name=name,
        group="node",
        what=f"{what} for {LASTS_S} s",
        make=lambda ground, pods: kind(ground.kubernetes, *pods),
        victims=BROKERS,
        alone=True,
        proof_s=LASTS_S,
    )


KUBELET_STOPPED = _lost("kubelet-stopped", "the kubelet of a broker's node stands still", KubeletStopped)
NODE_CUT_OFF = _lost("node-cut-off", "nothing reaches the node of a broker", NodeCutOff)
NODE_POWER_OFF = _lost(
    "node-power-off", "the pods on the node of a broker end at once, and it says nothing", NodePowerOff
)
