"""A session: a known stall of each service is seen for as long as it lasts, and so is the move to another broker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from harness.checkers import services
from harness.checkers.services import Watch
from harness.clients.probing.plan import Plan
from harness.clients.probing.session import probe
from harness.probelog import Probe
from harness.services import Service
from tests.clients.probing.fake_kafka import FIRST_JOIN_S, Kafka, KafkaLoop, Outage, Way
from tests.clients.probing.virtual import run

FROM_S, BEGINS_S, UNTIL_S, END_S = 1.0, 1.2, 3.6, 3.7
PLAN = Plan(
    bootstrap="kafka-1:9092",
    topic="orders",
    partitions=2,
    committing={"__consumer_offsets-0": "commits"},
    joining={"__consumer_offsets-0": "joins"},
    first_join_s=FIRST_JOIN_S,
    started_ns=0,
    log="",
)
PROBED = [Service.FETCH, Service.COMMIT, Service.JOIN, Service.ADMIN]


def kafka(outage: Outage | None = None) -> Kafka:
    """Return a cluster in which broker 0 serves everything but one partition."""
    return Kafka(leaders={"orders-0": 0, "orders-1": 1, "__consumer_offsets-0": 0}, outage=outage)


def probed(cluster: Kafka, *, moves_at_s: float | None = None) -> list[Probe]:
    """Probe the whole time; everything may move to broker 1."""
    probes: list[Probe] = []
    loop = KafkaLoop(cluster)

    async def work() -> None:
        over = asyncio.Event()
        loop.call_at(END_S, over.set)
        if moves_at_s is not None:
            loop.call_at(moves_at_s, partial(cluster.move_everything_to, 1))
        await probe(PLAN, note=probes.append, over=over)

    run(work(), loop)
    return probes


def watched(probes: Sequence[Probe], service: Service) -> Watch:
    return services.watch(probes, service=service, keys=PLAN.keys[service], from_s=FROM_S, until_s=UNTIL_S)


def outages_s(probes: Sequence[Probe]) -> dict[str, float]:
    """Return the longest window of each service."""
    return {service.value: watched(probes, service).worst_s for service in PROBED}


def test_a_cluster_that_serves_is_seen_to_serve_and_nothing_is_left_in_it() -> None:
    cluster = kafka()
    probes = probed(cluster)
    assert outages_s(probes) == dict.fromkeys((service.value for service in PROBED), 0.0)
    for service in PROBED:
        seen = watched(probes, service)
        assert not seen.unwatched
        assert not seen.unserved
    assert cluster.joined == {"joins"}
    assert cluster.left == {"joins", "commits"}


@pytest.mark.parametrize("way", [Way.REFUSES, Way.WAITS, Way.RESETS])
@pytest.mark.parametrize("stall_s", [0.3, 0.731])
@pytest.mark.parametrize("phase_s", [0.0, 0.017, 0.039])
def test_a_known_stall_of_each_service_is_seen_to_fifty_milliseconds(way: Way, stall_s: float, phase_s: float) -> None:
    begins_s = BEGINS_S + phase_s
    outage = Outage(broker=0, way=way, from_s=begins_s, until_s=begins_s + stall_s)
    for service, seen_s in outages_s(probed(kafka(outage))).items():
        assert seen_s == pytest.approx(stall_s, abs=0.05), service


def test_who_does_not_depend_on_the_broker_sees_nothing() -> None:
    probes = probed(kafka(Outage(broker=0, way=Way.REFUSES, from_s=BEGINS_S, until_s=BEGINS_S + 1)))
    assert {window.key for window in watched(probes, Service.FETCH).windows} == {"orders-0"}


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("missed_s", [0.7, 1.731])
def test_a_broker_that_never_comes_back_is_out_until_another_serves(way: Way, missed_s: float) -> None:
    """Whoever looks for the new one finds it with the next look, each 100 ms, and the next probe."""
    outage = Outage(broker=0, way=way, from_s=BEGINS_S, until_s=99.0)
    for service, seen_s in outages_s(probed(kafka(outage), moves_at_s=BEGINS_S + missed_s)).items():
        assert seen_s == pytest.approx(missed_s, abs=0.15), service


def test_a_session_that_is_killed_in_the_middle_shows_nothing() -> None:
    probes = [one for one in probed(kafka()) if one.ended_ns < 2e9]
    assert all(watched(probes, service).unwatched for service in PROBED)
