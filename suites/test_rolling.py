"""ROLL: every broker is replaced in turn while clients work, and they hardly notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from chaos.badimage import BadImage
from chaos.release import NextRelease
from chaos.rollout import RollingConfigChange, RollingRestart
from harness import budget
from harness.checkers import insync, refusals
from harness.claims import Level, clause
from harness.clients.admin import Admin
from harness.clients.refusals import RefusalProbe
from harness.clients.traffic import Load
from harness.clients.watcher import Watcher
from harness.cluster.pods import Cluster
from harness.evidence import Evidence
from harness.fixtures import TopicFactory, TrafficFactory
from harness.run import Run
from harness.trial import Patience, survive
from harness.verdict import Judgement, Verdict
from suites.ordeals.ordeal import Ordeal, leaders_moved

pytest_plugins = ("suites.ordeals.fixtures",)

PARTITIONS = 6
PATIENCE = Patience(proof_s=300.0, healing_s=300.0)
"""Until the last of three brokers is replaced, each after the one before is in sync; the way back takes as long."""

STOPPED = "rollout-stopped"
STOPPED_S = 20.0
"""How long the StatefulSet is given to take the next pod, which it must not."""

NEXT_RELEASE_S = 10.0
"""How long all brokers are of the next release before they go back."""

Roll = Callable[[RollingRestart], None]


@pytest.fixture
def roll(
    steady: Cluster, admin: Admin, topic: TopicFactory, traffic: TrafficFactory, evidence: Evidence, run: Run
) -> Roll:
    """Return a function that rolls the brokers under traffic, with a probe for refusals, and judges all of it."""

    def roll_and_judge(change: RollingRestart) -> None:
        load = Load(topic=topic("rolling", partitions=PARTITIONS), partitions=PARTITIONS)
        probed = topic("refusals", partitions=PARTITIONS)
        probe = RefusalProbe(bootstrap=steady.bootstrap, topic=probed, partitions=PARTITIONS, clock=run.clock)
        with Watcher(admin, clock=run.clock) as watcher, probe:
            trial = survive(
                change,
                cluster=steady,
                traffic=traffic(load),
                admin=admin,
                run=run,
                evidence=evidence,
                budget=budget.rolling(),
                patience=PATIENCE,
            )
        out_of_sync = [(sample.time_s, sample.brokers_out_of_sync) for sample in watcher.samples]
        evidence.judge(
            *trial.judgements,
            insync.check(out_of_sync, start_s=trial.injected_s, end_s=trial.healed_s, allowed=1),
            refusals.check(probe.answers, refused_s=probe.refused_s),
        )

    return roll_and_judge


@clause("ROLL-01")
def test_rolling_config_change(roll: Roll, steady: Cluster, admin: Admin, evidence: Evidence) -> None:
    """A changed broker setting rolls through the cluster, never more than one broker out of sync, no write refused.

    A broker property is changed in a new ConfigMap, which makes the StatefulSet replace its pods one by one. Two
    idempotent producers and two consumers work through it, and a probe that never tries again writes with acks=all.
    Each pod must be another one, every live broker must have the new value, never more than one broker may be out
    of an in-sync set of any partition, no write may be refused for lack of in-sync replicas, nothing acknowledged
    may be lost, repeated or reordered, and no partition may be without an acknowledgement longer than the budget.
    """
    before = {broker: admin.broker_config(broker)["message.max.bytes"] for broker in admin.brokers()}
    wanted = str(int(min(before.values(), key=int)) - 12)
    roll(RollingConfigChange(steady, file="90-changed.properties", text=f"message.max.bytes={wanted}\n"))
    after = {broker: admin.broker_config(broker)["message.max.bytes"] for broker in admin.brokers()}
    evidence.fact(message_max_bytes_before=before, message_max_bytes_after=after)
    assert set(after.values()) == {wanted}, f"brokers run with message.max.bytes {after}, expected {wanted}"


@clause("ROLL-02", level=Level.CERTIFY)
def test_rolling_restart(roll: Roll, steady: Cluster) -> None:
    """A rolling restart goes through the cluster, never more than one broker out of sync, no write refused.

    As ROLL-01, with `kubectl rollout restart` in place of a change of configuration.
    """
    roll(RollingRestart(steady))


@clause("ROLL-03", level=Level.CERTIFY)
def test_bad_image(ordeal: Ordeal, evidence: Evidence) -> None:
    """A rollout of an image that cannot be had stops at the first pod, and clients feel the end of one broker.

    The traffic of FAIL-01. All brokers are asked to roll to an image that nobody has. One pod must be seen to wait for
    it in vain; for twenty seconds more the others must be the very pods of before. Never more than one broker may be
    out of an in-sync set of any partition, and the budget is that of a graceful delete. When the StatefulSet has its
    image again, the one pod must come back, every partition must be in sync, and each acknowledged record must be read
    once and in order.
    """
    fault = BadImage(ordeal.cluster)
    with ordeal.watcher() as watcher:
        tried = ordeal.survive(fault, budget.announced_end(), lasts_s=STOPPED_S)
    evidence.judge(
        *tried.judgements,
        leaders_moved(tried, evidence),
        ordeal.sync_kept(watcher, tried, allowed=1),
        _stopped(fault.replaced()),
    )


@clause("ROLL-04", level=Level.CERTIFY)
def test_next_release(ordeal: Ordeal, evidence: Evidence) -> None:
    """The brokers roll to the next release of Kafka and back under traffic, and clients hardly notice.

    The traffic of FAIL-01. All brokers are asked to roll to the image that the manifests name as that of the next
    release (annotation `harness.greenfield/next-image`; without it the clause is UNSUPPORTED). Each pod must be another
    one with that image, and must say another version of Kafka than before. Ten seconds later they are asked to roll
    back, and must all say the version of before again. Never more than one broker may be out of an in-sync set of any
    partition, and the budget is that of a roll. Each acknowledged record must be read once and in order, whichever
    release has written it.
    """
    with ordeal.watcher() as watcher:
        tried = ordeal.survive(
            NextRelease(ordeal.cluster),
            budget.rolling(),
            lasts_s=NEXT_RELEASE_S,
            patience=PATIENCE,
        )
    evidence.judge(*tried.judgements, leaders_moved(tried, evidence), ordeal.sync_kept(watcher, tried, allowed=1))


def _stopped(replaced: Sequence[str]) -> Judgement:
    """Judge that a rollout has stopped at its first pod."""
    measured = {"replaced": list(replaced)}
    if not replaced:
        reason = "no pod was replaced, so no rollout was tried"
        return Judgement(checker=STOPPED, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    if len(replaced) > 1:
        reason = f"the rollout did not stop at the first pod: {', '.join(replaced)} were replaced"
        return Judgement(checker=STOPPED, verdict=Verdict.FAIL, reason=reason, measured=measured)
    reason = f"only {replaced[0]} was replaced"
    return Judgement(checker=STOPPED, verdict=Verdict.PASS, reason=reason, measured=measured)
