"""Storage faults: what a broker has stored is lost, and comes back from its peers or not at all."""

from __future__ import annotations

from chaos.agent import DEADLINE_S
from chaos.by_agent import ByAgent
from chaos.disk import THE_VOLUME, volume_of
from chaos.pause import GO_ON, Resumed
from chaos.vain import NotKeptWaiting
from harness.cluster.pods import Cluster, Identity
from harness.remedies import Remedy

# $1: the volume, $2: the container. It is stopped first, so that it writes nothing to a volume that is being emptied.
LOSE = (
    THE_VOLUME
    + """
stored() { find "$folder" -mindepth 1 -name lost+found -prune -o -type f -print | wc -l; }
for look in 1 2 3; do for pid in $(pids "$2"); do kill -STOP "$pid"; done; done
before=$(stored)
find "$folder" -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +
echo "$before $(stored)"
for pid in $(pids "$2"); do kill -KILL "$pid"; done
true
"""
)
LET_GO_ON = 'set -- "$2"\n' + GO_ON


class VolumeLost(ByAgent):
    """A broker ends and finds its volume empty, as after a lost disk; its peers have to fill it again.

    The claim stays: that a provisioner makes a new volume is not Kafka's to show. Proven by files that were there and
    are not, and by the container's end. Nothing undoes it but the replicas on the other brokers.
    """

    name = "loss of a broker's volume"

    def __init__(self, cluster: Cluster, broker: str, *, deadline_s: int = DEADLINE_S) -> None:
        super().__init__(cluster, [broker], deadline_s=deadline_s)
        self._volume, self._before = volume_of(cluster, broker), cluster.identity(broker)
        self._files: tuple[int, ...] = ()

    def undoings(self) -> tuple[Remedy, ...]:
        (target,) = self._targets
        resumed = Resumed(agent=self._agent.name, pod=target.pod, node=target.node, container=target.container)
        return resumed, NotKeptWaiting(target.pod)

    def inject(self) -> None:
        (target,) = self._targets
        arguments = (self._volume, target.container)
        wrote = self._agent.strike(target.node, *arguments, do=LOSE, undo=LET_GO_ON, deadline_s=self._deadline_s)
        self._files = tuple(int(number) for number in wrote.split())

    def proof_of_injection(self) -> dict[str, object] | None:
        (target,), now = self._targets, self._cluster.identity(self.plan()[0])
        if len(self._files) != 2 or self._files[0] == 0 or self._files[1] != 0:
            return None
        if now is None or self._before is None or not _has_ended(self._before, now):
            return None
        lost = {"files_before": self._files[0], "files_after": self._files[1]}
        return {"pod": target.pod, **lost, "before": self._before.as_json(), "after": now.as_json()}

    def proof_of_healing(self) -> dict[str, object] | None:
        if self.proof_of_injection() is None or not (self._all_ready() and self._is_undone()):
            return None
        return {"ready": list(self.plan())}


def _has_ended(before: Identity, now: Identity) -> bool:
    """Say whether a container is another one, or none: it is not always started again at once."""
    return now.restarts > before.restarts or not now.started_at
