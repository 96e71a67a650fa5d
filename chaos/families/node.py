"""Nodes that are drained, and nodes that are not seen any more."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.lostnode import LASTS_S, KubeletStopped, NodeCutOff
from chaos.node import Drain
from harness.families import BROKERS, Family, Ground, Span
from harness.faults import Fault


def _drained(ground: Ground, pods: Sequence[str]) -> Fault:
    return Drain(ground.kubernetes, *pods)


def _without_kubelet(ground: Ground, pods: Sequence[str]) -> Fault:
    return KubeletStopped(ground.kubernetes, *pods)


def _cut_off(ground: Ground, pods: Sequence[str]) -> Fault:
    return NodeCutOff(ground.kubernetes, *pods)


DRAIN = Family(
    name="drain",
    group="node",
    what="the node of a broker is cordoned and its pods are evicted",
    make=_drained,
    victims=BROKERS,
    lasts=Span(least_s=5, most_s=60),
    alone=True,
)
KUBELET_STOPPED = Family(
    name="kubelet-stopped",
    group="node",
    what=f"the kubelet of a broker's node stands still for {LASTS_S} s",
    make=_without_kubelet,
    victims=BROKERS,
    alone=True,
    proof_s=LASTS_S,
)
NODE_CUT_OFF = Family(
    name="node-cut-off",
    group="node",
    what=f"nothing reaches the node of a broker for {LASTS_S} s",
    make=_cut_off,
    victims=BROKERS,
    alone=True,
    proof_s=LASTS_S,
)
