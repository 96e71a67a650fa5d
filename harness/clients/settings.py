"""Settings that all clients share: what a careful user would choose, so that windows measure the cluster."""

from __future__ import annotations

from enum import Enum

from harness.measuring.traffic import Sending

Settings = dict[str, str | int | float | bool]
"""librdkafka configuration properties."""


ONE_IN_FLIGHT = 1
"""Requests without an answer for each broker. With more, the broker threads of an idempotent librdkafka 2.16 call
`poll` without a time-out while they wait (measured: 28,000 calls per second, each thread takes all the CPU that it is
given), and on a shared machine the generator starves the brokers. Batches grow while a request is under way."""


class Isolation(Enum):
    """Which records a consumer is given: those of committed transactions, or all that are replicated."""

    COMMITTED = "read_committed"
    UNCOMMITTED = "read_uncommitted"


def common(bootstrap: str) -> Settings:
    """Return the settings of any client; a lost connection is retried within a second, not within ten."""
    return {
        "bootstrap.servers": bootstrap,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 500,
        "retry.backoff.ms": 50,
        "retry.backoff.max.ms": 500,
        "topic.metadata.refresh.fast.interval.ms": 50,
        "socket.connection.setup.timeout.ms": 3000,
        "socket.keepalive.enable": True,
        "broker.address.ttl": 500,
        "log_level": 0,
    }


def durable_producer(bootstrap: str) -> Settings:
    """Return the settings of a producer that must not lose or repeat a record."""
    return {
        **common(bootstrap),
        "acks": "all",
        "enable.idempotence": True,
        "linger.ms": 5,
        "max.in.flight.requests.per.connection": ONE_IN_FLIGHT,
        # Long enough to outlast every outage that a claim allows: an expired record would hide how long it was.
        "delivery.timeout.ms": 120_000,
    }


def transactional_producer(bootstrap: str, *, transactional_id: str, timeout_s: float = 60) -> Settings:
    """Return the settings of a producer of transactions; the brokers abort one that is open for `timeout_s`."""
    timeout_ms = int(timeout_s * 1000)
    return {
        **durable_producer(bootstrap),
        "transactional.id": transactional_id,
        "transaction.timeout.ms": timeout_ms,
        # The client refuses to wait for a record for longer than for its transaction.
        "delivery.timeout.ms": timeout_ms,
    }


def careless_producer(bootstrap: str) -> Settings:
    """Return the settings of a producer that is content when the leader alone has its record: a negative control."""
    return {**durable_producer(bootstrap), "acks": 1, "enable.idempotence": False}


MOST_QUEUED = 10_000_000
MOST_QUEUED_KBYTES = 2_097_151
"""The client's queue holds a whole load: a slow cluster makes records wait, it never makes the generator wait."""


def load_producer(bootstrap: str, sending: Sending) -> Settings:
    """Return the settings of a producer of a load, which never refuses a record for lack of room."""
    return {
        **durable_producer(bootstrap),
        "acks": sending.acks.value,
        "enable.idempotence": sending.idempotent,
        "compression.type": sending.compression.value,
        "linger.ms": sending.linger_ms,
        "batch.size": sending.batch_bytes,
        "message.max.bytes": max(LEAST_REQUEST_BYTES, sending.batch_bytes),
        "max.in.flight.requests.per.connection": sending.in_flight,
        "queue.buffering.max.messages": MOST_QUEUED,
        "queue.buffering.max.kbytes": MOST_QUEUED_KBYTES,
    }


LEAST_REQUEST_BYTES = 1_000_000


def plain_consumer(bootstrap: str, *, group: str, isolation: Isolation = Isolation.COMMITTED) -> Settings:
    """Return the settings of a consumer that reads from the beginning and commits nothing by itself."""
    return {
        **common(bootstrap),
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": isolation.value,
        "check.crcs": True,
        "fetch.wait.max.ms": 100,
        # A member that shares out what a broker has not heard of yet shares out nothing; it looks again this often.
        "topic.metadata.refresh.interval.ms": 5000,
    }
