"""Disturbing: what is done to the cluster while it carries a load, proven as every fault is, and undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chaos.rollout import RollingRestart
from chaos.scale import BrokersAway
from harness.clients.admin import Admin
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.faults import Fault
from harness.measuring.plan import Disturbance
from harness.measuring.result import Recording
from harness.run import Run
from harness.trial import await_healing, inject, prove

AFTER_S = 5.0
"""Of the judged part: what is compared with the restart has been seen."""
ROLL_BUDGET_S = 600.0


class Undisturbed:
    """Nothing is done to the cluster."""

    pods: tuple[str, ...]

    def __init__(self, cluster: Cluster) -> None:
        self.pods = cluster.brokers

    def look(self, recording: Recording) -> None:
        """Look at a trial each second."""

    def is_over(self) -> bool:
        return True


class Rolling(Undisturbed):
    """Every broker is restarted in turn, as soon as the judged part has begun; the trial lasts until all are back."""

    def __init__(self, cluster: Cluster, run: Run) -> None:
        super().__init__(cluster)
        self._fault: Fault = RollingRestart(cluster)
        self._run, self._begun = run, False

    def look(self, recording: Recording) -> None:
        if not self._begun and recording.judged_s >= AFTER_S:
            inject(self._fault, self._run, Evidence())
            self._begun = True

    def is_over(self) -> bool:
        if not self._begun or self._fault.proof_of_healing() is None:
            return False
        self._run.event("healed", f"{self._fault.name}: every broker is back")
        self._run.faults.close(self._fault)
        return True


@contextmanager
def disturbed(disturbance: Disturbance | None, *, cluster: Cluster, admin: Admin, run: Run) -> Iterator[Undisturbed]:
    """Disturb the cluster for the length of a `with` block; it is in sync again when the block is left."""
    match disturbance:
        case None:
            yield Undisturbed(cluster)
        case Disturbance.ROLLING_RESTART:
            yield Rolling(cluster, run)
        case Disturbance.BROKER_DOWN:
            with _one_broker_away(cluster, admin, run) as calm:
                yield calm


@contextmanager
def _one_broker_away(cluster: Cluster, admin: Admin, run: Run) -> Iterator[Undisturbed]:
    fault = BrokersAway(cluster, left=len(cluster.brokers) - 1)
    evidence = Evidence()
    try:
        inject(fault, run, evidence)
        prove(fault, run, evidence)
        calm = Undisturbed(cluster)
        calm.pods = tuple(pod for pod in cluster.brokers if pod not in fault.plan())
        yield calm
    finally:
        fault.heal()
        await_healing(fault, admin, run, evidence)
