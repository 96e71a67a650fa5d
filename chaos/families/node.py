"""Nodes that are drained, and nodes that are not seen any more."""

from __future__ import annotations

from chaos.lostnode import LASTS_S, KubeletStopped, NodeCutOff, NodePowerOff
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
KUBELET_STOPPED = Family(
    name="kubelet-stopped",
    group="node",
    what=f"the kubelet of a broker's node stands still for {LASTS_S} s",
    make=lambda ground, pods: KubeletStopped(ground.kubernetes, *pods),
    victims=BROKERS,
    alone=True,
    proof_s=LASTS_S,
)
NODE_CUT_OFF = Family(
    name="node-cut-off",
    group="node",
    what=f"nothing reaches the node of a broker for {LASTS_S} s",
    make=lambda ground, pods: NodeCutOff(ground.kubernetes, *pods),
    victims=BROKERS,
    alone=True,
    proof_s=LASTS_S,
)
NODE_POWER_OFF = Family(
    name="node-power-off",
    group="node",
    what=f"the pods on the node of a broker end at once, and it says nothing for {LASTS_S} s",
    make=lambda ground, pods: NodePowerOff(ground.kubernetes, *pods),
    victims=BROKERS,
    alone=True,
    proof_s=LASTS_S,
)
