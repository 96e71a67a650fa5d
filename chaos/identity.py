"""A broker with the identity of another cluster: it refuses to start until it has its own back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chaos.agent import DEADLINE_S, Agent
from chaos.disk import MOUNTED_AT, THE_VOLUME
from chaos.vain import StartsAgain, StartsInVain
from harness.cluster.pods import KAFKA, Cluster
from harness.remedies import Remedy
from harness.verdict import Inconclusive

WRONG_ID = "AAAAAAAAAAAAAAAAAAAAAA"
READ_HERE = f"grep -hs ^cluster.id= {MOUNTED_AT[KAFKA]}/meta.properties {MOUNTED_AT[KAFKA]}/*/meta.properties"
CLUSTER_ID = re.compile(r"^cluster\.id=(\S+)$", re.MULTILINE)

# $1: the volume, $2: a cluster id, $3: the container, $4: the id of before.
FIND_IDENTITY = (
    THE_VOLUME
    + """
file=$(find "$folder" -maxdepth 2 -name meta.properties | head -n 1)
[[ $file ]] || { echo "volume $1 has no meta.properties" >&2; exit 1; }
"""
)
WRITE_ID = FIND_IDENTITY + 'sed -i "s/^cluster\\.id=.*/cluster.id=$2/" "$file"\n'
WRITE_ID_AND_END = WRITE_ID + 'for pid in $(pids "$3"); do kill -KILL "$pid"; done; true\n'
RESTORE_ID = 'set -- "$1" "$4"\n' + WRITE_ID
READ_ID = FIND_IDENTITY + 'grep ^cluster.id= "$file"\n'


@dataclass(frozen=True, kw_only=True)
class OwnClusterId(StartsAgain):
    """The volume of a broker has the id of its own cluster."""

    cluster_id: str

    def wrong(self, agent: Agent) -> str:
        found = CLUSTER_ID.search(agent.run(self.node, READ_ID, self.volume))
        if found is None:
            raise Inconclusive(f"the volume of {self.pod} does not say to which cluster it belongs")
        return "" if found[1] == self.cluster_id else f"belongs to cluster {found[1]}"

    def put_right(self, agent: Agent) -> None:
        agent.run(self.node, WRITE_ID, self.volume, self.cluster_id)


class WrongClusterId(StartsInVain):
    """A broker finds on its volume that it belongs to another cluster, and ends at each start."""

    name = "volume of another cluster"
    errors = ("Invalid cluster.id in", "InconsistentClusterIdException")

    def __init__(self, cluster: Cluster, broker: str, *, deadline_s: int = DEADLINE_S) -> None:
        super().__init__(cluster, broker, deadline_s=deadline_s)
        told = cluster.run(broker, ["bash", "-c", READ_HERE])
        found = CLUSTER_ID.search(told.stdout)
        if found is None or found[1] == WRONG_ID:
            raise Inconclusive(f"{broker} does not say to which cluster it belongs: {told.stderr.strip()[-200:]}")
        self._cluster_id = found[1]

    def undoings(self) -> tuple[Remedy, ...]:
        return tuple(
            OwnClusterId(
                agent=self._agent.name,
                pod=target.pod,
                node=target.node,
                volume=self._volume,
                cluster_id=self._cluster_id,
            )
            for target in self._targets
        )

    def inject(self) -> None:
        (target,) = self._targets
        arguments = (self._volume, WRONG_ID, target.container, self._cluster_id)
        self._agent.strike(target.node, *arguments, do=WRITE_ID_AND_END, undo=RESTORE_ID, deadline_s=self._deadline_s)
