"""Process faults: three different ways for a broker or a ZooKeeper member to end.

A graceful delete lets it hand over; a forced delete gives it about two seconds; a crash in place gives it none and
keeps the pod, its address and its volume.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from harness.protocols import Cluster, Identity
from harness.remedies import Remedy
from harness.verdict import Inconclusive


class PodEnds(ABC):
    """What all process faults share: one pod ends, Kubernetes brings it back, and its identity proves both."""

    name: str

    def __init__(self, cluster: Cluster, pod: str) -> None:
        before = cluster.identity(pod)
        if before is None:
            raise Inconclusive(f"{pod} is not running, so it cannot be made to end")
        self._cluster, self._pod, self._before = cluster, pod, before

    def plan(self) -> tuple[str, ...]:
        return (self._pod,)

    def remedies(self) -> tuple[Remedy, ...]:
        """Return none: whoever is there or not, the StatefulSet makes the pod again."""
        return ()

    @abstractmethod
    def inject(self) -> None: ...

    def proof_of_injection(self) -> dict[str, object] | None:
        now = self._cluster.identity(self._pod)
        if now is None or not self.is_another(self._before, now):
            return None
        return {"pod": self._pod, "before": self._before.as_json(), "after": now.as_json()}

    @staticmethod
    @abstractmethod
    def is_another(before: Identity, now: Identity) -> bool:
        """Say whether the identity now proves that the process before has ended the way this fault ends it."""

    def heal(self) -> None:  # noqa: B027 (not abstract: for most of these faults this is all there is to do)
        """Leave it to Kubernetes: the StatefulSet makes the pod again."""

    def proof_of_healing(self) -> dict[str, object] | None:
        if self.proof_of_injection() is None or not self._cluster.is_ready(self._pod):
            return None
        return {"pod": self._pod, "ready": True}


class GracefulDelete(PodEnds):
    """The pod is deleted with its own grace period: SIGTERM, an orderly hand-over, a new pod."""

    name = "graceful pod delete"

    def inject(self) -> None:
        self._cluster.delete_pod(self._pod, grace_s=None)

    @staticmethod
    def is_another(before: Identity, now: Identity) -> bool:
        return before.uid != now.uid


class ForcedDelete(GracefulDelete):
    """The pod is deleted with grace period 0: the object goes at once, the process within about two seconds."""

    name = "forced pod delete"

    def inject(self) -> None:
        self._cluster.delete_pod(self._pod, grace_s=0)


class CrashInPlace(PodEnds):
    """The process dies without a shutdown hook and its container is restarted in the same pod.

    Signal 9 is ignored from inside a container (the kernel protects a namespace's first process), SEGV is not.
    """

    name = "crash in place"

    def inject(self) -> None:
        self._cluster.run(self._pod, ["bash", "-c", "kill -SEGV 1"])

    @staticmethod
    def is_another(before: Identity, now: Identity) -> bool:
        return before.uid == now.uid and now.restarts > before.restarts
