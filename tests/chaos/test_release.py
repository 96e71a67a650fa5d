"""The roll to the next release and back: proven by what brokers say, undone by a roll, refused if nobody names it."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from kubernetes import client

from chaos.image import ImageRestored
from chaos.release import NEXT_IMAGE, NextRelease
from harness.cluster.pods import Cluster, Identity
from harness.remedies import remedy_of
from harness.verdict import Inconclusive, Unsupported

OURS, NEXT = "kafka:1", "kafka:2"


class Brokers:
    """Three brokers of a StatefulSet that rolls when it is told to; `stuck` is how the pods of an image wait."""

    brokers = ("kafka-0", "kafka-1", "kafka-2")

    def __init__(self, *, following: str | None = NEXT, stuck: Mapping[str, str] | None = None) -> None:
        self.following, self.stuck = following, dict(stuck or {})
        self.says = {OURS: "3.9.1", NEXT: "3.9.2"}
        self.image, self.deaf = OURS, False
        self.pods = dict.fromkeys(self.brokers, OURS)
        self.lives = dict.fromkeys(self.brokers, 1)
        self.deleted: list[str] = []

    @property
    def cluster(self) -> Cluster:
        return cast(Cluster, self)

    def stateful_set(self, name: str) -> Any:
        assert name == "kafka"
        annotations = {NEXT_IMAGE: self.following} if self.following else None
        meta = client.V1ObjectMeta(name=name, annotations=annotations)
        return SimpleNamespace(metadata=meta, spec=SimpleNamespace(template=_asks_for(self.image)))

    def patch_stateful_set(self, _: str, patch: dict[str, Any]) -> None:
        (container,) = patch["spec"]["template"]["spec"]["containers"]
        assert container["name"] == "kafka"
        if not self.deaf:
            self.image = container["image"]
            self.roll()

    def roll(self) -> None:
        """Replace pods from the last to the first; one that waits is waited for, whatever is asked for now."""
        for pod in reversed(self.brokers):
            if not self._waits(pod) and self.pods[pod] != self.image:
                self.replace(pod)
            if self._waits(pod):
                return

    def replace(self, pod: str) -> None:
        self.pods[pod], self.lives[pod] = self.image, self.lives[pod] + 1

    def delete_pod(self, pod: str, *, grace_s: int | None) -> None:
        assert grace_s == 0
        self.deleted.append(pod)
        self.replace(pod)
        self.roll()

    def identity(self, pod: str) -> Identity:
        return Identity(uid=f"{pod}/{self.lives[pod]}", restarts=0, started_at="")

    def _waits(self, pod: str) -> str:
        return self.stuck.get(self.pods[pod], "")

    def is_ready(self, pod: str) -> bool:
        return not self._waits(pod)

    def kafka_version(self, pod: str) -> str | None:
        return None if self._waits(pod) else self.says.get(self.pods[pod])

    def pod(self, name: str) -> Any:
        found = _asks_for(self.pods[name])
        reason = self._waits(name)
        waiting = SimpleNamespace(reason=reason) if reason else None
        found.status = SimpleNamespace(container_statuses=[SimpleNamespace(state=SimpleNamespace(waiting=waiting))])
        return found


def _asks_for(image: str) -> SimpleNamespace:
    return SimpleNamespace(spec=SimpleNamespace(containers=[SimpleNamespace(name="kafka", image=image)]))


def test_a_roll_is_proven_by_what_all_brokers_say_and_undone_by_a_roll_back() -> None:
    fake = Brokers()
    fault = NextRelease(fake.cluster)
    assert fault.proof_of_injection() is None
    fault.inject()
    before, after = dict.fromkeys(fake.brokers, "3.9.1"), dict.fromkeys(fake.brokers, "3.9.2")
    assert fault.proof_of_injection() == {"image": NEXT, "versions": after, "before": before}
    assert fault.proof_of_healing() is None
    fault.heal()
    fault.heal()
    assert fault.proof_of_healing() == {"image": OURS, "versions": before}
    assert (fake.deleted, set(fake.lives.values())) == ([], {3}), "the StatefulSet replaces them, nobody deletes"


def test_a_roll_that_was_only_asked_for_is_not_proven() -> None:
    fake = Brokers()
    fault = NextRelease(fake.cluster)
    fake.deaf = True
    fault.inject()
    assert fault.proof_of_injection() is None


def test_the_same_release_by_another_name_is_none() -> None:
    fake = Brokers()
    fake.says[NEXT] = "3.9.1"
    fault = NextRelease(fake.cluster)
    fault.inject()
    assert fault.proof_of_injection() is None


def test_brokers_that_do_not_say_their_release_prove_nothing() -> None:
    fake = Brokers()
    fault = NextRelease(fake.cluster)
    del fake.says[NEXT]
    fault.inject()
    assert fault.proof_of_injection() is None


def test_one_that_was_left_out_is_seen() -> None:
    fake = Brokers()
    fault = NextRelease(fake.cluster)
    fault.inject()
    fake.pods["kafka-0"] = OURS
    assert fault.proof_of_injection() is None
    fault.heal()
    fake.pods["kafka-0"] = NEXT
    assert fault.proof_of_healing() is None


def test_a_broker_whose_log_says_nothing_cannot_be_compared() -> None:
    fake = Brokers()
    fake.says.clear()
    with pytest.raises(Inconclusive, match="do not say of which release they are"):
        NextRelease(fake.cluster)


@pytest.mark.parametrize("following", [None, OURS])
def test_where_nobody_names_another_release_it_cannot_be_done(following: str | None) -> None:
    fake = Brokers(following=following)
    fault = NextRelease(fake.cluster)
    with pytest.raises(Unsupported, match="names no next release"):
        fault.inject()
    fault.heal()
    assert (fake.deleted, set(fake.lives.values())) == ([], {1})


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "CrashLoopBackOff"])
def test_a_release_that_does_not_start_is_not_proven_and_its_pod_makes_room(reason: str) -> None:
    fake = Brokers(stuck={NEXT: reason})
    fault = NextRelease(fake.cluster)
    fault.inject()
    assert (fault.proof_of_injection(), fake.lives["kafka-1"]) == (None, 1)
    fault.heal()
    assert fake.deleted == ["kafka-2"], "a StatefulSet waits for its broken pod for ever"
    assert fault.proof_of_healing() is not None


def test_another_machine_heals_from_what_is_journalled() -> None:
    fake = Brokers()
    fault = NextRelease(fake.cluster)
    (remedy,) = [remedy_of(remedy.as_json()) for remedy in fault.remedies()]
    assert remedy == ImageRestored(stateful_set="kafka", container="kafka", image=OURS, other=NEXT)
    fault.inject()
    assert remedy.remains(fake.cluster) == f"StatefulSet kafka asks for {NEXT}"
    remedy.apply(fake.cluster)
    fake.pods["kafka-1"] = NEXT
    assert remedy.remains(fake.cluster) == f"kafka-1 ask for {NEXT}"
    remedy.apply(fake.cluster)
    assert fake.deleted == [], "one that runs is left to the StatefulSet"
    fake.pods["kafka-1"] = OURS
    assert remedy.remains(fake.cluster) == ""
