"""How long it takes to find every cycle among a hundred thousand transactions; in CPU seconds of one core."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from harness.judging.cycles import CycleReport, EdgeKind, Edges, Ints, dependencies, realtime_edges, search

TRANSACTIONS = 100_000
WRITES = 4
READS = 4
KEYS = 16
PLANTED = 50
AT_ONCE = 8
"""How many transactions are under way at any time; writes of Kafka's transactions lie between each other."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Transactions that each write and read some records; slots are places in the version order of all keys."""

    invoked_ns: Ints
    ended_ns: Ints
    txn_of_write: Ints
    slot: Ints
    txn_of_read: Ints
    slot_of_read: Ints
    key_of_slot: Ints
    offset_of_slot: Ints

    def edges(self, *kinds: EdgeKind) -> Edges:
        """Return the edges of these kinds among the transactions."""
        found = dependencies(
            txn_of_write=self.txn_of_write,
            slot=self.slot,
            txn_of_read=self.txn_of_read,
            slot_of_read=self.slot_of_read,
            key_of_slot=self.key_of_slot,
            offset_of_slot=self.offset_of_slot,
        )
        is_ok = np.ones(len(self.invoked_ns), dtype=bool)
        times = realtime_edges(invoked_ns=self.invoked_ns, ended_ns=self.ended_ns, is_ok=is_ok)
        return found.and_also(times).only(*kinds)


def columns(*, spread: float, seed: int = 1) -> Columns:
    """Make transactions whose writes land within `spread` of the time that they take, and plant reads of the future.

    Transaction n is invoked at n and ends at n + AT_ONCE. It commits as it ends, and reads what others had committed
    before it was invoked; each planted one reads a write of a transaction that was invoked after it had ended.
    """
    random = np.random.default_rng(seed)
    invoked = np.arange(TRANSACTIONS) * 1_000
    ended = invoked + AT_ONCE * 1_000
    writer = np.repeat(np.arange(TRANSACTIONS), WRITES)
    landed = invoked[writer] + random.random(len(writer)) * spread * (ended - invoked)[writer]
    key = random.integers(0, KEYS, len(writer))
    order = np.lexsort((landed, key))
    first_of_key = np.searchsorted(key[order], np.arange(KEYS))
    slot_of_write = np.empty(len(order), dtype=np.int64)
    slot_of_write[order] = np.arange(len(order))
    reader = np.repeat(np.arange(4 * AT_ONCE, TRANSACTIONS), READS)
    read_txn = reader - AT_ONCE - 1 - random.integers(0, AT_ONCE, len(reader))
    planted = random.choice(len(reader) - 8 * AT_ONCE * READS, PLANTED, replace=False)
    read_txn[planted] = reader[planted] + 2 * AT_ONCE
    return Columns(
        invoked_ns=invoked,
        ended_ns=ended,
        txn_of_write=writer,
        slot=slot_of_write,
        txn_of_read=reader,
        slot_of_read=slot_of_write[read_txn * WRITES + random.integers(0, WRITES, len(reader))],
        key_of_slot=key[order],
        offset_of_slot=np.arange(len(order)) - first_of_key[key[order]],
    )


CASES: dict[str, tuple[float, tuple[EdgeKind, ...]]] = {
    "transactions land one after the other, all edges": (0.0, tuple(EdgeKind)),
    "transactions land between each other, all edges": (1.0, tuple(EdgeKind)),
    "transactions land between each other, no write edges": (1.0, (EdgeKind.WR, EdgeKind.RT)),
}


def measured(made: Columns, *kinds: EdgeKind) -> tuple[CycleReport, float]:
    """Return what was found among the edges of these kinds, and the CPU seconds that edges and search took."""
    begin = time.process_time()
    report = search(made.edges(*kinds), nodes=TRANSACTIONS)
    return report, time.process_time() - begin


def main() -> None:
    """Search each case once and print what was found and how long it took."""
    table = Table("case", "CPU s", "components with a cycle (shortest shown)", "unfinished")
    for name, (spread, kinds) in CASES.items():
        report, seconds = measured(columns(spread=spread), *kinds)
        table.add_row(name, f"{seconds:.2f}", _in_words(report), report.unfinished or "no")
    Console(width=140).print(table)


def _in_words(report: CycleReport) -> str:
    return ", ".join(
        f"{one.value}: {found.components} ({min(len(cycle.steps) for cycle in found.cycles)})"
        for one, found in report.found.items()
        if found.components
    )


if __name__ == "__main__":
    main()
