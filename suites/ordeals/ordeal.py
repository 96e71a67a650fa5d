"""An ordeal: traffic on a topic of its own, and a fault under it, which the clients must survive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from harness import trial
from harness.budget import Budget, LiveTimeouts
from harness.checkers import insync, replicas
from harness.clients.admin import Admin
from harness.clients.traffic import Traffic
from harness.clients.watcher import Watcher
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.faults import Fault
from harness.run import Run
from harness.sights import Sight
from harness.trial import PATIENT, Meanwhile, Patience, Trial
from harness.verdict import Judgement, Verdict
from harness.victims import FreshLeader, Scene, the
from suites.ordeals.digests import settled_digests

MOVED = "leaders-moved"


@dataclass(frozen=True, kw_only=True)
class Ordeal:
    """Everything that one trial needs."""

    cluster: Cluster
    admin: Admin
    flow: Traffic
    run: Run
    evidence: Evidence

    @property
    def topic(self) -> str:
        """The topic that the traffic writes to."""
        return self.flow.load.topic

    @property
    def live(self) -> LiveTimeouts:
        """The live settings that decide how soon a missing broker is noticed."""
        return LiveTimeouts.of(self.admin.broker_config(self.admin.controller()))

    @property
    def scene(self) -> Scene:
        """Whom to ask for live roles."""
        return Scene(cluster=self.cluster, admin=self.admin, random=Random(self.run.settings.seed))

    def a_leader(self) -> str:
        """Return the pod of a broker that leads partitions and is not the controller, by the run's seed.

        It is one that was restarted least often. The same one each time would wait for minutes in the end before the
        kubelet starts it again, and what a clause sees of that is the clauses before it.
        """
        return the(FreshLeader(), self.scene)

    def watcher(self, *, topics: frozenset[str] | None = None) -> Watcher:
        """Return a context in which leaders and in-sync sets are watched, of all topics unless some are named."""
        return Watcher(self.admin, clock=self.run.clock, topics=topics)

    def survive(
        self,
        fault: Fault,
        allowed: Budget | None,
        *,
        sights: Sequence[Sight] = (),
        meanwhile: Meanwhile = lambda: None,
        lasts_s: float = 0.0,
        patience: Patience = PATIENT,
    ) -> Trial:
        """Let a fault last under the traffic, and judge what the clients saw when everything is in sync again."""
        return trial.survive(
            fault,
            cluster=self.cluster,
            traffic=self.flow,
            admin=self.admin,
            run=self.run,
            evidence=self.evidence,
            budget=allowed,
            sights=sights,
            meanwhile=meanwhile,
            lasts_s=lasts_s,
            patience=patience,
        )

    def sync_kept(self, watcher: Watcher, tried: Trial, *, allowed: int) -> Judgement:
        """Judge that never more brokers than allowed were out of an in-sync set at once, by what a watcher saw."""
        seen = [(sample.time_s, sample.brokers_out_of_sync) for sample in watcher.samples]
        return insync.check(seen, start_s=tried.injected_s, end_s=tried.healed_s, allowed=allowed)

    def replicas_agree(self) -> Judgement:
        """Judge that all replicas of the traffic's topic are equal, byte for byte."""
        return replicas.check(settled_digests(self.cluster, self.admin, self.topic))


def leaders_moved(tried: Trial, evidence: Evidence) -> Judgement:
    """Judge that leadership really moved after the fault was injected; otherwise no failover was tried."""
    moved = [event for event in evidence.events if event.kind == "leader-moved" and event.time_s >= tried.injected_s]
    if not moved:
        reason = "no partition's leader moved, so no failover was tried"
        return Judgement(checker=MOVED, verdict=Verdict.INCONCLUSIVE, reason=reason)
    reason = f"leaders moved at {', '.join(f'{event.time_s:.1f} s' for event in moved[:5])}"
    return Judgement(checker=MOVED, verdict=Verdict.PASS, reason=reason, measured={"moments": len(moved)})
