"""A bad rollout: proven by a pod that waits in vain, undone when template and pod have their image again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from chaos.badimage import BAD_IMAGE, BadImage
from harness.cluster.pods import Cluster, Identity
from harness.remedies import remedy_of
from harness.verdict import Inconclusive

GOOD = "kafka:1"


class Brokers:
    """Three brokers of a StatefulSet that stops at a pod that is not ready; a `careless` one goes on."""

    brokers = ("kafka-0", "kafka-1", "kafka-2")

    def __init__(self, *, deaf: bool = False, careless: bool = False) -> None:
        self.image, self.deaf, self.careless, self.reason = GOOD, deaf, careless, "ImagePullBackOff"
        self.pods = dict.fromkeys(self.brokers, GOOD)
        self.lives = dict.fromkeys(self.brokers, 1)

    @property
    def cluster(self) -> Cluster:
        return cast(Cluster, self)

    def stateful_set(self, name: str) -> Any:
        assert name == "kafka"
        return SimpleNamespace(spec=SimpleNamespace(template=_holder("kafka", self.image)))

    def patch_stateful_set(self, _: str, patch: dict[str, Any]) -> None:
        if self.deaf:
            return
        (container,) = patch["spec"]["template"]["spec"]["containers"]
        assert container["name"] == "kafka"
        self.image = container["image"]
        if self.image == BAD_IMAGE:
            for pod in reversed(self.brokers[0 if self.careless else 2 :]):
                self._replace(pod)

    def _replace(self, pod: str) -> None:
        self.pods[pod], self.lives[pod] = self.image, self.lives[pod] + 1

    def delete_pod(self, pod: str, *, grace_s: int | None) -> None:
        assert grace_s == 0
        self._replace(pod)

    def identity(self, pod: str) -> Identity:
        return Identity(uid=f"{pod}/{self.lives[pod]}", restarts=0, started_at="")

    def is_ready(self, pod: str) -> bool:
        return self.pods[pod] == GOOD

    def pod(self, name: str) -> Any:
        found = _holder("kafka", self.pods[name])
        waiting = SimpleNamespace(reason=self.reason) if self.pods[name] == BAD_IMAGE else None
        status = SimpleNamespace(state=SimpleNamespace(waiting=waiting))
        found.status = SimpleNamespace(container_statuses=[status])
        return found


def _holder(name: str, image: str) -> SimpleNamespace:
    return SimpleNamespace(spec=SimpleNamespace(containers=[SimpleNamespace(name=name, image=image)]))


def test_a_bad_rollout_is_proven_and_then_proven_undone() -> None:
    fake = Brokers()
    fault = BadImage(fake.cluster)
    assert fault.proof_of_injection() is None
    fault.inject()
    assert fault.proof_of_injection() == {"waiting": {"kafka-2": "ImagePullBackOff"}, "replaced": ["kafka-2"]}
    assert fault.proof_of_healing() is None
    fault.heal()
    fault.heal()
    assert fault.proof_of_healing() == {"image": GOOD, "ready": list(fake.brokers)}
    assert fake.lives == {"kafka-0": 1, "kafka-1": 1, "kafka-2": 3}, "healing touches nobody that was left alone"


def test_a_rollout_that_was_only_asked_for_is_not_proven() -> None:
    fault = BadImage(Brokers(deaf=True).cluster)
    fault.inject()
    assert fault.proof_of_injection() is None


def test_a_pod_that_still_starts_does_not_wait_in_vain() -> None:
    fake = Brokers()
    fault = BadImage(fake.cluster)
    fault.inject()
    fake.reason = "ContainerCreating"
    assert fault.proof_of_injection() is None


def test_a_roll_that_goes_on_is_seen() -> None:
    fault = BadImage(Brokers(careless=True).cluster)
    fault.inject()
    assert fault.replaced() == ("kafka-0", "kafka-1", "kafka-2")


def test_another_machine_heals_from_what_is_journalled() -> None:
    fake = Brokers()
    fault = BadImage(fake.cluster)
    (line,) = [remedy.as_json() for remedy in fault.remedies()]
    fault.inject()
    remedy = remedy_of(line)
    assert remedy.remains(fake.cluster) == f"StatefulSet kafka asks for {BAD_IMAGE}"
    fake.image = GOOD
    assert remedy.remains(fake.cluster) == f"kafka-2 ask for {BAD_IMAGE}"
    remedy.apply(fake.cluster)
    assert remedy.remains(fake.cluster) == ""


def test_a_roll_that_would_not_begin_is_refused() -> None:
    fake = Brokers()
    fake.pods["kafka-0"] = BAD_IMAGE
    with pytest.raises(Inconclusive, match="would not begin"):
        BadImage(fake.cluster)
