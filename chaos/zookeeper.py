"""ZooKeeper faults: an ensemble without a quorum, and a broker whose session ends although it lives.

That a member ends is a process fault (`chaos.process`), that all end a cold start (`chaos.coldstart`).
"""

from __future__ import annotations

from chaos.agent import DEADLINE_S
from chaos.network import Partition, without_zookeeper
from chaos.pause import Pause
from harness.clients import zookeeper
from harness.cluster.pods import PORT, Cluster, number_of
from harness.protocols import Admin
from harness.verdict import Inconclusive

NOT_SERVING = "not currently serving requests"
"""What a member answers that has no quorum to lead or to follow."""


class QuorumLoss(Pause):
    """So many members are paused that those left are no majority: the ensemble serves nobody.

    The leader is left, so that a member that lives is seen to step down; that takes `syncLimit` ticks. Proven by the
    paused processes and by all others, which answer that they do not serve: silence would prove nothing.
    """

    name = "loss of the ZooKeeper quorum"

    def __init__(self, cluster: Cluster, *, deadline_s: int = DEADLINE_S) -> None:
        members, leading = cluster.zookeepers, _leading(cluster)
        if len(leading) != 1 or len(members) < 3:
            raise Inconclusive(f"of {len(members)} ZooKeeper members {leading} lead, expected one of three or more")
        followers = [pod for pod in members if pod not in leading]
        kept = (len(members) - 1) // 2 - 1
        self._left = (*leading, *followers[:kept])
        super().__init__(cluster, followers[kept:], deadline_s=deadline_s)

    def proof_of_injection(self) -> dict[str, object] | None:
        answers = {pod: zookeeper.ask(self._cluster.address(pod), "srvr") or "" for pod in self._left}
        if not all(NOT_SERVING in answer for answer in answers.values()):
            return None
        paused = super().proof_of_injection()
        return None if paused is None else {**paused, "answers": answers}

    def proof_of_healing(self) -> dict[str, object] | None:
        leading = _leading(self._cluster)
        healed = super().proof_of_healing() if len(leading) == 1 else None
        return None if healed is None else {**healed, "leader": leading[0]}


class SessionExpiry(Partition):
    """A broker hears ZooKeeper no more for longer than its session lasts, while peers and clients still reach it.

    Proven, beyond the partition, by a peer that does not count it any more, and by its process being the same. It is a
    peer that is asked, by a client that begins anew each time and asks it first: the broker itself goes on believing in
    its session, and a client that has once asked it would go on asking it.
    """

    name = "expiry of a broker's ZooKeeper session"

    def __init__(self, cluster: Cluster, broker: str, *, admin: Admin, deadline_s: int = DEADLINE_S) -> None:
        super().__init__(cluster, without_zookeeper(cluster, broker), deadline_s=deadline_s)
        peer = next((pod for pod in cluster.brokers if pod != broker), None)
        if peer is None:
            raise Inconclusive("there is no other broker, so nobody could tell that the session has ended")
        self._admin, self._peer = admin, f"{cluster.address(peer)}:{PORT}"
        self._broker, self._number = broker, number_of(broker)
        self._before = cluster.identity(broker)

    def proof_of_injection(self) -> dict[str, object] | None:
        parted = super().proof_of_injection()
        registered = self._registered() if parted else ()
        if not parted or self._number in registered or self._cluster.identity(self._broker) != self._before:
            return None
        return {**parted, "registered_brokers": list(registered), "same_process": True}

    def proof_of_healing(self) -> dict[str, object] | None:
        healed = super().proof_of_healing()
        if healed is None or self._number not in self._registered():
            return None
        return {**healed, "registered_again": self._number}

    def _registered(self) -> tuple[int, ...]:
        return self._admin.seen_by(self._peer).brokers()


def _leading(cluster: Cluster) -> list[str]:
    modes = zookeeper.modes([cluster.address(pod) for pod in cluster.zookeepers]).values()
    return [pod for pod, mode in zip(cluster.zookeepers, modes, strict=True) if mode == "leader"]
