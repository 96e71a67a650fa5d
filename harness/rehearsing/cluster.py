"""The rehearsed cluster: three brokers in pods that end and come back, without a Kubernetes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from harness.rehearsal.clock import MS
from harness.rehearsal.cluster import Cluster
from harness.rehearsal.world import World
from harness.verdict import Inconclusive

NOT_HERE = "not on the rehearsal cluster: it needs a real Kubernetes"
CRASH = ("bash", "-c", "kill -SEGV 1")
"""The one command that a pod of a rehearsal can run."""

GOODBYE_NS = 50 * MS
CONTAINER_BACK_NS = 1000 * MS
POD_BACK_NS = 2000 * MS
LEADERS_BACK_NS = 1500 * MS
"""How long a broker takes to hand over, a container to start again, a new pod to be there, its leaders to return."""


@dataclass(frozen=True, kw_only=True)
class Pod:
    """One incarnation of a broker's pod, and whether its process runs."""

    number: int
    uid: str
    restarts: int = 0
    runs: bool = True

    def as_json(self) -> dict[str, object]:
        return {"uid": self.uid, "restarts": self.restarts}


class RehearsedCluster:
    """What `harness.cluster.pods.Cluster` is for pods; whoever asks for more than trials need is told that it is not.

    The model's controller is none of its brokers and never fails. Here a broker stands for it, and another one takes
    over when that one ends, so that clients see what they would see.
    """

    def __init__(self, model: Cluster) -> None:
        self.model = model
        self._world: World = model.world
        self._pods = {
            f"kafka-{number}": Pod(number=number, uid=f"kafka-{number}-incarnation-1") for number in model.brokers
        }
        self.controller = max(model.brokers)

    @property
    def brokers(self) -> tuple[str, ...]:
        return tuple(self._pods)

    @property
    def zookeepers(self) -> tuple[str, ...]:
        raise Inconclusive(NOT_HERE)

    def address(self, pod: str) -> str:  # noqa: ARG002
        """Return no address: nobody listens at it."""
        raise Inconclusive(NOT_HERE)

    def broker_pod(self, broker: int) -> str:
        return f"kafka-{broker}"

    def identity(self, name: str) -> Pod | None:
        """Return the incarnation of a pod whose process runs."""
        pod = self._pods[name]
        return pod if pod.runs else None

    def is_ready(self, name: str) -> bool:
        """Say whether a broker runs and is registered."""
        pod = self._pods[name]
        return pod.runs and self.model.brokers[pod.number].up and pod.number in self.model.controller.live

    def all_ready(self) -> bool:
        return all(self.is_ready(pod) for pod in self._pods)

    def delete_pod(self, name: str, *, grace_s: int | None) -> None:
        """Let a broker hand over (None) or not (0), end, and come back in a new pod."""
        pod = self._pods[name]
        incarnation = int(pod.uid.rsplit("-", 1)[1]) + 1
        reborn = Pod(number=pod.number, uid=f"{name}-incarnation-{incarnation}")
        if grace_s is None:
            self._hand_over(pod.number)
        self._world.clock.after(GOODBYE_NS if grace_s is None else 0, self._end, name)
        self._world.clock.after(POD_BACK_NS, self._begin, name, reborn)

    def run(self, pod: str, command: Sequence[str], *, timeout_s: float = 30) -> None:  # noqa: ARG002
        """Run the one command that is known here: the process kills itself, and its container starts again."""
        if tuple(command) != CRASH:
            raise Inconclusive(NOT_HERE)
        before = self._pods[pod]
        self._end(pod)
        self._world.clock.after(CONTAINER_BACK_NS, self._begin, pod, replace(before, restarts=before.restarts + 1))

    def _hand_over(self, number: int) -> None:
        for partition in self.model.partitions.values():
            heirs = sorted(partition.isr - {number})
            if partition.leader == number and heirs:
                self.model.controller.move(partition, heirs[0])

    def _end(self, name: str) -> None:
        pod = self._pods[name]
        self._pods[name] = replace(pod, runs=False)
        self.model.crash(pod.number)
        if pod.number == self.controller:
            self.controller = max(other.number for other in self._pods.values() if other.number != pod.number)

    def _begin(self, name: str, pod: Pod) -> None:
        self._pods[name] = pod
        self.model.restart(pod.number)
        self._world.clock.after(LEADERS_BACK_NS, self._lead_again, pod.number)

    def _lead_again(self, number: int) -> None:
        """Give a broker the partitions back that prefer it, as brokers do after a while."""
        for partition in self.model.partitions.values():
            if next(iter(partition.replicas)) == number:
                self.model.controller.move(partition, number)

    if not TYPE_CHECKING:  # or every attribute would seem to be there

        def __getattr__(self, name: str) -> NoReturn:
            raise Inconclusive(NOT_HERE)
