"""Data under way on connections that were given up: seen between members; a fault is not healed before it is gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.undelivered import CLOSED_UNHEARD, undelivered
from harness.cluster.pods import Executed
from harness.verdict import Inconclusive
from tests.chaos.nodes import Nodes

BROKERS = ("kafka-0", "kafka-1", "kafka-2")
KAFKA_1, KAFKA_1_MAPPED = "0101000A", "0000000000000000FFFF00000101000A"
"""10.0.1.1 as the kernel writes it, by itself and among IPv6 addresses."""

OTHERS = [f"{number:02X}" for number in range(1, 12) if f"{number:02X}" not in CLOSED_UNHEARD]


def seen(connected: dict[str, list[tuple[str, str]]], pods: tuple[str, ...] = BROKERS) -> tuple[str, ...]:
    nodes = Nodes({})
    nodes.connected = connected
    return undelivered(nodes.cluster, pods)


@pytest.mark.parametrize("state", sorted(CLOSED_UNHEARD))
@pytest.mark.parametrize("peer", [KAFKA_1, KAFKA_1_MAPPED], ids=["IPv4", "mapped"])
def test_what_was_closed_and_is_not_heard_is_under_way(state: str, peer: str) -> None:
    assert seen({"kafka-0": [(peer, "01"), (peer, state)]}) == ("kafka-0 -> kafka-1",)


@given(st.lists(st.tuples(st.sampled_from([KAFKA_1, KAFKA_1_MAPPED]), st.sampled_from(OTHERS))))
def test_connections_in_any_other_state_are_not(connections: list[tuple[str, str]]) -> None:
    assert seen({"kafka-0": connections}) == ()


def test_what_goes_to_clients_and_to_pods_that_were_not_cut_off_is_not_asked_about() -> None:
    client = "0909000A"
    assert seen({"kafka-0": [(client, "04")]}) == ()
    assert seen({"kafka-0": [(KAFKA_1, "04")]}, ("kafka-0", "kafka-2")) == ()


@pytest.mark.parametrize("said", ["", "cat: /proc/net/tcp: Permission denied"])
def test_a_table_that_cannot_be_read_is_not_empty(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = Nodes({})
    answer = Executed(command=(), returncode=1, stdout=said, stderr="refused")
    monkeypatch.setattr(type(nodes.cluster), "run", lambda *_, **__: answer)
    with pytest.raises(Inconclusive, match="the connections of kafka-0 cannot be seen: refused"):
        undelivered(nodes.cluster, BROKERS)
