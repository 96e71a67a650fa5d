"""Grouping: rows brought together by process and key, each group in its own order, without a slow sort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.histories.history import Flags, Ints


@dataclass(frozen=True)
class Grouped:
    """Rows in the order of their groups, and within a group in the order in which they were; `begins` marks groups."""

    rows: NDArray[np.intp]
    begins: Flags


def by_process_and_key(process: Ints, key: Ints, *, keys: int) -> Grouped:
    """Group rows that are in order of time by process and key."""
    group = process.astype(np.int64) * keys + key
    if len(group) and int(group.max()) < np.iinfo(np.uint16).max:
        group = group.astype(np.uint16)  # numpy sorts these by radix, in linear time
    rows = np.argsort(group, kind="stable")
    ordered = group[rows]
    begins = np.ones(len(rows), dtype=np.bool_)
    begins[1:] = ordered[1:] != ordered[:-1]
    return Grouped(rows, begins)
