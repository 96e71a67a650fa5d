"""The agent: privileged hands on a node, for faults that the API server cannot make; removed after use.

It runs the brokers' own image, which the nodes have already, and stands in a namespace of its own, because the one
under test may refuse privileged pods (the documented one does, and must go on doing so while faults happen). One pod
per node in use, bound to it by name: a scheduler would ask whether there is room, and a cordoned node has none.
It sees all processes of its node and enters the namespaces of a target with `nsenter`; the target is found by the id
of its pod or container in /proc/PID/cgroup, never by name. A tool that the image lacks is run from the node's own
root, which is mounted at /host; so are the node's cgroups.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from harness.cluster.connection import Refused, metadata
from harness.cluster.pods import KAFKA, Cluster
from harness.cluster.safety import MANAGED_BY
from harness.remedies import Remedy
from harness.verdict import Inconclusive, Unsupported
from harness.waiting import TimedOut, wait_until

AGENT_OF = "harness.greenfield/agent-of"
"""The label of an agent's namespace; its value is the namespace under test."""

DEADLINE_S = 300
START_BUDGET_S = 60.0
LACKS_A_TOOL = 97

# Undoes what is overdue, and everything when it is told to end: whoever removes an agent heals.
MAIN = """
mkdir -p /tmp/undo
undo() { bash "$1"; rm -f "$1"; }
trap 'for file in /tmp/undo/*; do [[ -e $file ]] && undo "$file"; done; exit 0' TERM
while true; do
  for file in /tmp/undo/*; do [[ -e $file ]] && (( ${file##*.} <= $(date +%s) )) && undo "$file"; done
  sleep 1 & wait $!
done
"""

# What every script may use. An id is that of a container or of a pod (a cgroup writes a pod's with - or with _). `one`
# gives a first process of a container: any other, such as a probe's, may be gone before its namespaces are entered.
PREAMBLE = """
pids() { grep -lsE -- "$1|${1//-/_}" /proc/[0-9]*/cgroup | cut -d/ -f3; }
one() {
  local pid
  for pid in $(pids "$1" | sort -n); do
    [[ $(awk '/^NSpid:/ {print $NF}' "/proc/$pid/status" 2>/dev/null) == 1 ]] && { echo "$pid"; return; }
  done
}
tool() {
  if command -v "$1" >/dev/null; then "$@"
  elif chroot /host sh -c 'command -v "$0"' "$1" >/dev/null 2>&1; then chroot /host "$@"
  else echo "neither the image nor the node has $1" >&2; exit 97; fi
}
inside() { local pid=$1; shift; nsenter --net="/proc/$pid/ns/net" -- "$@"; }
export -f tool
"""

# $1: seconds, $2: the script that undoes, $3: the script that does, then the arguments of both.
STRIKE = """
file=/tmp/undo/$RANDOM$RANDOM.$(( $(date +%s) + $1 )); undo=$2; do=$3; shift 3
printf '%q ' bash -c "$undo" undo "$@" > "/tmp/new.${file##*/}" && mv "/tmp/new.${file##*/}" "$file"
exec bash -c "$do" do "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One pod as an agent finds it: where it runs and by which ids."""

    pod: str
    node: str
    uid: str
    container: str
    address: str
    host: str

    @classmethod
    def of(cls, cluster: Cluster, pod: str) -> Target:
        """Read where a pod runs now; one that does not run cannot be harmed, which is Inconclusive."""
        found: Any = cluster.pod(pod)
        statuses = (found.status.container_statuses if found else None) or []
        if not statuses or not statuses[0].container_id or statuses[0].state.running is None:
            raise Inconclusive(f"{pod} is not running, so it cannot be harmed")
        return cls(
            pod=pod,
            node=found.spec.node_name,
            uid=found.metadata.uid,
            container=statuses[0].container_id.rpartition("/")[2],
            address=found.status.pod_ip,
            host=found.status.host_ip,
        )


@dataclass(frozen=True)
class Agent:
    """The hands of one fault; its name is that of its namespace."""

    cluster: Cluster
    name: str

    @classmethod
    def new(cls, cluster: Cluster) -> Agent:
        """Return an agent with a name that no other fault has; nothing is created."""
        return cls(cluster, f"{cluster.namespace}-agent-{secrets.token_hex(3)}")

    def run(self, node: str, script: str, *arguments: str, timeout_s: float = 30) -> str:
        """Run a script of bash on a node and return what it wrote.

        One that fails is Inconclusive; one that misses a tool is Unsupported.
        """
        self._ensure(node)
        command = ["bash", "-c", PREAMBLE + script, "agent", *arguments]
        done = self._own().run(node, command, timeout_s=timeout_s)
        said = done.stderr.strip().removesuffix(f"command terminated with exit code {done.returncode}").strip()
        if done.returncode == LACKS_A_TOOL:
            raise Unsupported(f"the agent on {node} cannot do that: {said}")
        if done.returncode != 0:
            raise Inconclusive(f"the agent on {node} ended with {done.returncode}: {said[-300:]}")
        return done.stdout

    def strike(self, node: str, *arguments: str, do: str, undo: str, deadline_s: int) -> str:
        """Run a script on a node after the one that undoes it was put down there, to run at a deadline at the latest.

        Both get the same arguments.
        """
        return self.run(node, STRIKE, str(deadline_s), PREAMBLE + undo, PREAMBLE + do, *arguments)

    def is_there(self) -> bool:
        """Say whether its namespace exists and is not on its way out."""
        try:
            found = self.cluster.connection.core.read_namespace(self.name)
        except Refused as refusal:
            if refusal.status == 404:
                return False
            raise
        return found.metadata is not None and found.metadata.deletion_timestamp is None

    def remove(self) -> None:
        """Delete its namespace, which ends its pods; ending, they undo what they did. One that is gone is fine."""
        try:
            self.cluster.connection.core.delete_namespace(self.name)
        except Refused as refusal:
            if refusal.status not in (404, 409):
                raise

    def _own(self) -> Cluster:
        return replace(self.cluster, namespace=self.name)

    def _ensure(self, node: str) -> None:
        own = self._own()
        if own.is_ready(node):
            return
        core = self.cluster.connection.core
        _create(lambda: core.create_namespace(namespace_body(self.name, under_test=self.cluster.namespace)))
        _create(lambda: core.create_namespaced_pod(self.name, pod_body(node, image=_image(self.cluster))))
        try:
            wait_until(lambda: own.is_ready(node), what=f"an agent on {node}", timeout_s=START_BUDGET_S)
        except TimedOut as late:
            raise Inconclusive(f"{late}: see `kubectl describe pod {node} -n {self.name}`") from late


def namespace_body(name: str, *, under_test: str) -> Any:
    """Return the namespace of an agent: privileged, labelled, and gone with everything in it."""
    labels = {**MANAGED_BY, AGENT_OF: under_test, "pod-security.kubernetes.io/enforce": "privileged"}
    return {"metadata": {"name": name, "labels": labels}}


def pod_body(node: str, *, image: str) -> Any:
    """Return the pod of an agent on one node; it asks for next to nothing: it takes nothing from the brokers."""
    container = {
        "name": "agent",
        "image": image,
        "command": ["bash", "-c", MAIN],
        "securityContext": {"privileged": True, "runAsUser": 0, "runAsGroup": 0},
        "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}},
        "volumeMounts": [{"name": "host", "mountPath": "/host"}],
    }
    return {
        "metadata": {"name": node, "labels": MANAGED_BY},
        "spec": {
            "nodeName": node,
            "hostPID": True,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 3,
            "tolerations": [{"operator": "Exists"}],
            "containers": [container],
            "volumes": [{"name": "host", "hostPath": {"path": "/"}}],
        },
    }


@contextmanager
def hands(cluster: Cluster, name: str) -> Iterator[Agent]:
    """Lend the agent of this name, or, when it is gone, another one for as long as it is needed."""
    agent = Agent(cluster, name)
    if agent.is_there():
        yield agent
        return
    stand_in = Agent(cluster, f"{name}-{secrets.token_hex(2)}")
    try:
        yield stand_in
    finally:
        stand_in.remove()


@dataclass(frozen=True, kw_only=True)
class AgentRemoved(Remedy):
    """An agent is removed; the last remedy of its fault, as the others may need it."""

    outlives_namespace: ClassVar[bool] = True
    agent: str

    def apply(self, cluster: Cluster) -> None:
        for name in self._left(cluster):
            Agent(cluster, name).remove()

    def remains(self, cluster: Cluster) -> str:
        """Say which agents are left; a stand-in that only looked is as good as gone once it is told to go."""
        left = [name for name, is_going in self._left(cluster).items() if name == self.agent or not is_going]
        return f"there is the agent's namespace {', '.join(left)}" if left else ""

    def _left(self, cluster: Cluster) -> dict[str, bool]:
        agents = agents_of(cluster).items()
        return {name: going for name, going in agents if name == self.agent or name.startswith(f"{self.agent}-")}


def agents_of(cluster: Cluster) -> dict[str, bool]:
    """Return the agents of a namespace under test, whoever made them, each with whether it is on its way out."""
    found = cluster.connection.core.list_namespace(label_selector=f"{AGENT_OF}={cluster.namespace}").items
    return {meta.name or "": meta.deletion_timestamp is not None for meta in map(metadata, found)}


def _image(cluster: Cluster) -> str:
    brokers: Any = cluster.stateful_set(KAFKA)
    return str(brokers.spec.template.spec.containers[0].image)


def _create(make: Callable[[], object]) -> None:
    try:
        make()
    except Refused as refusal:
        if refusal.status == 403:
            raise Unsupported(f"an agent may not be made here: {refusal.reason}") from refusal
        if refusal.status != 409:
            raise
