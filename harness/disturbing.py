"""Disturbing: what is done to the cluster while it carries a load, proven as every fault is, and undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random

from chaos.process import ForcedDelete
from chaos.quota import Quota
from chaos.rollout import RollingRestart
from chaos.scale import BrokersAway
from harness.clients.admin import Admin
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.faults import Fault
from harness.measuring.plan import Disturbance, Drain, Plan, Purpose, longest_s
from harness.measuring.result import Recording
from harness.run import Run
from harness.trial import await_healing, inject, prove
from harness.verdict import Inconclusive
from harness.victims import ALeader, Scene, the

AFTER_S = 5.0
"""Of the judged part: what is compared with the restart has been seen."""
BUDGETS_S = {Disturbance.ROLLING_RESTART: 600.0, Disturbance.BROKER_KILLED: 180.0}
"""From the injection until all is in sync again; a trial is not held open for longer."""

QUOTA_BYTES_PER_S = 1_000_000
"""Of what the producers of a load may send to each broker: far less than a broker with the documented CPU takes."""


class Undisturbed:
    """Nothing is done to the cluster."""

    pods: tuple[str, ...]
    struck_s: float | None = None
    """When the disturbance was injected, on the run's clock; None when nothing strikes in the midst of a trial."""

    def __init__(self, cluster: Cluster) -> None:
        self.pods = cluster.brokers

    def look(self, recording: Recording) -> None:
        """Look at a trial each second."""

    def is_over(self) -> bool:
        return True


class Striking(Undisturbed):
    """A fault strikes once, in the midst of a trial, which lasts until all is proven and in sync again."""

    def __init__(
        self,
        cluster: Cluster,
        admin: Admin,
        run: Run,
        *,
        strikes: Callable[[Recording], bool],
        choose: Callable[[], Fault],
        budget_s: float,
    ) -> None:
        super().__init__(cluster)
        self._admin, self._run, self._strikes, self._choose, self._budget_s = admin, run, strikes, choose, budget_s
        self._fault: Fault | None = None
        self._is_proven = self._is_healed = False

    def look(self, recording: Recording) -> None:
        if self._fault is None:
            if self._strikes(recording):
                self._fault = self._choose()
                self.struck_s = inject(self._fault, self._run, Evidence())
        elif not self._is_proven and self._fault.proof_of_injection() is not None:
            self._is_proven = True
            self._run.event("proven", f"{self._fault.name} proven")

    def is_over(self) -> bool:
        """Say whether nothing is under way; a fault that is not proven, or not healed in time, ends the load."""
        if self._fault is None or self._is_healed:
            return True
        if self._is_proven and self._fault.proof_of_healing() is not None and not self._admin.out_of_sync():
            self._is_healed = True
            self._run.event("healed", f"in sync again after {self._fault.name}")
            self._run.faults.close(self._fault)
        elif self._run.clock.now_s() - (self.struck_s or 0.0) > self._budget_s:
            if not self._is_proven:
                raise Inconclusive(f"nothing proves that the {self._fault.name} happened within {self._budget_s:g} s")
            raise AssertionError(f"not in sync again within {self._budget_s:g} s after {self._fault.name}")
        return self._is_healed


@contextmanager
def disturbed(
    disturbance: Disturbance | None, *, plan: Plan, client: str, cluster: Cluster, admin: Admin, run: Run
) -> Iterator[Undisturbed]:
    """Disturb the cluster for the length of a `with` block; it is in sync again when the block is left.

    `client` is the client id of all the producers of the load.
    """
    striking = partial(Striking, cluster, admin, run)
    match disturbance:
        case None:
            yield Undisturbed(cluster)
        case Disturbance.ROLLING_RESTART:
            yield striking(
                strikes=lambda recording: recording.judged_s >= AFTER_S,
                choose=lambda: RollingRestart(cluster),
                budget_s=BUDGETS_S[disturbance],
            )
        case Disturbance.BROKER_KILLED:
            scene = Scene(cluster=cluster, admin=admin, random=Random(run.settings.seed))
            yield striking(
                strikes=partial(_is_half_over, plan),
                choose=lambda: ForcedDelete(cluster, the(ALeader(), scene)),
                budget_s=BUDGETS_S[disturbance],
            )
        case Disturbance.BROKER_DOWN:
            away = BrokersAway(cluster, left=len(cluster.brokers) - 1)
            with _throughout(away, cluster, admin, run) as calm:
                calm.pods = tuple(pod for pod in cluster.brokers if pod not in away.plan())
                yield calm
        case Disturbance.QUOTA:
            with _throughout(Quota(cluster, client, bytes_per_s=QUOTA_BYTES_PER_S), cluster, admin, run) as calm:
                yield calm


def _is_half_over(plan: Plan, recording: Recording) -> bool:
    """Say whether a trial is the long one of its plan, and half of it is behind."""
    if isinstance(plan, Drain) or recording.purpose not in (Purpose.SOAK, Purpose.HOLD):
        return False
    return recording.judged_s >= longest_s(plan) / 2


@contextmanager
def _throughout(fault: Fault, cluster: Cluster, admin: Admin, run: Run) -> Iterator[Undisturbed]:
    """Keep a fault up for the length of a `with` block, proven before it begins."""
    evidence = Evidence()
    try:
        inject(fault, run, evidence)
        prove(fault, run, evidence)
        yield Undisturbed(cluster)
    finally:
        fault.heal()
        await_healing(fault, admin, run, evidence)
