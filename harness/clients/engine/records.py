"""Records of a load: who sent it, as the how-many-th of its partition, when it was due, and a dense body."""

from __future__ import annotations

import random
from dataclasses import dataclass
from struct import Struct

HEADER = Struct(">IQq")
POOL = 64


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a record says of itself: its number in its stream, and when it was due on the monotonic clock."""

    producer: int
    sequence: int
    intended_ns: int


class RecordPool:
    """Makes records of one size from random bodies, made once: making one may cost more than sending it."""

    def __init__(self, producer: int, *, size: int) -> None:
        if size < HEADER.size:
            raise ValueError(f"got records of {size} bytes, expected at least {HEADER.size} for the stamp")
        chance = random.Random(producer)
        self._producer = producer
        self._bodies = [chance.randbytes(size - HEADER.size) for _ in range(POOL)]

    def record(self, sequence: int, *, intended_ns: int) -> bytes:
        return HEADER.pack(self._producer, sequence, intended_ns) + self._bodies[sequence % POOL]


def stamp_of(value: bytes) -> Stamp:
    """Read a record's stamp."""
    return Stamp(*HEADER.unpack_from(value))
