"""Production: what looks like it is refused, until the user names the namespace once more."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from harness.cluster.connection import Connection, Target
from harness.cluster.production import MANY_NODES, MANY_PODS, Surroundings, refuse_production, signs
from harness.errors import ExitCode, RefusalError
from tests.cluster.fakes import FakeList

TRIAL = Surroundings(context="staging", namespace="kafka-trial", nodes=3, foreign_pods=0)
HERE = Path("kubeconfig")


@dataclass
class FakeSurroundings:
    """A cluster of some nodes, and a namespace of some pods."""

    context: str = "staging"
    nodes: int = 3
    pods: list[str] = field(default_factory=lambda: ["kafka-0", "zookeeper-0"])
    is_testbed: bool = False
    may_list_nodes: bool = True

    @property
    def connection(self) -> Connection:
        return cast(Connection, self)

    @property
    def target(self) -> Target:
        return Target(kubeconfig=HERE, context=self.context, kubectl=HERE, is_testbed=self.is_testbed)

    @property
    def core(self) -> FakeSurroundings:
        return self

    def list_node(self) -> FakeList:
        if not self.may_list_nodes:
            raise ApiException(status=403, reason="Forbidden")
        return FakeList([object()] * self.nodes)

    def list_namespaced_pod(self, _: str) -> FakeList:
        return FakeList([client.V1Pod(metadata=client.V1ObjectMeta(name=name)) for name in self.pods])


@pytest.mark.parametrize(
    "around",
    [
        replace(TRIAL, context="prod"),
        replace(TRIAL, context="eu-prod-1"),
        replace(TRIAL, context="admin@Production"),
        replace(TRIAL, context="PRD"),
        replace(TRIAL, namespace="kafka-live"),
        replace(TRIAL, nodes=MANY_NODES + 1),
        replace(TRIAL, nodes=None),
        replace(TRIAL, foreign_pods=MANY_PODS + 1),
    ],
    ids=str,
)
def test_what_looks_like_production_has_a_sign_of_it(around: Surroundings) -> None:
    assert len(signs(around)) == 1


@pytest.mark.parametrize(
    "around",
    [
        TRIAL,
        replace(TRIAL, context="products", namespace="delivery"),
        replace(TRIAL, context="nonproduction", namespace="alive"),
        replace(TRIAL, nodes=MANY_NODES, foreign_pods=MANY_PODS),
    ],
    ids=str,
)
def test_a_trial_cluster_has_none(around: Surroundings) -> None:
    assert signs(around) == ()


@given(st.text(), st.text(), st.integers(0, 100), st.integers(0, 100))
def test_more_of_it_never_looks_less_like_production(context: str, namespace: str, nodes: int, pods: int) -> None:
    around = Surroundings(context=context, namespace=namespace, nodes=nodes, foreign_pods=pods)
    more = replace(around, context=f"{context} prod", nodes=nodes + 1, foreign_pods=pods + 1)
    assert len(signs(more)) >= max(1, len(signs(around)))


@pytest.mark.parametrize(
    "cluster",
    [
        FakeSurroundings(context="prod"),
        FakeSurroundings(nodes=50),
        FakeSurroundings(pods=[f"shop-{number}" for number in range(20)]),
        FakeSurroundings(may_list_nodes=False),
    ],
)
def test_it_is_refused_until_it_is_named_once_more(cluster: FakeSurroundings) -> None:
    with pytest.raises(RefusalError, match="looks like a cluster on which somebody depends") as refused:
        refuse_production(cluster.connection, "kafka", known=None)
    assert "--i-know-this-is kafka" in refused.value.remedy
    assert refused.value.exit_code is ExitCode.USAGE
    with pytest.raises(RefusalError):
        refuse_production(cluster.connection, "kafka", known="another")
    refuse_production(cluster.connection, "kafka", known="kafka")


@pytest.mark.parametrize(
    "cluster",
    [FakeSurroundings(), FakeSurroundings(pods=["kafka-0"] * 50), FakeSurroundings(nodes=50, is_testbed=True)],
)
def test_a_trial_cluster_and_the_testbed_need_no_word(cluster: FakeSurroundings) -> None:
    refuse_production(cluster.connection, "kafka", known=None)
