"""Cold starts: many pods end at the same moment, and nobody is left to hand anything over to."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from chaos.process import CrashInPlace, PodEnds
from harness.protocols import Cluster
from harness.remedies import Remedy
from harness.verdict import Inconclusive


class ColdStart:
    """Pods end all at once, each in the same way: by default they crash in place. Name all brokers, or all six pods.

    Proven when each has ended: one that lived on would have kept what the others lost.
    """

    name = "cold start"

    def __init__(self, cluster: Cluster, pods: Sequence[str], *, end: type[PodEnds] = CrashInPlace) -> None:
        if len(pods) < 2:
            raise Inconclusive(f"got {list(pods)} for a cold start, expected pods that end together")
        self._ends = [end(cluster, pod) for pod in pods]
        self.name = f"cold start by {end.name}"

    def plan(self) -> tuple[str, ...]:
        return tuple(pod for end in self._ends for pod in end.plan())

    def remedies(self) -> tuple[Remedy, ...]:
        """Return none: the StatefulSets and the kubelets start what has ended."""
        return ()

    def inject(self) -> None:
        """End all at the same time: one after the other would be a roll."""
        with ThreadPoolExecutor(max_workers=len(self._ends)) as pool:
            for done in [pool.submit(end.inject) for end in self._ends]:
                done.result()

    def proof_of_injection(self) -> dict[str, object] | None:
        proofs = {end.plan()[0]: end.proof_of_injection() for end in self._ends}
        return None if None in proofs.values() else dict(proofs)

    def heal(self) -> None:
        for end in self._ends:
            end.heal()

    def proof_of_healing(self) -> dict[str, object] | None:
        if any(end.proof_of_healing() is None for end in self._ends):
            return None
        return {"ready": list(self.plan())}
