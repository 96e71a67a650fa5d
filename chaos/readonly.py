"""A read-only volume: a broker that starts on it finds that it may write nothing, and ends.

The mount by which the kubelet hands the volume to the pod is made read-only, not the file system: it cannot be while
files are open, and whoever else uses it is not meant. A container gets the mount as it is when it starts.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaos.agent import Agent
from chaos.disk import FIND_VOLUME, MOUNTED
from chaos.vain import StartsAgain, StartsInVain
from harness.remedies import Remedy

# $1: the volume, $2: the container. The mounts of pods are their kubelet's, mostly those of the node's first process;
# an agent has its own. Several nodes on one machine have a kubelet each.
FIND_MOUNT = (
    FIND_VOLUME
    + """
mount=${folder#/host}
keeper=
for one in $(grep -lsx kubelet /proc/[0-9]*/comm | cut -d/ -f3) 1; do
  grep -qsF " $mount " "/proc/$one/mountinfo" && { keeper=$one; break; }
done
options() { [[ $keeper ]] && awk -v at="$mount" '$5 == at {print $6}' "/proc/$keeper/mountinfo" | tail -n 1; }
remount() { nsenter --mount="/proc/$keeper/ns/mnt" -- mount -o "remount,bind,$1" "$mount"; }
"""
)
FORBID = (
    FIND_MOUNT
    + MOUNTED
    + """
[[ $keeper ]] || { echo "volume $1 is no mount of its own here" >&2; exit 97; }
remount ro || exit
for pid in $(pids "$2"); do kill -KILL "$pid"; done; true
"""
)

# A volume that is not mounted will be mounted anew, and that mount may be written to.
ALLOW = (
    FIND_MOUNT
    + """
[[ $folder && $keeper ]] && remount rw; true
"""
)
OPTIONS = (
    FIND_MOUNT
    + """
[[ $folder ]] || { echo none; exit; }
echo "$(options)"
"""
)


@dataclass(frozen=True, kw_only=True)
class Writable(StartsAgain):
    """The volume of a broker may be written to."""

    def wrong(self, agent: Agent) -> str:
        options = agent.run(self.node, OPTIONS, self.volume).strip().split(",")
        return "is read-only" if "ro" in options else ""

    def put_right(self, agent: Agent) -> None:
        agent.run(self.node, ALLOW, self.volume)


class ReadOnlyVolume(StartsInVain):
    """A broker ends and finds that it may not write to its volume, as after an error of the disk."""

    name = "read-only volume"
    errors = ("Read-only file system",)

    def undoings(self) -> tuple[Remedy, ...]:
        return tuple(
            Writable(agent=self._agent.name, pod=target.pod, node=target.node, volume=self._volume)
            for target in self._targets
        )

    def inject(self) -> None:
        (target,) = self._targets
        arguments = (self._volume, target.container)
        self._agent.strike(target.node, *arguments, do=FORBID, undo=ALLOW, deadline_s=self._deadline_s)
