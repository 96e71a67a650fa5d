"""Documented addresses: each one resolves and is answered by the one that the page says."""

from __future__ import annotations

import socket

from confluent_kafka import KafkaException

from harness.claims import clause
from harness.clients.admin import Admin
from harness.clients.zookeeper import mode
from harness.cluster.pods import Cluster
from harness.coverage import checks
from harness.document import Address, Document
from harness.evidence import Evidence

SECTION = "Usage / Connection Information"
ANSWER_S = 10


@clause("DOC-01")
@checks(
    f"{SECTION} / Kafka bootstrap servers",
    f"{SECTION} / Kafka bootstrap servers (2)",
    f"{SECTION} / Kafka bootstrap servers (3)",
    f"{SECTION} / Or use service",
)
def test_documented_broker_addresses(cluster: Cluster, document: Document, evidence: Evidence) -> None:
    """Each documented broker address reaches the broker of that number, and the service address reaches the cluster.

    Each name is looked up where clients stand. A client that knows nothing but this one address asks the cluster who
    its brokers are; the answer must list every documented address under its number. Then it asks the broker of that
    number, at that address, for its own configuration: a broker answers this only under its own number, so a
    right answer proves who is there. Two names that lead to one place are found as well. The service address must
    list the same brokers.
    """
    brokers = [address.in_namespace(cluster.namespace) for address in document.brokers]
    places = {str(address): _look_up(address) for address in brokers}
    numbers = {str(address): _number_of(address) for address in brokers}
    service = document.bootstrap.in_namespace(cluster.namespace)
    evidence.fact(addresses=places, answered_by=numbers, service={str(service): _look_up(service)})
    expected = {str(address): address.ordinal for address in brokers}
    assert numbers == expected, f"the addresses are answered by {numbers}, expected {expected}"
    assert len({place for found in places.values() for place in found}) >= len(brokers), f"shared places: {places}"
    listed = _listed(service)
    assert listed == {address.ordinal: str(address) for address in brokers}, f"{service} lists {listed}"


@clause("DOC-02")
@checks(
    f"{SECTION} / Zookeeper ensemble",
    f"{SECTION} / Zookeeper ensemble (2)",
    f"{SECTION} / Zookeeper ensemble (3)",
)
def test_documented_zookeeper_addresses(cluster: Cluster, document: Document, evidence: Evidence) -> None:
    """Each documented ZooKeeper address is answered by a member of one working ensemble.

    Each name is looked up where clients stand, and asked `srvr` in ZooKeeper's own protocol. Every member must say
    that it serves; exactly one must say that it leads and all others that they follow. Two names that lead to one
    place are found.
    """
    members = [address.in_namespace(cluster.namespace) for address in document.zookeepers]
    places = {str(address): _look_up(address) for address in members}
    modes = {str(address): _mode_of(address) for address in members}
    evidence.fact(addresses=places, modes=modes)
    assert len({place for found in places.values() for place in found}) >= len(members), f"shared places: {places}"
    assert sorted(modes.values()) == [*["follower"] * (len(members) - 1), "leader"], f"got the modes {modes}"


def _look_up(address: Address) -> list[str]:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise AssertionError(f"{address} does not resolve: {error}") from error
    return sorted({str(entry[4][0]) for entry in found})


def _listed(address: Address) -> dict[int, str]:
    """The brokers, by number, as a client sees them that was told this address only."""
    try:
        brokers = Admin(str(address)).raw.list_topics(timeout=ANSWER_S).brokers
    except KafkaException as error:
        raise AssertionError(f"{address} does not answer as Kafka: {error}") from error
    return {number: f"{broker.host}:{broker.port}" for number, broker in brokers.items()}


def _number_of(address: Address) -> int:
    """The number of the broker at this address, in its own words."""
    numbers = [number for number, listed in _listed(address).items() if listed == str(address)]
    assert len(numbers) == 1, f"the cluster lists {_listed(address)}, expected {address} once"
    try:
        return int(Admin(str(address)).broker_config(numbers[0])["broker.id"])
    except KafkaException as error:
        raise AssertionError(f"{address} does not answer as broker {numbers[0]}: {error}") from error


def _mode_of(address: Address) -> str:
    answer = b""
    try:
        with socket.create_connection((address.host, address.port), timeout=ANSWER_S) as connection:
            connection.sendall(b"srvr")
            while chunk := connection.recv(4096):
                answer += chunk
    except OSError as error:
        raise AssertionError(f"{address} does not answer as ZooKeeper: {error}") from error
    found = mode(answer.decode(errors="replace"))
    assert found, f"{address} answered {answer!r}, expected its mode"
    return found
