"""Disk faults: the volume of a pod has less room than it declares, or none.

The room is taken by one file at the root of the volume, beside the broker's own folder. It is put there and taken away
on the node: a broker whose disk is full may not live long enough to be asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaos.agent import DEADLINE_S, hands
from chaos.by_agent import ByAgent
from harness.cluster.objects import volume_at
from harness.cluster.pods import Cluster
from harness.remedies import Remedy
from harness.verdict import Inconclusive

FULL = 1.0
MOUNTED_AT = {"kafka": "/var/lib/kafka/data", "zookeeper": "/var/lib/zookeeper/data"}

# $1: the persistent volume as the kubelet mounts it (a CSI driver's one folder deeper), $2: the file's name.
FIND_VOLUME = """
folder=
for one in /host/var/lib/kubelet/pods/*/volumes/*/"$1"/mount /host/var/lib/kubelet/pods/*/volumes/*/"$1"; do
  [[ -d $one ]] && { folder=$one; break; }
done
room() { df --block-size=1 --output="$1" "$folder" | tail -n 1 | tr -d ' '; }
"""
MOUNTED = '[[ $folder ]] || { echo "volume $1 is not mounted here" >&2; exit 1; }\n'
THE_VOLUME = FIND_VOLUME + MOUNTED
"""Finds the volume or refuses; what undoes a fault has nothing to do where it is not mounted any more."""

# The last of a full disk is written, as no file of just that size can be reserved: by nobody in particular, for whom
# the reserve of root is not there, but opened by root, who alone may look into the kubelet's folder.
THE_REST = """
exec 9>>"$folder/$2"
setpriv --reuid=1000 --regid=1000 --clear-groups dd if=/dev/zero bs=64K >&9 2>/dev/null
"""
# $3: how much of the room that is not root's alone shall be taken, in thousandths.
FILL = (
    THE_VOLUME
    + """
used=$(room used); free=$(room avail)
wanted=$(( (used + free) * $3 / 1000 - used ))
(( wanted > 0 )) || { echo "the volume is fuller than that: $used used, $free free" >&2; exit 1; }
(( $3 == 1000 && wanted > 33554432 )) && wanted=$(( wanted - 33554432 ))
fallocate --length "$wanted" "$folder/$2" || exit
(( $3 == 1000 )) && {"""
    + THE_REST
    + """}
true
"""
)
TOP_UP = THE_VOLUME + THE_REST + "true\n"
EMPTY = (
    FIND_VOLUME
    + """
[[ $folder ]] && rm -f "$folder/$2"; true
"""
)
MEASURE = THE_VOLUME + 'echo "$(room used) $(room avail) $(stat -c %s "$folder/$2" 2>/dev/null || echo 0)"\n'


@dataclass(frozen=True, kw_only=True)
class Emptied(Remedy):
    """The file that takes the room of a volume is removed."""

    agent: str
    pod: str
    node: str
    volume: str
    file: str

    def apply(self, cluster: Cluster) -> None:
        with hands(cluster, self.agent) as agent:
            agent.run(self.node, EMPTY, self.volume, self.file)

    def remains(self, cluster: Cluster) -> str:
        with hands(cluster, self.agent) as agent:
            size_bytes = agent.run(self.node, MEASURE, self.volume, self.file).split()[2]
        return f"{self.file} takes {size_bytes} bytes of the volume of {self.pod}" if size_bytes != "0" else ""


class DiskFill(ByAgent):
    """The volume of a pod is filled to a share of its room, or wholly; proven by what the file system itself counts."""

    name = "disk fill"

    def __init__(self, cluster: Cluster, pod: str, *, share: float = FULL, deadline_s: int = DEADLINE_S) -> None:
        if not 0 < share <= FULL:
            raise ValueError(f"got share={share}, expected more than 0 and at most {FULL:g}")
        super().__init__(cluster, [pod], deadline_s=deadline_s)
        self._volume, self._thousandths, self._undone = volume_of(cluster, pod), round(share * 1000), False
        self._file = f"harness-fault-{self._agent.name.rpartition('-')[2]}"

    def undoings(self) -> tuple[Remedy, ...]:
        return tuple(
            Emptied(agent=self._agent.name, pod=target.pod, node=target.node, volume=self._volume, file=self._file)
            for target in self._targets
        )

    def inject(self) -> None:
        self._undone = False
        arguments = (self._volume, self._file, str(self._thousandths))
        for target in self._targets:
            self._agent.strike(target.node, *arguments, do=FILL, undo=EMPTY, deadline_s=self._deadline_s)

    def keep_full(self) -> None:
        """Take what room there is again: a broker goes on deleting segments of topics that were deleted before."""
        if self._agent.is_there():
            for target in self._targets:
                self._agent.run(target.node, TOP_UP, self._volume, self._file)

    def proof_of_injection(self) -> dict[str, object] | None:
        if not self._agent.is_there():
            return None
        (target,) = self._targets
        seen = self._agent.run(target.node, MEASURE, self._volume, self._file)
        used_bytes, free_bytes, file_bytes = (int(number) for number in seen.split())
        share = used_bytes / (used_bytes + free_bytes)
        # A broker may take a segment away while its disk is filled, so the last thousandth is not asked for.
        if not file_bytes or share * 1000 < self._thousandths - 1:
            return None
        return {"pod": target.pod, "file_bytes": file_bytes, "free_bytes": free_bytes, "used_share": round(share, 4)}

    def proof_of_healing(self) -> dict[str, object] | None:
        self._undone = self._undone or self._is_undone()
        if not (self._undone and self._all_ready()):
            return None
        return {"file_bytes": 0, "ready": list(self.plan())}


def volume_of(cluster: Cluster, pod: str) -> str:
    """Return the name of the persistent volume on which a pod stores its data."""
    name = volume_at(cluster, pod, MOUNTED_AT[pod.rpartition("-")[0]]).name
    if not name:
        raise Inconclusive(f"{pod} has no persistent volume")
    return name
