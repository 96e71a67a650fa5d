"""A chase: whoever leads one partition is deleted by force, again and again, without a rest for the others."""

from __future__ import annotations

from chaos.process import ForcedDelete
from harness import trial
from harness.clients.watcher import Sample, Watcher
from harness.evidence import Evidence
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until
from suites.ordeals.ordeal import Ordeal

NEXT_BUDGET_S = 90.0
"""For the next leader: when all replicas that are in sync have ended, one of them has to come back first."""


class Chase:
    """The victims of a chase on one partition, in turn; each is looked for when the one before has ended."""

    def __init__(self, ordeal: Ordeal, watcher: Watcher, *, index: int = 0) -> None:
        self._ordeal, self._watcher = ordeal, watcher
        self._key = f"{ordeal.topic}-{index}"
        self._faults: list[ForcedDelete] = []
        self.victims: list[str] = []

    def next(self) -> ForcedDelete:
        """Return the fault on whoever leads now, or will lead next."""
        since_s = self._ordeal.run.clock.now_s()
        found: list[str] = []

        def leads() -> bool:
            found[:] = self._new_leader(since_s=since_s)
            return bool(found)

        try:
            wait_until(leads, what=f"a new leader of {self._key}", timeout_s=NEXT_BUDGET_S, every_s=0.05)
        except TimedOut as late:
            raise Inconclusive(str(late)) from late
        self.victims.append(found[0])
        self._faults.append(ForcedDelete(self._ordeal.cluster, found[0]))
        return self._faults[-1]

    def go_on(self, kills: int) -> None:
        """Delete so many more leaders, each as soon as the end of the one before is proven."""
        for _ in range(kills):
            part = Evidence()
            fault = self.next()
            trial.inject(fault, self._ordeal.run, part)
            trial.prove(fault, self._ordeal.run, part)
            self._ordeal.evidence.events.extend(part.events)

    def close(self) -> None:
        """Prove that every pod but the first, which its trial looks after, is back."""
        for fault in self._faults[1:]:
            trial.await_healing(fault, self._ordeal.admin, self._ordeal.run, Evidence())

    def _new_leader(self, *, since_s: float) -> list[str]:
        """Return who leads by the latest sample; the last victim must have been seen not to lead in between."""
        seen = [self._leader(sample) for sample in self._watcher.samples if sample.time_s >= since_s]
        if not seen or seen[-1] is None:
            return []
        if self.victims and seen[-1] == self.victims[-1] and set(seen) == {seen[-1]}:
            return []
        return [seen[-1]] if self._ordeal.cluster.identity(seen[-1]) is not None else []

    def _leader(self, sample: Sample) -> str | None:
        """Return the pod of the leader, None while nobody leads."""
        place = next(partition for partition in sample.partitions if partition.key == self._key)
        return None if place.leader is None else self._ordeal.cluster.broker_pod(place.leader)
