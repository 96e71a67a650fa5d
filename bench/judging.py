"""How long it takes to judge millions of records, reading included; in seconds of one core, each size a new process."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from harness.histories import columnar
from harness.histories.history import Ending, Flags, History, Ints, Kind, Operations, Reads, Sends
from harness.judging.judge import judge

KEYS = 16
PRODUCERS = 8
CONSUMERS = 8
BATCH = 100
"""Records that a poll brings."""

WRITES, AT_ONCE, PLANTED = 4, 8, 50
EVERY_NS = 1_000
LATENCY_NS = 5_000_000


def generated(records: int) -> History:
    """Make a history without anomalies: a third of its records are sends, a third reads, a third final reads."""
    count = records // 3
    number = np.arange(count, dtype=np.int64)
    key = (number % KEYS).astype(np.int32)
    offset = number // KEYS
    sends = Sends(op=number.astype(np.int32), key=key, offset=offset, value=offset)
    by_poll = np.lexsort((offset, key, offset // BATCH))  # of each key a batch, then of the next key
    by_key = np.lexsort((offset, key))
    row = np.concatenate((by_poll, by_key))
    fresh = np.ones(len(row), dtype=np.bool_)  # a poll ends where its batch or its key ends
    fresh[1:] = (offset[row][1:] // BATCH != offset[row][:-1] // BATCH) | (key[row][1:] != key[row][:-1])
    fresh[count] = True
    poll = np.cumsum(fresh) - 1
    reads = Reads(op=(count + poll).astype(np.int32), key=key[row], offset=offset[row], value=offset[row])
    first = np.flatnonzero(fresh)
    return History(
        operations=_operations(count, key[row][first], final=first >= count),
        sends=sends,
        reads=reads,
        keys=tuple(f"orders-{n}" for n in range(KEYS)),
        processes=(*range(PRODUCERS + CONSUMERS), "final"),
        rest={int(op): {"final": True} for op in count + np.flatnonzero(first >= count)},
    )


def transactional(count: int) -> History:
    """Make a history of transactions of four writes that each read four records, and of a final read; 50 pairs of them
    read each other."""
    number = np.repeat(np.arange(count, dtype=np.int64), WRITES)
    key = ((number * WRITES + np.tile(np.arange(WRITES), count)) % KEYS).astype(np.int32)
    offset = np.empty(len(key), dtype=np.int64)
    for one in range(KEYS):
        offset[key == one] = np.arange((key == one).sum())
    behind = (number - AT_ONCE) * WRITES + np.tile(np.arange(WRITES), count)
    planted = np.linspace(AT_ONCE, count - 2, PLANTED, dtype=np.int64)
    for first in planted:  # two that are under way at the same time, and each reads a write of the other
        behind[first * WRITES], behind[(first + 1) * WRITES] = (first + 1) * WRITES, first * WRITES
    reads = number >= AT_ONCE
    final = np.lexsort((offset, key))
    rows = np.concatenate((behind[reads], final))
    reader = np.concatenate((number[reads], np.full(len(final), count))).astype(np.int32)
    begun = np.arange(count, dtype=np.int64) * EVERY_NS
    ops = np.arange(count + 1)
    return History(
        operations=Operations(
            index=ops * 2,
            end_index=ops * 2 + 1,
            process=ops.astype(np.int32),  # each transaction is a client of its own: it follows no log
            kind=np.where(ops < count, Kind.TXN, Kind.POLL).astype(np.int8),
            ending=np.full(count + 1, Ending.OK, dtype=np.int8),
            invoked_ns=np.append(begun, begun[-1] + 2 * LATENCY_NS),
            ended_ns=np.append(begun + AT_ONCE * EVERY_NS - 1, begun[-1] + 3 * LATENCY_NS),
            final=ops == count,
            uncommitted=np.zeros(count + 1, dtype=np.bool_),
        ),
        sends=Sends(op=number.astype(np.int32), key=key, offset=offset, value=offset),
        reads=Reads(op=reader, key=key[rows], offset=offset[rows], value=offset[rows]),
        keys=tuple(f"orders-{n}" for n in range(KEYS)),
        processes=(*range(count), "final"),
        rest={count: {"final": True}},
    )


def _operations(sends: int, key_of_poll: Ints, *, final: Flags) -> Operations:
    number = np.arange(sends, dtype=np.int64)
    count = sends + len(key_of_poll)
    begun = np.concatenate((number, sends + 2 * LATENCY_NS + np.arange(len(key_of_poll)))) * EVERY_NS
    consumer = np.where(final, PRODUCERS + CONSUMERS, PRODUCERS + key_of_poll % CONSUMERS)
    polls = np.full(len(key_of_poll), Kind.POLL)
    return Operations(
        index=np.arange(count) * 2,
        end_index=np.arange(count) * 2 + 1,
        process=np.concatenate((number % PRODUCERS, consumer)).astype(np.int32),
        kind=np.concatenate((np.full(sends, Kind.SEND), polls)).astype(np.int8),
        ending=np.full(count, Ending.OK, dtype=np.int8),
        invoked_ns=begun,
        ended_ns=begun + LATENCY_NS,
        final=np.concatenate((np.zeros(sends, dtype=np.bool_), final)),
        uncommitted=np.zeros(count, dtype=np.bool_),
    )


def measured(path: Path) -> dict[str, object]:
    """Judge a file in this process and say what it took."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    started_s, cpu_s = time.monotonic(), time.process_time()
    judged = judge(columnar.read(path))
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "verdict": judged.verdict.value,
        "reason": judged.reason,
        "records": judged.records,
        "elapsed_s": round(time.monotonic() - started_s, 2),
        "cpu_s": round(time.process_time() - cpu_s, 2),
        "peak_gib": round(peak_gib, 2),
    }


def main() -> None:
    """Print the figures of one and of ten million records, and of a hundred thousand transactions with cycles."""
    table = Table("records", "elapsed s", "CPU s", "peak GiB", "verdict", title="Judging, reading included, one core")
    with tempfile.TemporaryDirectory() as folder:
        for make, size in ((generated, 1_000_000), (generated, 10_000_000), (transactional, 100_000)):
            path = Path(folder) / f"{make.__name__}-{size}.arrow"
            columnar.write(make(size), path)
            argv = [sys.executable, "-m", "bench.judging", str(path)]
            found = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
            table.add_row(*(f"{found[name]}" for name in ("records", "elapsed_s", "cpu_s", "peak_gib", "verdict")))
            path.unlink()
    Console().print(table)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measured(Path(sys.argv[1]))))
    else:
        main()
