"""Keys of a load: which key each record has, drawn from a seed, and the partition that follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.measuring.traffic import Keys, Spread

_MASK = 0xFFFFFFFF


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """The partition of each of some records, and its key; without keys, `keys` is None."""

    partitions: NDArray[np.int64]
    keys: list[bytes] | None


class KeyChooser:
    """Draws keys as a profile wants them; the same seed draws the same keys.

    The engine, not the client, chooses the partition, by the hash of Kafka's own clients (murmur2): it must know to
    which stream a record belongs before it is sent.
    """

    def __init__(self, keys: Keys, *, partitions: int, seed: int) -> None:
        self._spread, self._partitions = keys.spread, partitions
        self._chance = np.random.default_rng(seed)
        self._slot = 0
        if keys.spread is Spread.NO_KEY:
            return
        self._keys = [f"key-{number}".encode() for number in range(keys.distinct)]
        self._partition_of = np.array([partition_of(key, partitions) for key in self._keys])
        self._cumulated = np.cumsum(weights(keys))

    def draw(self, count: int) -> Drawn:
        """Return the partitions and keys of the next records; without keys, each partition in turn."""
        if self._spread is Spread.NO_KEY:
            slots = np.arange(self._slot, self._slot + count)
            self._slot += count
            return Drawn(partitions=slots % self._partitions, keys=None)
        chosen = np.searchsorted(self._cumulated, self._chance.random(count), side="right")
        chosen = np.minimum(chosen, len(self._keys) - 1)  # the weights add up to 1 but for rounding
        return Drawn(partitions=self._partition_of[chosen], keys=[self._keys[number] for number in chosen])


def weights(keys: Keys) -> NDArray[np.float64]:
    """Return how often each key is to be drawn, as shares of one; the first key is the hot one."""
    if keys.spread is Spread.ZIPF:
        raw = 1.0 / np.arange(1, keys.distinct + 1) ** keys.exponent
    elif keys.spread is Spread.HOT_KEY and keys.distinct > 1:
        raw = np.full(keys.distinct, (1 - keys.hot_ratio) / (keys.distinct - 1))
        raw[0] = keys.hot_ratio
    else:
        raw = np.ones(keys.distinct)
    return np.asarray(raw / raw.sum(), dtype=np.float64)


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's Java client chooses for a key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Return the 32-bit MurmurHash2 of Kafka (org.apache.kafka.common.utils.Utils.murmur2)."""
    mixer, length = 0x5BD1E995, len(data)
    value = (0x9747B28C ^ length) & _MASK
    for start in range(0, length - length % 4, 4):
        part = int.from_bytes(data[start : start + 4], "little") * mixer & _MASK
        part = (part ^ part >> 24) * mixer & _MASK
        value = (value * mixer & _MASK) ^ part
    tail = data[length - length % 4 :]
    if tail:
        value = (value ^ int.from_bytes(tail, "little")) * mixer & _MASK
    value = (value ^ value >> 13) * mixer & _MASK
    return value ^ value >> 15
