"""Traffic: what the records of a load look like, and how they are sent and read; a profile says it, engines obey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any


class Compression(Enum):
    """How batches are compressed, by Kafka's own names."""

    NONE = "none"
    GZIP = "gzip"
    SNAPPY = "snappy"
    LZ4 = "lz4"
    ZSTD = "zstd"


class Acks(Enum):
    """Who must have a record before it counts as acknowledged, by Kafka's own names."""

    NONE = "0"
    LEADER = "1"
    ALL = "all"


class Spread(Enum):
    """How records are spread over the keys, and so over the partitions.

    NO_KEY sends to each partition in turn. The others send each key to one partition: each key as often as every
    other, by Zipf's law, or one key for most of the records.
    """

    NO_KEY = "no key"
    UNIFORM = "uniform"
    ZIPF = "zipf"
    HOT_KEY = "hot key"


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys of the records: `exponent` is Zipf's, `hot_ratio` the share of the records that has the hot key."""

    spread: Spread = Spread.NO_KEY
    distinct: int = 10_000
    exponent: float = 1.0
    hot_ratio: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Records:
    """What a record is made of; `random_ratio` is the share of its value that cannot be compressed."""

    value_bytes: int = 1024
    random_ratio: float = 1.0
    headers: int = 0
    header_bytes: int = 16
    keys: Keys = field(default_factory=Keys)


@dataclass(frozen=True, kw_only=True)
class Sending:
    """How records are sent. `transaction_records` of 0 means: without transactions.

    `in_flight` is how many requests may be under way to a broker without an answer. With one, batches grow on a slow
    cluster and the broker threads of an idempotent client stay asleep; with five, as in the Java client, a fast
    cluster takes more.
    """

    acks: Acks = Acks.ALL
    idempotent: bool = True
    compression: Compression = Compression.NONE
    linger_ms: float = 5
    batch_bytes: int = 1_000_000
    in_flight: int = 1
    transaction_records: int = 0


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Everything about a load but its rate: the topic, who writes and reads it, and with which records."""

    partitions: int = 6
    replication_factor: int = 3
    producers: int = 1
    groups: int = 1
    """How many groups of consumers read everything, each on its own."""
    consumers: int = 1
    """How many consumers each group has; they share the partitions."""
    records: Records = field(default_factory=Records)
    sending: Sending = field(default_factory=Sending)


def as_json(traffic: Traffic) -> dict[str, Any]:
    """Return traffic as plain values, enums by what Kafka calls them."""
    return asdict(traffic, dict_factory=lambda pairs: {name: getattr(v, "value", v) for name, v in pairs})


def from_json(value: Mapping[str, Any]) -> Traffic:
    """Read traffic back; KeyError, TypeError or ValueError for what `as_json` cannot have written."""
    records, sending = dict(value["records"]), dict(value["sending"])
    keys = dict(records.pop("keys"))
    return Traffic(
        **{name: part for name, part in value.items() if name not in ("records", "sending")},
        records=Records(**records, keys=Keys(**{**keys, "spread": Spread(keys["spread"])})),
        sending=Sending(
            **{**sending, "acks": Acks(sending["acks"]), "compression": Compression(sending["compression"])}
        ),
    )
