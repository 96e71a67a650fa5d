"""Records of a load: who sent it, as the how-many-th of its partition, when it was due, and a body made in advance."""

from __future__ import annotations

import random
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

STAMP = np.dtype([("producer", ">u4"), ("sequence", ">u8"), ("intended_ns", ">i8")])
"""What a record says of itself, at the beginning of its value: its producer, its number in its stream (what one
producer sends to one partition), and when it was due on the monotonic clock."""

POOL = 64


class RecordPool:
    """Makes values of one size from bodies that are made once: making one may cost more than sending it."""

    def __init__(self, producer: int, *, size: int, random_ratio: float = 1.0) -> None:
        if size < STAMP.itemsize:
            raise ValueError(f"got records of {size} bytes, expected at least {STAMP.itemsize} for the stamp")
        chance, length = random.Random(producer), size - STAMP.itemsize
        dense = round(length * random_ratio)
        self._producer = producer
        self._bodies = [chance.randbytes(dense) + bytes(length - dense) for _ in range(POOL)]

    def values(self, sequences: NDArray[np.int64], intended_ns: NDArray[np.int64]) -> list[bytes]:
        """Return the values of records with these numbers, due at these moments."""
        stamps = np.empty(len(sequences), dtype=STAMP)
        stamps["producer"], stamps["sequence"], stamps["intended_ns"] = self._producer, sequences, intended_ns
        packed, size, bodies = stamps.tobytes(), STAMP.itemsize, self._bodies
        return [
            packed[start : start + size] + bodies[number % POOL]
            for number, start in enumerate(range(0, len(packed), size))
        ]


def stamps_of(values: Iterable[bytes]) -> NDArray[np.void]:
    """Read the stamps of many values; a value that is too short to have one raises ValueError."""
    heads = [value[: STAMP.itemsize] for value in values]
    packed = b"".join(heads)
    if len(packed) != len(heads) * STAMP.itemsize:
        raise ValueError(f"got a record that is shorter than its stamp of {STAMP.itemsize} bytes: it is not of a load")
    return np.frombuffer(packed, dtype=STAMP)
