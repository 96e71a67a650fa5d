"""A chase: whoever leads one partition is deleted by force, again and again, without a rest for the others."""

from __future__ import annotations

from chaos.process import ForcedDelete
from harness import trial
from harness.clients.admin import Partition
from harness.clients.watcher import Watcher
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
        """Return who leads by the latest sample; the last victim is believed to lead only when nobody else could."""
        samples = self._watcher.samples
        if not samples or samples[-1].time_s < since_s:
            return []
        place: Partition = next(one for one in samples[-1].partitions if one.key == self._key)
        if place.leader is None:
            return []
        pod = self._ordeal.cluster.broker_pod(place.leader)
        if self.victims and pod == self.victims[-1] and place.isr != (place.leader,):
            return []
        return [pod] if self._ordeal.cluster.identity(pod) is not None else []
