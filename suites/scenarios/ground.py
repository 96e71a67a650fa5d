"""The ground of a scenario: one topic under traffic, a fault that lasts, and the cluster as chosen brokers see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import NewTopic

from harness.budget import Budget, LiveTimeouts, reconnected, session_lost
from harness.claims import expect_within
from harness.clients.admin import Admin
from harness.clients.settings import Settings, durable_producer
from harness.clients.traffic import Load
from harness.cluster.pods import PORT, Cluster, number_of
from harness.evidence import Evidence
from harness.faults import Fault
from harness.fixtures import TopicFactory, TrafficFactory
from harness.run import Run
from harness.sights import Sight, watch
from harness.trial import Trial, survive
from harness.verdict import Inconclusive, Judgement, Verdict
from harness.victims import ALeader, Scene, the
from suites.scenarios.ensemble import Ensemble

PARTITIONS = 3
"""One for each broker: clients have one request under way to each, so nothing that waits makes its neighbours wait."""

LASTS_S = 5.0
"""How long a fault lasts beyond its proof when there is nothing to be seen: traffic must have met it."""

CREATION_S = 5
"""How long a client waits for its topic."""

CREATION_BUDGET_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Ground:
    """One topic of a steady cluster, and all that it takes to hurt the cluster while the topic is written to."""

    cluster: Cluster
    ensemble: Ensemble
    admin: Admin
    topic: str
    traffic: TrafficFactory
    evidence: Evidence
    run: Run
    live: LiveTimeouts

    def survive(
        self,
        fault: Fault,
        *,
        budget: Budget | None = None,
        sights: Sequence[Sight] = (),
        lasts_s: float = LASTS_S,
        producing: Callable[[str], Settings] = durable_producer,
    ) -> Trial:
        """Let a fault last under traffic; judged are the history, the overlap, the sights, and the budget, if any."""
        return survive(
            fault,
            cluster=self.cluster,
            traffic=self.traffic(Load(topic=self.topic, partitions=PARTITIONS, producing=producing)),
            admin=self.admin,
            run=self.run,
            evidence=self.evidence,
            budget=budget,
            sights=sights,
            lasts_s=lasts_s,
        )

    def a_leader(self) -> str:
        """Return the pod of a broker that leads a partition of the topic and is not the controller."""
        pod = the(ALeader(), Scene(cluster=self.cluster, admin=self.admin, random=Random(self.run.settings.seed)))
        if not self.led_by(pod):
            raise Inconclusive(f"{pod} leads no partition of {self.topic}, so its clients would feel nothing")
        return pod

    def controller(self) -> str:
        """Return the pod of the broker that is the controller now."""
        return self.cluster.broker_pod(self.admin.controller())

    def led_by(self, pod: str) -> frozenset[str]:
        """Return the partitions of the topic that a broker leads now."""
        led = [place for place in self.admin.describe(self.topic) if place.leader == number_of(pod)]
        return frozenset(place.key for place in led)

    def led_by_others(self, pod: str) -> frozenset[str]:
        """Return the partitions of the topic that other brokers lead now."""
        return frozenset(place.key for place in self.admin.describe(self.topic)) - self.led_by(pod)

    def as_seen_by(self, pod: str) -> Admin:
        """Return the cluster as one broker describes it: as the others may be of another opinion."""
        return self.admin.seen_by(f"{self.cluster.address(pod)}:{PORT}")

    def peer_of(self, pod: str) -> str:
        """Return another broker."""
        return next(other for other in self.cluster.brokers if other != pod)

    def creates(self, name: str) -> bool:
        """Ask once for a topic, and say whether it was made."""
        try:
            self.admin.raw.create_topics([NewTopic(name, 1, 3)], request_timeout=CREATION_S)[name].result()
        except KafkaException as refused:
            return bool(refused.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS)
        return True

    def expect_creation(self, name: str) -> None:
        """Require that a topic can be made, and take it away again."""
        try:
            expect_within(lambda: self.creates(name), what=f"topic {name} being made", budget_s=CREATION_BUDGET_S)
        finally:
            self.forget(name)

    def forget(self, name: str) -> None:
        """Take a topic away; one that was asked for and not made may be made late, and is taken away as well."""
        self.admin.delete_topic(name)

    def given_up(self, pod: str) -> Sight:
        """Return the sight of a broker that its peers do not count any more, and whose partitions others lead."""
        peer, number = self.peer_of(pod), number_of(pod)

        def is_seen() -> bool:
            seen = self.as_seen_by(peer)
            leaders = {place.leader for place in seen.describe(self.topic)}
            return number not in seen.brokers() and bool(leaders) and leaders.isdisjoint({number, None})

        return Sight(what=f"others lead in place of {pod}", is_seen=is_seen, budget=session_lost(self.live))

    def succeeded(self, pod: str) -> Sight:
        """Return the sight of another controller than this broker, as its peers see it."""
        return Sight(
            what=f"another controller than {pod}",
            is_seen=lambda: self.as_seen_by(self.peer_of(pod)).controller() != number_of(pod),
            budget=session_lost(self.live),
        )

    def await_given_up(self, pod: str) -> None:
        """Wait until others lead in place of a broker; before that nothing that it does alone is wrong."""
        judged = watch(self.given_up(pod), since_s=self.run.clock.now_s(), clock=self.run.clock)
        if judged.verdict is not Verdict.PASS:
            raise Inconclusive(f"{judged.checker}: {judged.reason}")


def recovered(trial: Trial) -> Judgement:
    """Judge that no partition is without an acknowledgement for long once the fault is undone."""
    outage_s = trial.undone_s - trial.injected_s
    return trial.within(reconnected(outage_s), name="recovery", since_s=trial.undone_s)


@pytest.fixture
def ground(
    steady: Cluster, admin: Admin, topic: TopicFactory, traffic: TrafficFactory, evidence: Evidence, run: Run
) -> Ground:
    """Return the ground of a scenario."""
    return Ground(
        cluster=steady,
        ensemble=Ensemble(steady),
        admin=admin,
        topic=topic("scenario", partitions=PARTITIONS),
        traffic=traffic,
        evidence=evidence,
        run=run,
        live=LiveTimeouts.of(admin.broker_config(admin.controller())),
    )
